"""The table of `leaklab project`: what each variant would need, and by what law."""

import math
from collections.abc import Sequence

from leaklab.features.projection.laws import MAX_UNITS, Law, Point, Prediction
from leaklab.features.projection.project import VariantProjection
from leaklab.model.scenario import Scope
from leaklab.model.units import format_bytes
from leaklab.reports.table import Table


def projected(found: Sequence[VariantProjection]) -> Table:
    """A row for each variant; below it what was measured, and what else may be true.

    Args:
        found: the variants of one scenario, projected to the same target.
    """
    target = found[0].target
    size, limit = f"at {_units(target.units)}", f"{format_bytes(target.limit_bytes)} met at"
    return Table(
        columns=("variant", "law", size, "95 % interval", limit),
        rows=[
            (
                str(p.variant),
                str(p.laws.best.law),
                format_bytes(p.prediction.peak_bytes),
                _interval(p.prediction),
                _met(p),
            )
            for p in found
        ],
        right=frozenset({size, limit}),
        notes=[*map(_notes, found), _legend(found)],
    )


def _notes(p: VariantProjection) -> str:
    """What was measured of a variant, the laws that fit, and where the limit is reached."""
    return f"{p.variant}, measured: {_measured(p.points)}\n  {_belief(p)}\n  {_meeting(p)}"


def _measured(points: Sequence[Point]) -> str:
    """Each size with its peak; one peak where it is the same at all."""
    if len({point.peak_bytes for point in points}) == 1:
        span = f"{_units(points[0].units)} … {_units(points[-1].units)}"
        return f"{format_bytes(points[0].peak_bytes)} at each of {len(points)} sizes, {span}"
    return ", ".join(f"{_units(x.units)}: {format_bytes(x.peak_bytes)}" for x in points)


def _legend(found: Sequence[VariantProjection]) -> str:
    words = f"a unit is one {found[0].unit}"
    if found[0].scope is Scope.TREE:
        return f"{words}; peaks are of all processes together, PSS without files"
    most = format_bytes(max(p.baseline_bytes for p in found))
    return f"{words}; peaks are above the interpreter's own {most}, the limit has that in"


def _belief(p: VariantProjection) -> str:
    """The laws with their shares of belief."""
    best = _weight(p, p.laws.best.law)
    rivals = ", ".join(_weight(p, law) for law in p.plausible)
    return f"{best}, not ruled out: {rivals}" if rivals else best


def _weight(p: VariantProjection, law: Law) -> str:
    """A law and its share of belief, cut and not rounded: none is certain."""
    return f"{law} (weight {math.floor(p.laws.weight_of(law) * 100) / 100:.2f})"


def _meeting(p: VariantProjection) -> str:
    limit = format_bytes(p.target.limit_bytes)
    low, high = p.meeting.low_units, p.meeting.high_units
    if low is None:
        return f"{limit} surely not met before {_units(MAX_UNITS)}"
    if high is None:
        return f"{limit} surely not met before {_units(low)}"
    return f"{limit} met between {_units(low)} and {_units(high)}"


def _met(p: VariantProjection) -> str:
    """Where the limit is met; a law that is level never meets it, another one in theory."""
    never = "never" if p.laws.best.law.is_level else f"beyond {_units(MAX_UNITS)}"
    return never if p.meeting.units is None else _units(p.meeting.units)


def _interval(prediction: Prediction) -> str:
    return f"{format_bytes(prediction.low_bytes)} … {format_bytes(prediction.high_bytes)}"


def _units(amount: float) -> str:
    """Units, four digits of them where they are an estimate: `8,000`, `1,046,000`, `2.1·10^15`."""
    if amount < 1e12:
        return f"{amount:,.0f}" if amount == int(amount) else f"{float(f'{amount:.4g}'):,.0f}"
    digits, _, power = f"{amount:.1e}".partition("e")
    return f"{digits}·10^{int(power)}".removeprefix("1.0·")
