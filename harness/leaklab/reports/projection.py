"""The table of `leaklab project`: what each variant would need, and by what law."""

import math
from collections.abc import Sequence

from leaklab.features.projection.laws import MAX_UNITS, Law, Point, Prediction
from leaklab.features.projection.project import VariantProjection
from leaklab.model.scenario import Scope
from leaklab.model.units import format_bytes
from leaklab.reports.table import Table


def projected(projections: Sequence[VariantProjection]) -> Table:
    """Build a row for each variant; the notes are the measured peaks and the plausible laws.

    Args:
        projections: The variants of one scenario, projected to the same target; at least one.
    """
    target = projections[0].target
    size, limit = f"at {format_units(target.units)}", f"reaches {format_bytes(target.limit_bytes)}"
    return Table(
        columns=("variant", "law", size, "95 % interval", limit),
        rows=[
            (
                str(p.variant),
                str(p.laws.best.law),
                format_bytes(p.prediction.peak_bytes),
                prediction_interval(p.prediction),
                reached(p),
            )
            for p in projections
        ],
        right=frozenset({size, limit}),
        notes=[*map(_note, projections), _legend(projections)],
    )


def _note(p: VariantProjection) -> str:
    """What was measured of a variant, which laws fit, and where the limit is reached."""
    return f"{p.variant}, measured: {_measured(p.points)}\n  {_laws(p)}\n  {_limit(p)}"


def _measured(points: Sequence[Point]) -> str:
    """Each size with its peak, or the one peak that all sizes have."""
    if len({point.peak_bytes for point in points}) == 1:
        span = f"{format_units(points[0].units)} … {format_units(points[-1].units)}"
        return f"{format_bytes(points[0].peak_bytes)} at each of {len(points)} sizes, {span}"
    return ", ".join(f"{format_units(x.units)}: {format_bytes(x.peak_bytes)}" for x in points)


def _legend(projections: Sequence[VariantProjection]) -> str:
    unit = f"a unit is one {projections[0].unit}"
    if projections[0].scope is Scope.TREE:
        return f"{unit}; peaks are of all processes together, PSS without files"
    baseline = format_bytes(max(p.baseline_bytes for p in projections))
    return f"{unit}; peaks exclude the interpreter's own {baseline}, the limit includes it"


def _laws(p: VariantProjection) -> str:
    """The likeliest law and those that are not ruled out, with their weights."""
    best = _weight(p, p.laws.best.law)
    others = ", ".join(_weight(p, law) for law in p.plausible)
    return f"law: {best}, not ruled out: {others}" if others else f"law: {best}"


def _weight(p: VariantProjection, law: Law) -> str:
    """A law and its weight, rounded down because no law is certain."""
    return f"{law} (weight {math.floor(p.laws.weight_of(law) * 100) / 100:.2f})"


def _limit(p: VariantProjection) -> str:
    """The 95 % interval of the units at which the limit is reached."""
    limit = format_bytes(p.target.limit_bytes)
    low, high = p.crossing.low_units, p.crossing.high_units
    if low is None:
        return f"{limit} surely not reached before {format_units(MAX_UNITS)} units"
    if high is None:
        return f"{limit} surely not reached before {format_units(low)} units"
    return f"{limit} reached between {format_units(low)} and {format_units(high)} units"


def reached(p: VariantProjection) -> str:
    """Say where the limit is reached; every law that is not level reaches it in theory."""
    never = "never" if p.laws.best.law.is_level else f"beyond {format_units(MAX_UNITS)}"
    return never if p.crossing.units is None else format_units(p.crossing.units)


def prediction_interval(prediction: Prediction) -> str:
    """Format the 95 % interval of a peak: `43.2 GiB … 48.5 GiB`."""
    return f"{format_bytes(prediction.low_bytes)} … {format_bytes(prediction.high_bytes)}"


def format_units(amount: float) -> str:
    """Format units, an estimate with four digits: `8,000`, `1,046,000`, `2.1·10^15`."""
    if amount < 1e12:
        return f"{amount:,.0f}" if amount == int(amount) else f"{float(f'{amount:.4g}'):,.0f}"
    digits, _, power = f"{amount:.1e}".partition("e")
    return f"{digits}·10^{int(power)}".removeprefix("1.0·")
