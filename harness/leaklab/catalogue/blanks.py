"""The blanks of a scenario that `leaklab new` made: what its author still has to write."""

import re
from pathlib import Path

from leaklab.catalogue.files import entries_of, read_text_of
from leaklab.catalogue.folders import Catalogue
from leaklab.model.errors import InvalidFile

# In a TOML value, a docstring, a comment or a paragraph: up to a quote or the end of the line.
BLANK = re.compile(r"FILL IN: ([^\"\n]+)")


def blanks_of(folder: Path) -> list[str]:
    """Return the blanks that are left in a scenario's files: the place, and what to write there.

    Raises:
        BadInput: A file cannot be read.
    """
    return [
        f"{path.name}:{number}: fill in {blank[1]}"
        for path in entries_of(folder)
        if path.suffix in {".toml", ".py", ".md"} and path.is_file()
        for number, line in enumerate(read_text_of(path).splitlines(), 1)
        for blank in BLANK.finditer(line)
    ]


def require_no_blanks(catalogue: Catalogue, name: str) -> None:
    """Check that the author of a scenario has filled in everything; it need not exist.

    Raises:
        InvalidFile: A blank is left; the error has all of them.
        BadInput: A file cannot be read.
    """
    folder = catalogue.folder(name)
    if name in catalogue.names() and (blanks := blanks_of(folder)):
        raise InvalidFile(folder, blanks)
