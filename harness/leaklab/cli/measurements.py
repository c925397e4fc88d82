"""Documents of measurements. Each begins with its conclusions, and a log lists them by date.

A document with sections of several commands begins with the conclusions of all its sections. The
log is a file in the same folder. A folder without a log, such as a user's own, gets no log.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from leaklab.cli.documents import with_section, write_text
from leaklab.model.errors import NotMeasured

LOG_FILE = "log.md"
OPENING = "conclusion"
CONCLUSION_MARK = "**What to conclude.**"
MAX_MARKDOWN_LINE = 118

SECTION = re.compile(r"<!-- ([\w-]+): begin -->\n(.*?)\n<!-- \1: end -->", re.S)


@dataclass(frozen=True)
class MeasuredSection:
    """What a command writes into a document.

    Attributes:
        name: The section's name in the comments around it.
        heading: Its heading, without marks.
        conclusion: What to conclude from it, one paragraph.
        where: What `documents.provenance` made.
        tables: Markdown.
    """

    name: str
    heading: str
    conclusion: str
    where: str
    tables: str


def write_section(path: Path, document: str, section: MeasuredSection) -> None:
    """Replace one section of a document, renew its opening, and log the conclusion.

    Args:
        path: Where the document is written.
        document: Its text so far.
        section: The section.

    Raises:
        NotMeasured: The document or the log cannot be written.
    """
    parts = [f"## {section.heading}", section.conclusion, section.where, section.tables.strip()]
    text = wrapped_markdown("\n\n".join(parts))
    write_text(path, with_opening(with_section(document, section.name, text)))
    log_measurement(path, section.where, section.conclusion)


def with_opening(document: str) -> str:
    """Put the conclusions of all sections below the document's title, as one paragraph."""
    sections = [text for name, text in SECTION.findall(document) if name != OPENING]
    conclusions = [conclusion for text in sections if (conclusion := _conclusion_of(text))]
    if f"<!-- {OPENING}: begin -->" not in document:
        title, _, rest = document.partition("\n")
        document = f"{title}\n\n<!-- {OPENING}: begin -->\n<!-- {OPENING}: end -->\n{rest}"
    return with_section(
        document, OPENING, wrapped_markdown(" ".join([CONCLUSION_MARK, *conclusions]))
    )


def log_measurement(document: Path, where: str, conclusion: str) -> None:
    """Append an entry to the log in a document's folder, if there is one.

    Args:
        document: The document that was written.
        where: What `documents.provenance` made; it ends with the date.
        conclusion: What was measured; its first sentence is logged.

    Raises:
        NotMeasured: The log cannot be written.
    """
    log = document.parent / LOG_FILE
    if not log.is_file():
        return
    line, _, date = where.rpartition(", ")
    entry = wrapped_markdown(f"* {date}: {line}: {first_sentence(conclusion)}", indent="  ")
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"\n{entry}\n")
    except OSError as error:
        reason = f"{log} cannot be written: {error.strerror}"
        raise NotMeasured(f"{reason}; fix its permissions, or name another folder") from error


def first_sentence(paragraph: str) -> str:
    """Return the first sentence of a paragraph, on one line, without the mark before it."""
    text = " ".join(paragraph.removeprefix(CONCLUSION_MARK).split())
    return re.split(r"(?<=\.) (?=[A-Z])", text, maxsplit=1)[0]


def wrapped_markdown(text: str, indent: str = "") -> str:
    """Wrap the lines of Markdown that are too long; tables stay, because a row is one line."""
    return "\n".join(
        line
        if line.startswith("|") or len(line) <= MAX_MARKDOWN_LINE
        else textwrap.fill(
            line,
            MAX_MARKDOWN_LINE,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )


def _conclusion_of(section: str) -> str:
    """The conclusion that a section begins with; empty where an earlier version wrote it."""
    _, conclusion, *_ = [*section.split("\n\n"), ""]
    return "" if conclusion.startswith("`") else " ".join(conclusion.split())
