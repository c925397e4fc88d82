"""Documents that commands write figures into, with what gave them and where."""

import os
from pathlib import Path

from leaklab.model.errors import NotMeasured
from leaklab.runs.environment import describe_environment

# Of docs/measurements/performance.md, of which several commands write sections.
PERFORMANCE_TITLE = "# What the lab costs\n"
COMMIT_SHOWN = 12


def read_document(path: Path, title: str) -> str:
    """The document of which a section is to be written; a new one has its title only.

    Raises:
        NotMeasured: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return title
    except (OSError, UnicodeDecodeError) as error:
        words = getattr(error, "strerror", None) or "it is no text"
        raise NotMeasured(f"{path} cannot be written to: {words}; name another file") from error


def open_document(path: Path, title: str) -> str:
    """As `read_document`, of one that is to be written once minutes were measured.

    Raises:
        NotMeasured: it cannot be read, or written.
    """
    document = read_document(path, title)
    require_writable(path)
    return document


def require_writable(path: Path) -> None:
    """Stop before anything is measured whose document could not be written.

    Raises:
        NotMeasured: naming the file.
    """
    there = path.exists()
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
        if not there:
            path.unlink()
    except OSError as error:
        words = f"{path} cannot be written: {error.strerror}"
        raise NotMeasured(f"{words}; name another file") from error


def provenance(line: str, root: Path) -> str:
    """What gave the figures, of which commit of the catalogue at `root`, when, and on what machine;
    another one has others."""
    where = describe_environment(root)
    commit, plus, _ = (where.git_commit or "").partition("+")
    named = f" at {commit[:COMMIT_SHOWN]}" if commit else ""
    changed = " with changes" if plus else ""
    kernel = where.kernel.split("-")[0]
    machine = f"Linux {kernel}, {where.machine}, {where.cpus} CPUs"
    python = f"{where.implementation} {where.python}, {where.libc}"
    return f"`{line}`{named}{changed}, on {machine}, {python}, {where.started_at[:10]}"


def write_text(path: Path, text: str) -> None:
    """Write a document that was asked for.

    Raises:
        NotMeasured: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotMeasured(f"{path} cannot be written: {error.strerror}") from error


def with_section(document: str, name: str, text: str) -> str:
    """A document with one command's section replaced, or added at its end; the others stay.

    Args:
        document: Markdown; a section stands between comments, `NAME: begin` and `NAME: end`.
        name: of the section.
        text: what it is to hold.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    section = f"{begin}\n{text.strip()}\n{end}"
    if found and closed:
        return f"{before}{section}{after}"
    return f"{document.rstrip()}\n\n{section}\n".lstrip()
