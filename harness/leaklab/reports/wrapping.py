"""Text wrapped to a terminal's width, with no break in a word, a quoted command or a quantity.

`textwrap` alone breaks between a number and its unit, and inside a command that a reader copies.
"""

import re
import textwrap
from collections.abc import Iterable

# The width where output is piped, or where the terminal does not state its own.
DEFAULT_WIDTH = 80
# Longer lines are hard to read, however wide the terminal is.
MAX_WIDTH = 100
HANGING_INDENT = "  "
# `textwrap` does not break a line at a no-break space.
NO_BREAK_SPACE = "\u00a0"
QUOTED = re.compile(r"(?<!\w)'[^'\n]+'(?!\w)|`[^`\n]+`")
# `16.3 MiB`, `95 %`, `3 h 31 min`, `4,890: 39.6 MiB`: the spaces in each of them.
QUANTITY = re.compile(r"(?<=\d) (?=[\w%])|(?:(?<= [dh])|(?<= min)|(?<=\d:)) (?=\d)")


def wrapped(line: str, width: int = DEFAULT_WIDTH) -> list[str]:
    """Split a sentence into lines of at most `width` characters, `MAX_WIDTH` at the most.

    Lines after the first have a hanging indent below the line's own indent. A word or a quoted
    command that is longer than the width stays whole, on a line that is too long.
    """
    own_indent = line[: len(line) - len(line.lstrip())]
    parts = textwrap.wrap(
        _without_breaks(line),
        min(width, MAX_WIDTH),
        subsequent_indent=own_indent + HANGING_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [part.replace(NO_BREAK_SPACE, " ") for part in parts]


def wrapped_notes(notes: Iterable[str], width: int = DEFAULT_WIDTH) -> list[str]:
    """Split each line of each note as `wrapped` does."""
    return [part for note in notes for line in note.splitlines() for part in wrapped(line, width)]


def _without_breaks(line: str) -> str:
    """The line with no-break spaces in its quoted commands and in its quantities."""
    quoted = QUOTED.sub(lambda match: match[0].replace(" ", NO_BREAK_SPACE), line)
    return QUANTITY.sub(NO_BREAK_SPACE, quoted)
