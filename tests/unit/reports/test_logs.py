"""The table and the chart of a log."""

from pathlib import Path

import pytest

from leaklab.features.logs.report import FileGrowth, LogReport, log_report
from leaklab.features.logs.sources import Batch
from leaklab.features.logs.traces import TraceLog
from leaklab.features.watch.forecast import Span
from leaklab.reports import plain
from leaklab.reports.drawing import Picture, time_unit
from leaklab.reports.log_plot import save_log_plot
from leaklab.reports.logs import chart, log_table, shared_span, short_names
from leaklab.tracing.records import record_text

MIB = 1 << 20


def report(snapshots: int = 100, pids: int = 1) -> LogReport:
    log = TraceLog()
    for number in range(snapshots):
        for pid in range(pids):
            moment = {"pid": pid, "started": 1.5, "snapshot": number, "seconds": 60.0 * number}
            sizes = {"/srv/shop/tables.py": 45 * MIB, "/srv/shop/orders.py": 9 + 700 * number}
            cost = {"traced_bytes": sum(sizes.values()), "tracemalloc_bytes": MIB, "frames": 1}
            seconds = {"snapshot_seconds": 0.25, "cpu_seconds": 0.125}
            line = "/srv/shop/app.py:3 > /srv/shop/orders.py:19"
            records = [
                {"event": "trace_cost", **moment, **cost, **seconds},
                {"event": "traceback", **moment, "traceback": line, "size": 9, "difference": MIB},
                *(
                    {"event": "top_current", **moment, "file": f, "size": s, "count": 2}
                    | {"difference": 0}
                    for f, s in sizes.items()
                ),
            ]
            lines = [record_text(record).encode() for record in records]
            log.add(Batch(lines, len(lines)))
    return log_report(log, "service.log")


def test_the_table_has_what_grows_first_and_names_what_is_big_but_constant() -> None:
    text = plain(log_table(report(), 15))
    header, orders, tables, together, *notes = text.splitlines()
    assert ["module", "size", "share", "growth/hour"] == header.split()[:4]
    assert ["shop/orders.py", "leak"] == [orders.split()[0], orders.split()[-1]]
    assert ["shop/tables.py", "clean"] == [tables.split()[0], tables.split()[-1]]
    assert "all together" in together
    one_line = " ".join(" ".join(notes).split())
    assert "leak: shop/orders.py: grows steadily, at 100% of its earlier rate: +41" in one_line
    assert "of late 1 MiB more at shop/orders.py:19, called from shop/app.py:3" in one_line
    assert "big but constant: shop/tables.py (45 MiB, 100%)" in one_line
    assert "cost of tracing with 1 frame: 1 MiB of memory" in one_line


def test_the_table_fits_a_terminal() -> None:
    assert 80 >= max(map(len, plain(log_table(report(), 15)).splitlines()))


def test_modules_that_are_not_shown_are_counted() -> None:
    assert "modules not shown: 1 (--rows 2 shows all)" in plain(log_table(report(), 1))


def test_several_processes_are_named() -> None:
    assert "100 snapshots in 1 h 39 min, the longest of 2 traces" in plain(
        log_table(report(pids=2), 9)
    )


def test_a_row_that_leaks_is_an_alarm() -> None:
    assert {0} == log_table(report(), 9).alarms


def test_a_short_log_says_what_is_missing() -> None:
    text = plain(log_table(report(snapshots=3), 9))
    assert "undecided:\n  all together: too few samples to judge" in text


def grown(sizes: list[int]) -> FileGrowth:
    total = report(3).total
    seconds = [float(at) for at in range(len(sizes))]
    values = {name: getattr(total, name) for name in total.__struct_fields__}
    return FileGrowth(**{**values, "seconds": seconds, "sizes_bytes": sizes})


def test_a_chart_begins_at_zero_and_leaves_out_what_is_unknown() -> None:
    assert "████████████" == chart(grown([7] * 12), 12.0)
    assert "▁▂▂▃▄▄▅▅▆▇▇█" == chart(grown(list(range(12))), 12.0)
    assert "█           " == chart(grown([1]), 12.0)
    assert "▁           " == chart(grown([0]), 0.0)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("/usr/lib/python3.11/json/decoder.py", "json/decoder.py"),
        ("/env/lib/python3.11/site-packages/tornado/web.py", "tornado/web.py"),
        ("/srv/shop/orders.py", "shop/orders.py"),
        ("app.py", "app.py"),
        ("<frozen abc>", "<frozen abc>"),
    ],
)
def test_a_module_has_the_name_that_its_reader_knows(file: str, name: str) -> None:
    assert {file: name} == short_names([file])


def test_modules_of_the_same_name_keep_their_paths() -> None:
    files = ["/a/shop/orders.py", "/b/shop/orders.py"]
    assert dict(zip(files, files, strict=True)) == short_names(files)


def test_growth_is_given_for_a_time_in_which_there_is_some() -> None:
    assert Span.HOUR is shared_span([report().files[0]])


def test_the_chart_names_each_module_with_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "logs.svg"
    save_log_plot(Picture(path), report())
    svg = path.read_text()
    for text in ("shop/orders.py", "shop/tables.py", "clean, 45 MiB, no growth", "[min]"):
        assert text in svg
    before = path.read_bytes()
    save_log_plot(Picture(path), report())
    assert before == path.read_bytes()


@pytest.mark.parametrize(("seconds", "name"), [(9.0, "s"), (6000, "min"), (1e5, "h"), (1e7, "d")])
def test_the_axis_has_readable_numbers(seconds: float, name: str) -> None:
    assert name == time_unit(seconds)[0]
