"""A chart of two saved results."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

import toys
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.measurement import TreeRecord
from leaklab.model.result import Result
from leaklab.model.scenario import Resource, Scope, Variant
from leaklab.model.signals import Samples
from leaklab.reports.plots import save_plot, series_of
from leaklab.verdict.pairs import ResultComparison, compare_results

BASELINE = 10 << 20
MIB = 1 << 20


def with_samples(variant: Variant, samples: Samples, **changes: Any) -> Result:
    result = toys.result(variant=variant)
    process = msgspec.structs.replace(
        result.processes[0], samples=samples, baseline_rss_bytes=BASELINE
    )
    return msgspec.structs.replace(
        result, processes=[process], peak_rss_bytes=MIB, worst_process=0, **changes
    )


def rising(variant: Variant, mib: Sequence[float]) -> Result:
    """A run with an RSS of `mib` MiB above its baseline after 1, 2, 3 … units."""
    rss: list[int | None] = [BASELINE + int(value * MIB) for value in mib]
    return with_samples(variant, Samples(units=list(range(1, len(mib) + 1)), rss_bytes=rss))


def pair(buggy: Sequence[float], fixed: Sequence[float]) -> ResultComparison:
    return compare_results(rising(Variant.FIXED, fixed), rising(Variant.BUGGY, buggy))


def svg_of(comparison: ResultComparison, folder: Path) -> str:
    path = folder / "chart.svg"
    save_plot(path, comparison)
    return path.read_text()


def label_heights(svg: str) -> list[float]:
    """The vertical place of each label's first line, in the SVG's points."""
    lines = [line for line in svg.splitlines() if ": leak" in line or ": clean" in line]
    return [float(line.split("translate(")[1].split(")")[0].split()[-1]) for line in lines]


def test_both_lines_are_labelled_with_verdict_growth_and_peak(tmp_path: Path) -> None:
    svg = svg_of(pair([1, 2, 3], [1, 1, 1]), tmp_path)
    for text in ("buggy: leak", "+4 KiB per step", "fixed: clean", "no growth", "peak 1 MiB"):
        assert f">{text}<" in svg
    assert ">RSS above the baseline [MiB]<" in svg
    assert ">units of work (a unit is one step)<" in svg
    assert ">grow-4096 (inline)<" in svg


def test_the_same_comparison_gives_the_same_bytes(tmp_path: Path) -> None:
    one, again = (svg_of(pair([1, 2, 3], [1, 1, 1]), tmp_path) for _ in range(2))
    assert one == again
    assert "<dc:date>" not in one


def test_the_suffix_chooses_the_format(tmp_path: Path) -> None:
    save_plot(tmp_path / "chart.PNG", pair([1, 2], [1, 1]))
    assert (tmp_path / "chart.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BadInput, match=r"'chart.gif' is neither an .svg nor a .png file"):
        save_plot(tmp_path / "chart.gif", pair([1, 2], [1, 1]))


def test_without_matplotlib_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(BadInput) as refused:
        save_plot(tmp_path / "chart.svg", pair([1, 2], [1, 1]))
    assert str(refused.value) == (
        "--plot needs matplotlib, which is not installed: pip install 'leaklab[plot]'"
    )
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match=r"chart.svg cannot be written: No such file"):
        save_plot(tmp_path / "nowhere" / "chart.svg", pair([1, 2], [1, 1]))


def test_a_result_without_samples_is_refused() -> None:
    with pytest.raises(BadInput, match="has no samples of RSS; run it again"):
        series_of(with_samples(Variant.BUGGY, Samples(units=[1], rss_bytes=[None])))


def test_labels_of_lines_that_end_together_are_apart(tmp_path: Path) -> None:
    first, second = label_heights(svg_of(pair([1, 2, 3], [1, 2, 3]), tmp_path))
    assert abs(first - second) > 3 * 12


def test_a_line_is_memory_above_the_baseline_in_mib() -> None:
    series = series_of(rising(Variant.BUGGY, [1, 2.5]))
    assert ([1, 2], [1.0, 2.5]) == (series.units, series.values)


def test_a_tree_shows_the_memory_of_all_its_processes() -> None:
    tree = TreeRecord(samples=Samples(units=[1, 2], pss_anon_bytes=[MIB, 3 * MIB]))
    result = msgspec.structs.replace(rising(Variant.BUGGY, [9, 9]), scope=Scope.TREE, tree=tree)
    assert [1.0, 3.0] == series_of(result).values


def test_a_run_judged_by_its_sockets_shows_its_sockets(tmp_path: Path) -> None:
    samples = Samples(units=[1, 2, 3], sockets=[1, None, 3], rss_bytes=[BASELINE] * 3)
    judged = msgspec.structs.replace(toys.result().verdict, resource=Resource.SOCKETS)
    leaking = with_samples(Variant.BUGGY, samples, verdict=judged)
    series = series_of(leaking)
    assert ([1, 3], [1.0, 3.0]) == (series.units, series.values)
    with pytest.raises(BadInput, match="judged by the same resource"):
        svg_of(compare_results(leaking, rising(Variant.FIXED, [1, 1])), tmp_path)
    assert ">sockets<" in svg_of(compare_results(leaking, leaking), tmp_path)
