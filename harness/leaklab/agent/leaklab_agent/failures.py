"""Descriptions of errors in a program. The module is imported only after an error."""

from __future__ import annotations

import os
import sys

from . import process

# ENFILE, EMFILE and ENOMEM as numbers, to spare an import of the module errno.
LIMIT_OF_ERRNO = {23: "descriptors", 24: "descriptors", 12: "memory"}
MAX_MESSAGE = 2000
MAX_TRACEBACK = 8000
AGENT_FOLDER = os.path.dirname(__file__) + os.sep


def describe(error: BaseException) -> dict[str, object]:
    """Return the keys of a `failed` record: the error's type, its message, the file and line that
    raised it, the limit it met, and the traceback."""
    sys.path[:] = process.PATH_AT_START  # a program may have emptied it
    import traceback

    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be read)"
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if not frame.filename.startswith(AGENT_FOLDER)]
    where = (outside[-1].filename, outside[-1].lineno) if outside else None
    if isinstance(error, SyntaxError) and error.filename:
        where = (error.filename, error.lineno)
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return {
        "error": type(error).__name__,
        "message": message[:MAX_MESSAGE],
        "where": where,
        "ended_early": error.args if isinstance(error, process.EndedEarlyError) else None,
        "limit": limit_met(error),
        "traceback": "".join(lines)[-MAX_TRACEBACK:],
    }


def limit_met(error: BaseException | None) -> str | None:
    """Return the limit of the run that an error or one of its causes reports as met, or None."""
    chain: list[BaseException] = []
    while error is not None and not any(error is cause for cause in chain):
        chain.append(error)
        if isinstance(error, MemoryError):
            return "memory"
        if isinstance(error, OSError) and error.errno in LIMIT_OF_ERRNO:
            return LIMIT_OF_ERRNO[error.errno]
        error = error.__cause__ or error.__context__
    return None
