"""A claim of the teaching tables, and what a measurement says about it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic

from msgspec import Struct

from leaklab.features.quality.claims.bench import Bench, Figures

# A claimed figure counts as right if the measured one is at most this many times larger or smaller.
# Programs and interpreters differ, and a table that is right within a factor of two is useful.
MAX_FACTOR = 2.0


class ClaimOutcome(StrEnum):
    """What is left of a claim."""

    HOLDS = "holds"
    CONDITIONAL = "holds only if"
    WRONG = "wrong"
    NOT_MEASURED = "not measured"


class Theme(StrEnum):
    """The sections of the document."""

    TERMINAL = "The terminal"
    COLUMNS = "The columns of top"
    INDEX = "The word index"
    PROFILERS = "The profilers"
    TIME = "Time"


class Finding(Struct, frozen=True, kw_only=True):
    """The judgement of a claim.

    Attributes:
        measured: What was measured, a phrase for each figure.
        outcome: Whether the claim holds.
        reason: The reason, a sentence; for `ClaimOutcome.CONDITIONAL` it begins with the condition.
    """

    measured: list[str]
    outcome: ClaimOutcome
    reason: str


class CheckedClaim(Struct, frozen=True, kw_only=True):
    """A claim with its finding, as it is shown and written.

    Attributes:
        name: The name for the command line.
        theme: Its section.
        text: The claim, in the words of the tables.
        finding: What was measured, and the judgement.
        commands: The command lines that gave the figures.
    """

    name: str
    theme: Theme
    text: str
    finding: Finding
    commands: list[str]


@dataclass(frozen=True)
class Claim(Generic[Figures]):
    """A claim, its measurement, and the rule that judges the figures.

    Attributes:
        name: The name for the command line.
        theme: The section of the document.
        text: The claim, in the words of the tables.
        measure: Makes the measurement.
        judge: Judges its figures; a pure function.
    """

    name: str
    theme: Theme
    text: str
    measure: Callable[[Bench], Figures]
    judge: Callable[[Figures], Finding]


def is_near(measured: float, claimed: float, factor: float = MAX_FACTOR) -> bool:
    """Return whether a measured figure is within a factor of the claimed one."""
    return claimed / factor <= measured <= claimed * factor


def times(larger: float, smaller: float) -> str:
    """Format a ratio: `17 times`; with one decimal below 10."""
    ratio = larger / smaller
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"
