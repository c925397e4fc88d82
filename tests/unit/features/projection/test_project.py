"""From sizes to a projection, with an executor that follows a toy law."""

import functools
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import toys
from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest
from leaklab.features.projection.laws import Law, Prediction
from leaklab.features.projection.project import (
    MIN_UNITS,
    ProjectionTarget,
    Sizes,
    VariantProjection,
    plan_sizes,
    project_variants,
    sizes_of,
)
from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Measurement, TreeRecord
from leaklab.model.scenario import Mode, Variant
from leaklab.model.signals import Samples
from leaklab.reports import plain
from leaklab.reports.projection import projected

UNITS = 400
TOYS = Path(__file__).parents[3] / "catalogue"
BASELINE = 10 << 20
TARGET = ProjectionTarget(units=1_000_000, limit_bytes=2 << 30)
MET_AT = ((2 << 30) - BASELINE) / 4096


def jobs(variant: Variant = Variant.BUGGY) -> list[Job]:
    sizes = sizes_of(UNITS, Sizes(8))
    return [toys.job(variant=variant, units=units) for units in sizes]


def tree_jobs() -> list[Job]:
    tree = toys.scenario(scope="tree")
    return [toys.job(tree, units=units) for units in sizes_of(UNITS, Sizes(8))]


class TreeExecutor(toys.ToyExecutor):
    """A toy with a child of its own size that shrinks at the end."""

    def execute(self, job: Job, progress: Callable[[int], None]) -> Measurement:
        trace = super().execute(job, progress)
        held: list[int | None] = [4096 * job.units, 8192 * job.units, None, 0]
        tree = TreeRecord(samples=Samples(units=[1, 2, 3, 4], pss_anon_bytes=held))
        return msgspec.structs.replace(trace, tree=tree)


@functools.cache
def projected_variant(variant: Variant = Variant.BUGGY) -> VariantProjection:
    return project_variants(jobs(variant), toys.ToyExecutor(), TARGET, lambda _: None)


def test_a_line_of_4096_bytes_is_projected_and_meets_the_limit_with_its_baseline() -> None:
    one = projected_variant()
    assert Law.LINEAR is one.laws.best.law
    assert one.prediction.peak_bytes == pytest.approx(4096 * 1_000_000)
    assert one.crossing.units == pytest.approx(MET_AT)
    assert one.prediction.low_bytes < 4096 * 1_000_000 < one.prediction.high_bytes


def test_a_constant_program_never_reaches_the_limit() -> None:
    one = projected_variant(Variant.FIXED)
    assert Law.CONSTANT is one.laws.best.law
    assert Prediction(1_000_000, 0, 0, one.prediction.high_bytes) == one.prediction
    assert one.crossing.units is None


def test_the_largest_size_runs_first_because_only_it_may_reach_a_limit() -> None:
    executor = toys.ToyExecutor(ended=lambda _: EndReason.MEMORY_LIMIT)
    with pytest.raises(NotMeasured, match="after 800 of 1,600 units") as stopped:
        project_variants(jobs(), executor, TARGET, lambda _: None)
    assert ["grow-4096/buggy/inline"] == executor.made
    assert "give a --largest below 1600, or raise --memory-limit" in str(stopped.value)


def test_a_limit_that_this_command_cannot_raise_leaves_the_other_remedy() -> None:
    executor = toys.ToyExecutor(ended=lambda _: EndReason.PROCESS_LIMIT)
    with pytest.raises(NotMeasured, match=r"give a --largest below 1600$"):
        project_variants(jobs(), executor, TARGET, lambda _: None)


def test_a_program_that_fails_is_bad_input_as_in_a_run() -> None:
    executor = toys.ToyExecutor(ended=lambda _: EndReason.PROGRAM_FAILED)
    with pytest.raises(BadInput, match="as the toy was told"):
        project_variants(jobs(), executor, TARGET, lambda _: None)


def test_every_run_is_announced_before_it_begins() -> None:
    messages: list[str] = []
    project_variants(jobs(), toys.ToyExecutor(), TARGET, messages.append)
    assert "grow-4096/buggy, 1,600 units (size 1 of 8)" == messages[0]
    assert 8 == len(messages)


def test_sizes_begin_at_four_times_the_declared_units_and_are_spread_over_the_steps_of_tables() -> (
    None
):
    assert (8000, 4890, 2989, 1827, 1117, 683, 417, 255) == sizes_of(2000, Sizes(8))


@pytest.mark.parametrize("count", [6, 8, 20, 64])
@pytest.mark.parametrize("largest", [40, 1000, 10**9])
def test_no_size_is_below_the_minimum(count: int, largest: int) -> None:
    sizes = sizes_of(2000, Sizes(count, largest))
    assert largest == max(sizes)
    assert MIN_UNITS <= min(sizes)
    assert sorted(set(sizes), reverse=True) == list(sizes)


def test_a_largest_size_that_is_too_small_is_reported_in_one_line() -> None:
    with pytest.raises(BadInput, match=r"10 units are too few .* raise --largest"):
        sizes_of(2000, Sizes(8, 10))


def test_a_plan_has_the_same_sizes_for_each_variant_inline() -> None:
    plans = plan_sizes(open_catalogue(TOYS), PlanRequest(("grow",)), Sizes(6), TARGET.units)
    assert [Variant.BUGGY, Variant.FIXED] == [jobs[0].variant for jobs in plans]
    assert {Mode.INLINE} == {job.mode for jobs in plans for job in jobs}
    assert [[800, 489, 299, 183, 112, 68]] * 2 == [[job.units for job in jobs] for jobs in plans]


def test_a_target_below_all_sizes_is_refused_before_any_run_for_it_can_be_run() -> None:
    with pytest.raises(BadInput, match=r"67 units are fewer .* 'leaklab run grow --units 67'"):
        plan_sizes(open_catalogue(TOYS), PlanRequest(("grow",)), Sizes(6), 67)
    assert plan_sizes(open_catalogue(TOYS), PlanRequest(("grow",)), Sizes(6), 68)


@pytest.mark.parametrize("name", ["zombie_children", "unclosed_sockets"])
def test_a_scenario_about_another_resource_than_memory_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=f"'leaklab run {name}' shows its growth per unit"):
        plan_sizes(open_catalogue(None), PlanRequest((name,)), Sizes(8), 10**6)


def test_the_peak_of_a_tree_is_that_of_all_its_processes_together() -> None:
    one = project_variants(tree_jobs(), TreeExecutor(), TARGET, lambda _: None)
    assert ([8192 * point.units for point in one.points], 0) == (
        [point.peak_bytes for point in one.points],
        one.baseline_bytes,
    )
    assert "PSS without files" in plain(projected([one]))


def test_a_tree_that_was_not_read_is_not_projected() -> None:
    with pytest.raises(NotMeasured, match="was not read"):
        project_variants(tree_jobs(), toys.ToyExecutor(), TARGET, lambda _: None)


def test_the_table_says_law_peak_interval_and_where_the_limit_is_reached_in_80_columns() -> None:
    lines = plain(projected([projected_variant(), projected_variant(Variant.FIXED)])).splitlines()
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines[:3]]
    assert ["variant", "law", "at 1,000,000", "95 % interval", "reaches 2 GiB"] == cells[0]
    assert ["buggy", "linear", "3.8 GiB", "3.8 GiB … 3.8 GiB", "521,700"] == cells[1]
    assert ["fixed", "constant", "0 B", "never"] == [*cells[2][:3], cells[2][-1]]
    assert "fixed, measured: 0 B at each of 8 sizes, 51 … 1,600" in lines
    assert max(map(len, lines)) <= 80
