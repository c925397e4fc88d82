"""How a fix is checked: the modes, the limits, and the size of the contract."""

from collections.abc import Sequence
from dataclasses import dataclass

from leaklab.features.course.fix_report import ModeReport
from leaklab.features.course.staging import workers_of
from leaklab.model.job import Limits
from leaklab.model.scenario import Mode

QUICK_CONTRACT_UNITS = range(20, 60)
MIN_CONTRACT_UNITS = 100


@dataclass(frozen=True)
class CheckPlan:
    """How a fix is checked.

    Attributes:
        modes: The modes to measure; the first one is also measured before the fix.
        limits: The limits of each run.
        with_reference: Whether the reference runs beside it.
    """

    modes: Sequence[Mode]
    limits: Limits
    with_reference: bool = True


def contract_units(declared: int, plan: CheckPlan) -> range:
    """Return the range from which the size of the contract is drawn.

    What fills is full before half of the declared units, and so is a program that stops working in
    order to stop growing.
    """
    if not plan.with_reference:
        return QUICK_CONTRACT_UNITS
    return range(
        max(declared // 2, MIN_CONTRACT_UNITS), max(declared * 3 // 4, 4 * MIN_CONTRACT_UNITS) + 1
    )


def most_work(reports: Sequence[ModeReport]) -> int:
    """Return the units of one process in the longest run, which may be more than declared."""
    return max(report.own.units_done // workers_of(report.mode) for report in reports)
