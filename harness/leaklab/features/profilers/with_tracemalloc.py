"""tracemalloc, of the standard library."""

import re

from leaklab.features.profilers.profiler import FromWithin
from leaklab.features.profilers.suspect import Suspect

GROWN_LINE = re.compile(r"^(.+):(\d+): size=\S+ \S+ \(\+.*$", re.M)


class Tracemalloc(FromWithin):
    """Two snapshots, after a tenth of the work and at its end, and their difference."""

    name = "tracemalloc"
    package = ""
    probe = "with_tracemalloc"
    pools = "traces the process that it is started in: the parent, and not the workers"

    def suspects(self, report: str) -> list[Suspect]:
        """Return the lines with the largest differences, without those that shrank."""
        return [Suspect(m[0], m[1], int(m[2])) for m in GROWN_LINE.finditer(report)]
