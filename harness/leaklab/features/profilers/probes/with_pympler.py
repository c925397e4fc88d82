"""Pympler: the difference of two summaries of all objects, by type."""

from __future__ import annotations

from types import ModuleType

from pympler.tracker import SummaryTracker

_trackers: list[SummaryTracker] = []


def begin(program: ModuleType | None) -> None:
    """Do nothing: the first summary is made after the warm-up."""
    del program


def warmed_up() -> None:
    """Make the first summary."""
    _trackers.append(SummaryTracker())  # type: ignore[no-untyped-call]  # Pympler has no types


def finish(output: str) -> None:
    """Print the difference to a second summary."""
    del output
    _trackers[0].print_diff()  # type: ignore[no-untyped-call]
