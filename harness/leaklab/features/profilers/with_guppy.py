"""guppy3 (heapy): the objects of the heap, by type and by what refers to them."""

import re

from leaklab.features.profilers.profiler import FromWithin

FIRST_ROW = re.compile(r"^ +0 +\d+ +\d+ +\d+.*$", re.M)


class Guppy(FromWithin):
    """The objects that are new since a tenth of the work."""

    name = "guppy3"
    package = "guppy3"
    probe = "with_guppy"
    pools = "reads the heap of the process that it runs in: the parent, and not the workers"

    def first_answer(self, report: str) -> str:
        """Return the first row of the partition."""
        first = FIRST_ROW.search(report)
        return " ".join(first[0].split()) if first else ""
