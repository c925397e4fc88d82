"""The records of a trace, and how each kind of logger takes them.

A record is a dictionary with an `event`:

* `trace_start`: the settings.
* `trace_cost`: one for each snapshot: what it cost, and how much memory is traced.
* `top_current`: a file, by rank: those with the most memory.
* `since_start`: a file, by rank: those that grew most since the first snapshot.
* `traceback`: a place and its callers, oldest first: those that grew most of late, over the last
  half of the snapshots to three quarters of them. What a service loads at its start is not among
  them for long.
* `trace_end`: why the trace ended.

Each has the `pid`, the Unix time at which the trace `started`, and the `seconds` since then. The
sizes are in bytes: `size` of `count` blocks, `average` of a block, and the `difference` from the
first snapshot, or from the one that a `traceback` is compared with.
"""

from __future__ import annotations

import json
import logging
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Record = Mapping[str, Any]

LOGGER_NAME = "leaklab.trace_leak"
TRACE_START, TRACE_COST, TRACE_END = "trace_start", "trace_cost", "trace_end"
TOP_CURRENT, SINCE_START, TRACEBACK = "top_current", "since_start", "traceback"
PLAIN_VALUE = re.compile(r"""[^\s"'=\\]+""")


def log_function(logger: Any) -> Callable[[Record], None]:
    """Return a function that logs a record in the manner of a logger."""
    if logger is None:
        logger = logging.getLogger(LOGGER_NAME)
    if isinstance(logger, (logging.Logger, logging.LoggerAdapter)):
        return lambda record: logger.info(record_text(record), extra=dict(record))
    info = getattr(logger, "info", logger)
    if not callable(info):
        raise TypeError(f"logger is a {type(logger).__name__}; give a logger or a function")
    if info is logger:
        return lambda record: logger(dict(record))
    return lambda record: info(record["event"], **{k: v for k, v in record.items() if k != "event"})


def record_text(record: Record) -> str:
    """Return a record as a line: its event, and its fields as logfmt has them."""
    fields = (f"{name}={_quoted(value)}" for name, value in record.items() if name != "event")
    return " ".join([str(record["event"]), *fields])


def _quoted(value: Any) -> str:
    text = str(value)
    return text if PLAIN_VALUE.fullmatch(text) else json.dumps(text)
