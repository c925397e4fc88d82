"""A chart of a watch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leaklab.features.watch.forecast import MemoryLimit, forecast
from leaklab.features.watch.report import WatchedProcess, WatchReport
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Resource
from leaklab.model.signals import Reading, Signal
from leaklab.model.verdicts import Reason, ReasonKind
from leaklab.reports.drawing import Picture
from leaklab.reports.watch_plot import save_watch_plot
from leaklab.reports.watch_series import (
    MAX_PROCESS_LINES,
    near_forecast,
    process_rows,
    seconds_ahead,
    start_up_seconds,
    tree_rows,
)
from leaklab.verdict.over_time import judge_over_time

MIB = 1 << 20
SECONDS = [float(second) for second in range(101)]


def watched(
    law: Callable[[float], float] = lambda s: (10 + s) * MIB,
    limit_bytes: int = 1 << 40,
    processes: int = 1,
    **changes: Any,
) -> WatchReport:
    """A watch of 100 s; the memory of the tree follows a law, in bytes by seconds."""
    values = [law(second) for second in SECONDS]
    verdict = judge_over_time({Signal.PSS_ANON: (SECONDS, values)}, Resource.MEMORY)
    (estimate,) = verdict.estimates
    limit = MemoryLimit(memory_bytes=limit_bytes, source="a test's")
    columns: dict[str, list[float | None]] = {"seconds": [*SECONDS], "pss_anon_bytes": [*values]}
    fields: dict[str, Any] = {
        "command": "/srv/bin/shop --port 80",
        "pid": 7,
        "end_reason": "the time is up",
        "end_detail": "",
        "command_status": None,
        "seconds": 100.0,
        "verdict": verdict,
        "forecast": forecast(round(values[-1]), limit, estimate),
        "tree": Reading(processes=processes),
        "processes": [process(pid, values) for pid in range(1, processes + 1)],
        "processes_left_out": 0,
        "processes_unreadable": 0,
        "samples": columns,
        "resident_samples": {"seconds": [*SECONDS], "anon_bytes": [*values]},
    }
    return WatchReport(**{**fields, **changes})


def process(pid: int, values: list[float], command: str = "/srv/bin/worker $x$") -> WatchedProcess:
    return WatchedProcess(
        pid=pid,
        command=command,
        rss_bytes=MIB,
        shared_bytes=0,
        vms_bytes=MIB,
        pss_bytes=MIB,
        memory_percent=1.0,
        growth_per_second=float(MIB),
        last_rss_bytes=[],
        samples={"seconds": SECONDS, "pss_anon_bytes": values},
    )


def svg_of(report: WatchReport, folder: Path) -> str:
    path = folder / "chart.svg"
    save_watch_plot(Picture(path), report)
    return path.read_text()


def test_the_verdict_and_its_growth_are_in_words(tmp_path: Path) -> None:
    svg = svg_of(watched(), tmp_path)
    assert ">shop --port 80: leak<" in svg
    assert "growth: +1 MiB a second" in svg
    assert "memory reaches the limit of 1 TiB" in svg
    assert ">PSS without files [MiB]<" in svg
    assert ">time since the watch began [s]<" in svg
    assert ">process 7<" in svg
    assert ">  110 MiB at the end<" in svg


def test_the_same_watch_gives_the_same_bytes(tmp_path: Path) -> None:
    assert svg_of(watched(processes=3), tmp_path) == svg_of(watched(processes=3), tmp_path)


def test_the_largest_processes_have_a_line_and_the_others_are_counted(tmp_path: Path) -> None:
    report = watched(processes=MAX_PROCESS_LINES + 3)
    assert list(range(1, MAX_PROCESS_LINES + 1)) == [one.pid for one, _ in process_rows(report)]
    svg = svg_of(report, tmp_path)
    assert f">thin: {MAX_PROCESS_LINES} of {MAX_PROCESS_LINES + 3} processes<" in svg
    assert ">5 worker $x$<" in svg
    assert ">6 worker $x$<" not in svg
    assert ">  +1 MiB a second<" in svg


def test_a_tree_of_one_process_has_one_line() -> None:
    assert [] == process_rows(watched(processes=1))


@pytest.mark.parametrize(
    ("limit_mib", "ahead"), [(200, 90.0), (400, 290.0), (500, None), (90, 0.0)]
)
def test_a_limit_that_is_near_is_drawn_with_the_way_to_it(
    limit_mib: int, ahead: float | None, tmp_path: Path
) -> None:
    report = watched(limit_bytes=limit_mib * MIB)
    assert (ahead is None) is (near_forecast(report) is None)
    assert (ahead or 0.0) == pytest.approx(seconds_ahead(report), rel=0.01)
    assert (ahead is None) is (f">limit of {limit_mib} MiB<" not in svg_of(report, tmp_path))


def test_a_limit_that_is_half_reached_and_far_away_does_not_stretch_the_time() -> None:
    slow = watched(lambda s: 600 * MIB + 20_000 * s, limit_bytes=1 << 30)
    assert near_forecast(slow) is not None
    assert seconds_ahead(slow) == 0


def test_another_resource_has_its_pieces_and_no_limit(tmp_path: Path) -> None:
    values = [float(round(second)) for second in SECONDS]
    reason = Reason(kind=ReasonKind.GROWS_STEADILY)
    verdict = judge_over_time({Signal.SOCKETS: (SECONDS, values)}, Resource.SOCKETS)
    report = watched(
        limit_bytes=200 * MIB,
        verdict=msgspec.structs.replace(verdict, reasons=[reason]),
        samples={"seconds": [*SECONDS], "sockets": [*values]},
    )
    svg = svg_of(report, tmp_path)
    assert ">sockets<" in svg
    assert ">  100 at the end<" in svg
    assert "limit of" not in svg


def test_a_watch_without_a_growth_draws_what_was_read(tmp_path: Path) -> None:
    report = watched(processes=2)
    unknown = msgspec.structs.replace(report.verdict, per_unit=None, low=None, high=None)
    svg = svg_of(msgspec.structs.replace(report, verdict=unknown, forecast=None), tmp_path)
    assert ">growth: not known yet<" in svg
    assert "dashed:" not in svg


def test_readings_of_resident_memory_stand_for_others() -> None:
    report = watched()
    not_read = msgspec.structs.replace(report.verdict, signal=None)
    rows = tree_rows(msgspec.structs.replace(report, verdict=not_read, samples={"seconds": []}))
    assert SECONDS == rows[0]


def test_a_watch_without_readings_is_refused() -> None:
    with pytest.raises(BadInput, match="no readings of PSS without files to draw; omit --plot"):
        tree_rows(watched(samples={"seconds": [1.0], "pss_anon_bytes": [None]}))


def test_the_start_up_is_before_the_band() -> None:
    report = watched(lambda s: (200 if s > 20 else 10 * s) * MIB + s * MIB)
    assert 15 < start_up_seconds(report) < 25


def test_a_name_with_letters_that_the_font_lacks_is_drawn(tmp_path: Path) -> None:
    report = watched(command="\N{HANGUL SYLLABLE GA}\n\x1b", processes=2)
    assert "\x1b" not in svg_of(report, tmp_path)
