"""Charts of runs, and of two saved results."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

import toys
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.measurement import Controls, EndReason, Role, TreeRecord
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Resource, Scope, Variant
from leaklab.model.signals import Samples
from leaklab.reports.drawing import Picture
from leaklab.reports.palette import PALETTES, PictureTheme
from leaklab.reports.run_axes import near_limit
from leaklab.reports.run_plot import MAX_PANELS, panels_of, save_comparison_plot, save_run_plot
from leaklab.reports.run_series import series_of
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
    save_comparison_plot(Picture(path), comparison)
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
    save_comparison_plot(Picture(tmp_path / "chart.PNG"), pair([1, 2], [1, 1]))
    assert (tmp_path / "chart.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BadInput, match=r"'chart.gif' is neither an .svg nor a .png file"):
        save_comparison_plot(Picture(tmp_path / "chart.gif"), pair([1, 2], [1, 1]))


def test_without_matplotlib_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(BadInput) as refused:
        save_comparison_plot(Picture(tmp_path / "chart.svg"), pair([1, 2], [1, 1]))
    assert str(refused.value) == (
        "--plot needs matplotlib, which is not installed: pip install 'leaklab[plot]'"
    )
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match=r"chart.svg cannot be written: there is no such folder"):
        save_comparison_plot(Picture(tmp_path / "nowhere" / "chart.svg"), pair([1, 2], [1, 1]))


def test_a_result_without_samples_is_refused() -> None:
    with pytest.raises(BadInput, match="has no samples of RSS; run it again"):
        series_of(with_samples(Variant.BUGGY, Samples(units=[1], rss_bytes=[None])))


def test_the_growth_of_a_verdict_is_not_drawn_over_a_line_that_is_cut(tmp_path: Path) -> None:
    assert "dashed: the verdict" in svg_of(pair([1, 2, 3], [1, 1, 1]), tmp_path)
    assert "dashed: the verdict" not in svg_of(pair([1, 2, 3, 4], [1, 1, 1]), tmp_path)


def test_labels_of_lines_that_end_together_are_apart(tmp_path: Path) -> None:
    first, second = label_heights(svg_of(pair([1, 2, 3], [1, 2, 3]), tmp_path))
    assert abs(first - second) > 3 * 12


def test_a_line_is_memory_above_the_baseline() -> None:
    series = series_of(rising(Variant.BUGGY, [1, 2.5])).main
    assert ([1, 2], [1.0 * MIB, 2.5 * MIB]) == (series.units, series.values)


def test_a_tree_shows_the_memory_of_all_its_processes() -> None:
    tree = TreeRecord(samples=Samples(units=[1, 2], pss_anon_bytes=[MIB, 3 * MIB]))
    result = msgspec.structs.replace(rising(Variant.BUGGY, [9, 9]), scope=Scope.TREE, tree=tree)
    assert [1.0 * MIB, 3.0 * MIB] == series_of(result).main.values


def test_a_run_judged_by_its_sockets_shows_its_sockets(tmp_path: Path) -> None:
    samples = Samples(units=[1, 2, 3], sockets=[1, None, 3], rss_bytes=[BASELINE] * 3)
    judged = msgspec.structs.replace(toys.result().verdict, resource=Resource.SOCKETS)
    leaking = with_samples(Variant.BUGGY, samples, verdict=judged)
    series = series_of(leaking).main
    assert ([1, 3], [1.0, 3.0]) == (series.units, series.values)
    with pytest.raises(BadInput, match="judged by the same resource"):
        svg_of(compare_results(leaking, rising(Variant.FIXED, [1, 1])), tmp_path)
    assert ">sockets<" in svg_of(compare_results(leaking, leaking), tmp_path)


def named(name: str, variant: Variant = Variant.BUGGY, **changes: Any) -> Result:
    return msgspec.structs.replace(rising(variant, [1, 2, 3]), scenario=name, **changes)


def test_the_variants_of_a_scenario_and_mode_share_a_panel() -> None:
    results = [
        named("one"),
        named("one", Variant.FIXED),
        named("one", mode=Mode.FORK),
        named("one", repeat=2),
        named("two", end_reason=EndReason.DIED),
        with_samples(Variant.BUGGY, Samples()),
    ]
    panels = [[run.result for run in runs] for runs in panels_of(results)]
    assert [results[:2], results[2:3]] == panels


def test_a_picture_of_many_runs_says_what_it_leaves_out(tmp_path: Path) -> None:
    results = [named(f"scenario_{number}") for number in range(MAX_PANELS + 2)]
    path = tmp_path / "chart.svg"
    line = save_run_plot(Picture(path), results)
    assert "the first 6 of 8 charts; name scenarios to draw the other 2" in line
    svg = path.read_text()
    assert ">scenario_5 (inline)<" in svg
    assert "scenario_6" not in svg


def test_runs_without_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no run has samples to draw; omit --plot"):
        save_run_plot(Picture(tmp_path / "chart.svg"), [with_samples(Variant.BUGGY, Samples())])


def test_the_verdict_is_in_words_and_its_growth_is_a_band(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    assert save_run_plot(Picture(path), [named("grow")]) == f"drawn in {path}"
    svg = path.read_text()
    for text in ("buggy: leak", "+4 KiB per step"):
        assert f">{text}<" in svg
    assert "thick:" not in svg
    assert "dashed: the verdict's growth of" in svg


def test_the_main_line_of_a_clean_pool_is_not_its_idle_parent(tmp_path: Path) -> None:
    result = rising(Variant.FIXED, [1, 1, 1])
    idle = msgspec.structs.replace(result.processes[0], peak_rss_bytes=1)
    worker = msgspec.structs.replace(idle, role=Role.WORKER, number=1, peak_rss_bytes=MIB)
    pool = msgspec.structs.replace(result, processes=[idle, worker], mode=Mode.FORK)
    run = series_of(pool)
    assert ("worker 1", ["parent"]) == (run.main.name, [line.name for line in run.others])
    path = tmp_path / "chart.svg"
    save_run_plot(Picture(path), [pool])
    svg = path.read_text()
    for text in ("thick: worker 1", "thin: 1 other", "grow-4096 (fork, 1 worker)"):
        assert f">{text}<" in svg


@pytest.mark.parametrize(("limit_mib", "near"), [(13, 3.0), (26, 16.0), (27, None)])
def test_the_limit_is_drawn_where_half_of_it_was_reached(
    limit_mib: int, near: float | None, tmp_path: Path
) -> None:
    controls = Controls(memory_limit_bytes=limit_mib * MIB)
    result = named("grow", controls=controls, baseline_rss_bytes=BASELINE)
    limit = near_limit(series_of(result))
    assert near == (limit if limit is None else limit / MIB)
    path = tmp_path / "chart.svg"
    save_run_plot(Picture(path), [result])
    assert (">memory limit<" in path.read_text()) is (near is not None)


def test_a_run_that_was_stopped_says_so(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    save_run_plot(Picture(path), [named("grow", end_reason=EndReason.TIME_LIMIT)])
    assert ">stopped: time limit<" in path.read_text()


@pytest.mark.parametrize("theme", PictureTheme)
def test_a_theme_has_its_colours(theme: PictureTheme, tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    save_run_plot(Picture(path, theme), [named("grow")])
    svg = path.read_text().upper()
    other = next(one for one in PictureTheme if one is not theme)
    colours = {PALETTES[theme].background, PALETTES[theme].leaks[0], PALETTES[theme].text}
    assert all(colour in svg for colour in colours)
    assert PALETTES[other].leaks[0] not in svg
