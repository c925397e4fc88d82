"""One line of a log, in every form, whole and cut."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklab.features.logs.records import (
    CostRecord,
    FileRecord,
    TracebackRecord,
    Unusable,
    parse_line,
)
from leaklab.tracing.records import record_text

MOMENT = {"pid": 7, "started": 1795945329.123, "snapshot": 3, "seconds": 60.5}
FILE = {**MOMENT, "rank": 1, "file": "app.py", "size": 120, "count": 3, "average": 40}
SINCE = {"event": "since_start", **FILE, "difference": 99}
COST = {
    "event": "trace_cost",
    **MOMENT,
    "snapshot_seconds": 0.5,
    "cpu_seconds": 0.25,
    "tracemalloc_bytes": 4096,
    "traced_bytes": 2048,
    "blocks": 3,
    "files": 1,
    "frames": 25,
}
TRACEBACK = {"event": "traceback", **MOMENT, "rank": 1, "traceback": "a.py:1 > b.py:22"}

Form = Callable[[dict[str, Any]], str]


def sorted_logfmt(record: dict[str, Any]) -> str:
    """As a renderer of logfmt writes it: the event is a field like the others."""
    pairs = {**record, "event": record["event"]}
    texts = (record_text({"event": "", name: pairs[name]}) for name in pairs if name != "event")
    return " ".join(sorted([f"event={record['event']}", *(text.strip() for text in texts)]))


def console(record: dict[str, Any]) -> str:
    """As structlog's console writes it: in colour, with the repr of a text with blanks."""
    pairs = (f"\x1b[36m{k}\x1b[0m=\x1b[35m{v}\x1b[0m" for k, v in record.items() if k != "event")
    return f"\x1b[2m2026-11-29\x1b[0m [\x1b[32minfo\x1b[0m] \x1b[1m{record['event']}\x1b[0m " + (
        " ".join(pairs)
    )


def loguru(record: dict[str, Any]) -> str:
    extra = {name: value for name, value in record.items() if name != "event"}
    inner = {"elapsed": {"seconds": 1}, "extra": extra, "message": record["event"]}
    return json.dumps({"text": f"12:00 | {record['event']}\n", "record": inner})


FORMS: dict[str, Form] = {
    "json": json.dumps,
    "logfmt": sorted_logfmt,
    "plain": lambda r: f"2026-11-29 10:00:00,123 INFO pid=1 leaklab.trace_leak: {record_text(r)}",
    "json with extra": lambda r: json.dumps({"message": record_text(r), "level": "INFO", **r}),
    "json with a message": lambda r: json.dumps({"msg": record_text(r), "level": "INFO"}),
    "collected json": lambda r: json.dumps({"log": json.dumps(r) + "\n", "stream": "stdout"}),
    "collected text": lambda r: json.dumps({"log": f"INFO {record_text(r)}\n"}),
    "after a prefix": lambda r: f"2026-11-29T10:00:00Z stdout F {json.dumps(r)}",
    "loguru": loguru,
}


@pytest.mark.parametrize("form", [*FORMS, "console"])
@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (SINCE, FileRecord),
        ({**SINCE, "event": "top_current"}, FileRecord),
        (COST, CostRecord),
    ],
)
def test_a_record_is_the_same_in_every_form(form: str, record: Any, kind: type) -> None:
    write = FORMS.get(form, console)
    assert msgspec.convert(record, kind) == parse_line(write(record).encode())


@pytest.mark.parametrize("form", FORMS)
def test_a_traceback_names_its_lines_and_the_file_that_allocates(form: str) -> None:
    record = {**TRACEBACK, "size": 5, "difference": 4}
    parsed = parse_line(FORMS[form](record).encode())
    assert isinstance(parsed, TracebackRecord)
    assert ("b.py", ["a.py:1", "b.py:22"]) == (parsed.file, parsed.lines)


@given(file=st.text(min_size=1), size=st.integers(0, 1 << 60), form=st.sampled_from(sorted(FORMS)))
def test_any_name_and_any_size_is_read_back(file: str, size: int, form: str) -> None:
    record = {**SINCE, "file": file, "size": size}
    line = FORMS[form](record).encode("utf-8", "replace")
    parsed = parse_line(line)
    assert isinstance(parsed, FileRecord)
    assert size == parsed.size
    assert file.encode("utf-8", "replace").decode() == parsed.file


@pytest.mark.parametrize("form", sorted(set(FORMS)))
def test_a_line_that_is_cut_anywhere_is_never_a_record(form: str) -> None:
    line = FORMS[form](SINCE).encode()
    parsed = [parse_line(line[:end], ended=False) for end in range(len(line) - 1)]
    assert {Unusable.NO_RECORD, Unusable.CUT_SHORT} >= set(parsed)
    assert Unusable.CUT_SHORT in parsed


@given(st.binary(), st.sampled_from([b"since_start", b"trace_cost pid=1 ", b'{"event": "']))
def test_no_line_at_all_is_an_error(data: bytes, mark: bytes) -> None:
    assert isinstance(parse_line(data + mark + data), Unusable)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /top_current 200", Unusable.CUT_SHORT),
        ("select x from my.top_current_orders", Unusable.NO_RECORD),
        ("nothing of the kind", Unusable.NO_RECORD),
        (record_text({**SINCE, "size": -1}), Unusable.CUT_SHORT),
        (record_text({**SINCE, "size": 1 << 70}), Unusable.CUT_SHORT),
        (record_text({**SINCE, "seconds": "nan"}), Unusable.CUT_SHORT),
        (record_text({**SINCE, "seconds": "1e300"}), Unusable.CUT_SHORT),
        (json.dumps({**SINCE, "size": "many"}), Unusable.CUT_SHORT),
        ('{"a":' * 20_000 + '"since_start"', Unusable.CUT_SHORT),
    ],
)
def test_what_only_looks_like_a_record_is_none(line: str, expected: Unusable) -> None:
    assert expected is parse_line(line.encode())
