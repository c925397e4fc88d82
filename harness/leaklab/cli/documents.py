"""Documents that commands write figures into, with the command, the commit and the machine."""

import os
from pathlib import Path

from leaklab.model.errors import NotMeasured
from leaklab.runs.environment import describe_environment

# The title of docs/measurements/performance.md; several commands each write one section of it.
PERFORMANCE_TITLE = "# What the lab costs\n"
COMMIT_SHOWN = 12


def read_document(path: Path, title: str) -> str:
    """Return the text of a document before one of its sections is written.

    Args:
        path: The document; it need not exist.
        title: The text of a new document.

    Raises:
        NotMeasured: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return title
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise NotMeasured(f"{path} cannot be read: {reason}; name another file") from error


def open_document(path: Path, title: str) -> str:
    """Return the text of a document that is going to be written after a long measurement.

    Raises:
        NotMeasured: It cannot be read or written.
    """
    document = read_document(path, title)
    require_writable(path)
    return document


def require_writable(path: Path) -> None:
    """Check before a measurement that its document can be written.

    Raises:
        NotMeasured: It cannot be written.
    """
    exists = path.exists()
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
        if not exists:
            path.unlink()
    except OSError as error:
        reason = f"{path} cannot be written: {error.strerror}"
        raise NotMeasured(f"{reason}; name another file") from error


def provenance(line: str, root: Path) -> str:
    """Return a line on where figures come from: the command, commit, machine and date.

    Args:
        line: The command line.
        root: The root of the catalogue.
    """
    where = describe_environment(root)
    commit, plus, _ = (where.git_commit or "").partition("+")
    named = f" at {commit[:COMMIT_SHOWN]}" if commit else ""
    changed = " with changes" if plus else ""
    kernel = where.kernel.split("-")[0]
    machine = f"Linux {kernel}, {where.machine}, {where.cpus} CPUs"
    python = f"{where.implementation} {where.python}, {where.libc}"
    return f"`{line}`{named}{changed}, on {machine}, {python}, {where.started_at[:10]}"


def write_text(path: Path, text: str) -> None:
    """Write a document.

    Raises:
        NotMeasured: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotMeasured(
            f"{path} cannot be written: {error.strerror}; name another file"
        ) from error


def with_section(document: str, name: str, text: str) -> str:
    """Return a document with one section replaced, or added at its end.

    Args:
        document: Markdown; a section is enclosed in the comments `NAME: begin` and `NAME: end`.
        name: The name of the section.
        text: The new content of the section.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, opening, rest = document.partition(begin)
    _, closing, after = rest.partition(end)
    section = f"{begin}\n{text.strip()}\n{end}"
    if opening and closing:
        return f"{before}{section}{after}"
    return f"{document.rstrip()}\n\n{section}\n".lstrip()
