"""Pympler: summaries of all objects by type."""

from leaklab.features.profilers.profiler import FromWithin

MIN_CELLS = 3


class Pympler(FromWithin):
    """Two summaries, after a tenth of the work and at its end, and their difference."""

    name = "pympler"
    package = "pympler"
    probe = "with_pympler"
    pools = "sums up the process that it runs in: the parent, and not the workers"

    def first_answer(self, report: str) -> str:
        """Return the type with the largest difference."""
        rows = [[cell.strip() for cell in line.split("|")] for line in report.splitlines()]
        numbered = [row for row in rows if len(row) >= MIN_CELLS and row[1].isdigit()]
        return " | ".join(numbered[0]) if numbered else ""
