"""A chart of a projection."""

from collections.abc import Callable
from pathlib import Path

import pytest

from leaklab.features.projection.fitting import fit
from leaklab.features.projection.laws import Point
from leaklab.features.projection.project import ProjectionTarget, VariantProjection
from leaklab.model.scenario import Scope, Variant
from leaklab.reports.drawing import Picture
from leaklab.reports.projection_plot import memory_ticks, save_projection_plot

MIB = 1 << 20
SIZES = (100, 164, 268, 438, 716, 1171, 1917, 3136)


def projection(
    variant: Variant, peak: Callable[[int], int], limit_bytes: int = 1 << 30, units: int = 10**6
) -> VariantProjection:
    points = tuple(Point(size, peak(size)) for size in SIZES)
    laws = fit(points)
    return VariantProjection(
        scenario="toy",
        variant=variant,
        scope=Scope.PROCESS,
        unit="step",
        seed=1,
        options={},
        target=ProjectionTarget(units, limit_bytes),
        baseline_bytes=10 * MIB,
        points=points,
        prediction=laws.predict(units),
        crossing=laws.crossing(limit_bytes - 10 * MIB),
        plausible=(),
        laws=laws,
    )


def pair(limit_bytes: int = 1 << 30, units: int = 10**6) -> list[VariantProjection]:
    return [
        projection(Variant.BUGGY, lambda size: 4096 * size, limit_bytes, units),
        projection(Variant.FIXED, lambda _: 2 * MIB, limit_bytes, units),
    ]


def svg_of(projections: list[VariantProjection], folder: Path) -> str:
    path = folder / "chart.svg"
    save_projection_plot(Picture(path), projections)
    return path.read_text()


def test_each_variant_has_its_law_its_peak_and_the_size_at_the_limit(tmp_path: Path) -> None:
    svg = svg_of(pair(), tmp_path)
    for text in (
        "buggy: linear",
        "  3.8 GiB",
        "  limit of 1 GiB:",
        "  reached at 259,600",
        "fixed: constant",
        "  never reached",
        "toy, projected to 1,000,000 units",
        "units of work (a unit is one step)",
        "peak RSS above the baseline",
        "limit: 1 GiB",
        "10,000",
    ):
        assert f">{text}<" in svg


def test_the_same_projection_gives_the_same_bytes(tmp_path: Path) -> None:
    assert svg_of(pair(), tmp_path) == svg_of(pair(), tmp_path)


def test_a_limit_far_above_the_peaks_is_in_words_only(tmp_path: Path) -> None:
    svg = svg_of(pair(limit_bytes=1 << 50), tmp_path)
    assert ">limit: 1024 TiB<" not in svg
    assert ">  limit of 1024 TiB:<" in svg


def test_a_target_below_the_largest_size_is_drawn(tmp_path: Path) -> None:
    assert "projected to 200 units" in svg_of(pair(units=200), tmp_path)


def test_peaks_of_nothing_are_drawn_at_the_foot_of_the_axes(tmp_path: Path) -> None:
    assert "program: constant" in svg_of([projection(Variant.PROGRAM, lambda _: 0)], tmp_path)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1.5 * MIB, 9 * MIB, [2 * MIB, 4 * MIB, 8 * MIB]),
        (1.0 * MIB, 1 << 36, [2.0**power for power in (21, 24, 27, 30, 33, 36)]),
    ],
)
def test_the_axis_of_memory_has_few_powers_of_two(
    low: float, high: float, ticks: list[float]
) -> None:
    assert ticks == memory_ticks(low, high)
