"""Pympler: summaries of all objects by type."""

from leaklab.features.profilers.profiler import FromWithin
from leaklab.features.profilers.suspect import Suspect

MIN_CELLS = 3


class Pympler(FromWithin):
    """Two summaries, after a tenth of the work and at its end, and their difference."""

    name = "pympler"
    package = "pympler"
    probe = "with_pympler"
    pools = "sums up the process that it runs in: the parent, and not the workers"

    def suspects(self, report: str) -> list[Suspect]:
        """Return the types with the largest differences, without those that shrank."""
        rows = [[cell.strip() for cell in line.split("|")] for line in report.splitlines()]
        grown = [row for row in rows if len(row) >= MIN_CELLS and row[1].isdigit()]
        return [Suspect(" | ".join(row), type_name=row[0]) for row in grown]
