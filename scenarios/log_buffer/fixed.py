"""The log of a service. It has the details where something went wrong, and only there."""

from __future__ import annotations

import logging
from logging.handlers import MemoryHandler, RotatingFileHandler

MAX_DETAILS = 1_000
MAX_FILE_BYTES = 1_000_000


class DetailsHandler(MemoryHandler):
    """Holds records back until an error, and then writes them before it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hold a record; write an error at once, with the details that led to it."""
        self.buffer.append(record)
        del self.buffer[: -self.capacity]
        if record.levelno >= self.flushLevel:
            self.flush()


def open_log(path: str) -> logging.Logger:
    """Return a logger that writes to a file, which is rotated."""
    file = RotatingFileHandler(path, maxBytes=MAX_FILE_BYTES, backupCount=3, encoding="utf-8")
    file.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("orders")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(DetailsHandler(MAX_DETAILS, logging.ERROR, file, flushOnClose=False))
    return logger
