"""One line of a log, and the record of `trace_leak` in it.

Three forms are read: JSON, also where a collector wrapped the line into JSON of its own; logfmt;
and a line of text with the record's event and its fields as `name=value`, which is how a logger of
`logging` writes it. The text before and after it does not matter, nor do a console's colours.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from leaklab.tracing.records import SINCE_START, TOP_CURRENT, TRACE_COST, TRACEBACK

# A thousand years, and more memory than any process has.
MAX_TRACE_SECONDS = 3e10
LoggedSeconds = Annotated[float, Meta(ge=0, le=MAX_TRACE_SECONDS)]
Amount = Annotated[int, Meta(ge=0, lt=1 << 62)]

# Objects within objects are searched this deep: a collector's, a logger's, and the record.
MAX_DEPTH = 4
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PAIR = re.compile(r"""(\w+)=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"']+)""")
IN_EVERY_RECORD = frozenset({"pid", "started", "snapshot", "seconds"})


class LoggedRecord(Struct, frozen=True, kw_only=True):
    """What the records of a snapshot have in common.

    Attributes:
        pid: The process.
        started: The Unix time at which its trace began, which tells it from others of that number.
        snapshot: The number of the snapshot, from 0.
        seconds: The time since the trace began.
    """

    pid: int
    started: float
    snapshot: Annotated[int, Meta(ge=0)]
    seconds: LoggedSeconds


class FileRecord(LoggedRecord, frozen=True, kw_only=True):
    """The memory of a file: `size` bytes in `count` blocks, `difference` bytes more than first."""

    file: str
    size: Amount
    count: Amount
    difference: int


class CostRecord(LoggedRecord, frozen=True, kw_only=True):
    """The cost of a snapshot, and the memory of all files together."""

    traced_bytes: Amount
    tracemalloc_bytes: Amount
    snapshot_seconds: LoggedSeconds
    cpu_seconds: LoggedSeconds
    frames: Amount


class TracebackRecord(LoggedRecord, frozen=True, kw_only=True):
    """The memory of a place: its lines as `file:number`, oldest first, joined by ` > `."""

    traceback: str
    size: Amount
    difference: int

    @property
    def file(self) -> str:
        """The file that allocated."""
        return self.lines[-1].rpartition(":")[0]

    @property
    def lines(self) -> list[str]:
        """The lines, oldest first."""
        return self.traceback.split(" > ")


class Unusable(Enum):
    """A line without a record that can be used."""

    NO_RECORD = "no record"
    CUT_SHORT = "a record that is cut short"


TYPES: dict[str, type[FileRecord | CostRecord | TracebackRecord]] = {
    TOP_CURRENT: FileRecord,
    SINCE_START: FileRecord,
    TRACE_COST: CostRecord,
    TRACEBACK: TracebackRecord,
}
FILE_MARK, COST_MARK, SINCE_MARK, TRACEBACK_MARK = (
    event.encode() for event in (TOP_CURRENT, TRACE_COST, SINCE_START, TRACEBACK)
)
EVENT = re.compile(rf"(?<![\w.])({'|'.join(TYPES)})(?![\w.])")
Parsed = FileRecord | CostRecord | TracebackRecord | Unusable


def has_mark(data: bytes) -> bool:
    """Return whether the name of an event is in some bytes; most lines of a log have none."""
    # Written out, because it is asked of every line: `any` takes five times as long.
    is_listed = SINCE_MARK in data or FILE_MARK in data
    return is_listed or COST_MARK in data or TRACEBACK_MARK in data


def parse_line(line: bytes, *, ended: bool = True) -> Parsed:
    """Return the record of a line.

    Args:
        line: The line.
        ended: Whether the line has its end; the last number of one that has not may be cut.
    """
    if not has_mark(line):
        return Unusable.NO_RECORD
    text = COLOUR.sub("", line.decode("utf-8", "replace"))
    fields = _json_fields(text)
    if fields is None and ended:
        fields = _text_fields(text)
    if fields is None:
        return Unusable.CUT_SHORT if EVENT.search(text) else Unusable.NO_RECORD
    try:
        return msgspec.convert(fields, TYPES[fields["event"]], strict=False)
    except msgspec.ValidationError:
        return Unusable.CUT_SHORT


def _json_fields(text: str) -> dict[str, Any] | None:
    """Return the fields of a record in JSON, or in a text within JSON; None if it has none."""
    begin = text.find("{")
    if begin < 0:
        return None
    try:
        decoded = msgspec.json.decode(text[begin:])
    except (msgspec.DecodeError, RecursionError):
        return None
    objects = list(_objects(decoded, MAX_DEPTH))
    strings = [v for one in objects for v in one.values() if isinstance(v, str)]
    event = next((m[1] for m in map(EVENT.search, strings) if m), None)
    for one in objects:
        if event and one.keys() >= IN_EVERY_RECORD:
            return {**one, "event": event}
    inner = (_json_fields(s) or _text_fields(s) for s in strings if has_mark(s.encode()))
    return next((fields for fields in inner if fields), None)


def _objects(value: object, depth: int) -> Iterator[dict[str, Any]]:
    """Yield a JSON object and those within it, the outermost first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values() if depth else ():
            yield from _objects(inner, depth - 1)


def _text_fields(text: str) -> dict[str, Any] | None:
    """Return the fields of a line of text; None if it names no event or lacks fields."""
    event = EVENT.search(text)
    if not event:
        return None
    fields = {name: _unquoted(value) for name, value in PAIR.findall(text)}
    return {**fields, "event": event[1]} if fields.keys() >= IN_EVERY_RECORD else None


def _unquoted(value: str) -> str:
    if value[0] == '"':
        try:
            return msgspec.json.decode(value, type=str)
        except msgspec.DecodeError:
            return value[1:-1]
    return value[1:-1] if value[0] == "'" else value
