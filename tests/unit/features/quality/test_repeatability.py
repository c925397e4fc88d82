"""The spread of peaks, process by process."""

import pytest

import toys
from leaklab.features.quality.repeatability import Repeatability, repeatabilities
from leaklab.model.measurement import EndReason, ProcessRecord
from leaklab.model.result import Result
from leaklab.model.scenario import Mode, Scope

KIB = 1024


def pool(*peaks: int) -> list[ProcessRecord]:
    """Return the parent and its workers, each with its peak in KiB."""
    return [
        toys.process([0], number=number, peak_rss_bytes=peak * KIB)
        for number, peak in enumerate(peaks)
    ]


def of(mode: Mode, *runs: list[ProcessRecord], repeatable: str = "exact") -> Repeatability:
    toy = toys.scenario(repeatable=repeatable)
    results = [toys.result(toy, mode=mode, processes=processes) for processes in runs]
    (result,) = repeatabilities(results, [toy])
    return result


def test_each_process_is_compared_with_itself_in_the_other_runs() -> None:
    verdict = of(Mode.SPAWN, pool(10, 100, 200), pool(10, 100, 200))
    assert (verdict.min_bytes, verdict.max_bytes) == (200 * KIB, 200 * KIB)
    assert verdict.is_repeatable


def test_the_process_with_the_widest_spread_of_peaks_counts() -> None:
    verdict = of(Mode.SPAWN, pool(10, 100, 200), pool(10, 104, 201))
    assert (verdict.min_bytes, verdict.max_bytes) == (100 * KIB, 104 * KIB)
    assert not verdict.is_repeatable


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode.is_pool])
def test_workers_do_not_differ_by_a_page_and_their_parent_by_few(mode: Mode) -> None:
    assert not of(mode, pool(0, 1000), pool(0, 1004)).is_repeatable
    assert of(mode, pool(0, 1000), pool(40, 1000)).is_repeatable
    assert not of(mode, pool(0, 1000), pool(44, 1000)).is_repeatable


def test_the_one_process_of_an_inline_run_does_not_differ_by_a_page() -> None:
    assert of(Mode.INLINE, pool(1000), pool(1000)).is_repeatable
    assert not of(Mode.INLINE, pool(1000), pool(1004)).is_repeatable


def test_a_program_fed_by_a_pipe_may_differ_by_the_declared_share() -> None:
    assert of(Mode.SPAWN, pool(0, 10_000), pool(0, 10_100), repeatable="close").is_repeatable
    assert not of(Mode.SPAWN, pool(0, 10_000), pool(0, 10_104), repeatable="close").is_repeatable


def test_a_run_that_was_stopped_does_not_count_for_peaks() -> None:
    toy = toys.scenario()
    stopped = toys.result(toy, processes=pool(0, 50), end_reason=EndReason.TIME_LIMIT)
    results: list[Result] = [toys.result(toy, processes=pool(0, 100)), stopped]
    (result,) = repeatabilities(results, [toy])
    assert (result.runs, result.spread_share) == (2, 0.0)


def of_tree(*peaks: int) -> Repeatability:
    """Compare runs of which the tree is judged, each with its peak in KiB."""
    toy = toys.scenario(scope=Scope.TREE, repeatable="close")
    results = [
        toys.result(toy, processes=pool(2000), tree_peak_pss_anon_bytes=peak * KIB)
        for peak in peaks
    ]
    (result,) = repeatabilities(results, [toy])
    return result


def test_the_peak_of_a_judged_tree_counts_and_not_that_of_its_first_process() -> None:
    verdict = of_tree(10_000, 10_100)
    assert (verdict.min_bytes, verdict.max_bytes) == (10_000 * KIB, 10_100 * KIB)
    assert verdict.is_repeatable
    assert not of_tree(10_000, 10_104).is_repeatable
