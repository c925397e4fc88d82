"""tracemalloc, of the standard library."""

import re

from leaklab.features.profilers.profiler import FromWithin

FIRST = re.compile(r"^(\S+:\d+): size=.*$", re.M)


class Tracemalloc(FromWithin):
    """Two snapshots, after a tenth of the work and at its end, and their difference."""

    name = "tracemalloc"
    package = ""
    probe = "with_tracemalloc"
    pools = "traces the process that it is started in: the parent, and not the workers"

    def first_answer(self, report: str) -> str:
        """Return the line with the largest difference."""
        first = FIRST.search(report)
        return first[0] if first else ""
