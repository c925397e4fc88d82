"""Sentences in lines, of which none parts a number from its unit."""

import re
import textwrap

DEFAULT_WIDTH = 80
# A space at which `textwrap` breaks no line.
TIED = "\u00a0"


def wrapped(line: str, indent: str = "") -> list[str]:
    """A sentence in lines of at most `DEFAULT_WIDTH`, all but the first with this indentation."""
    tied = re.sub(r"(?<=\d) (?=\w)", TIED, line)
    parts = textwrap.wrap(tied, DEFAULT_WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    return [part.replace(TIED, " ") for part in parts]
