"""guppy3 (heapy): the objects of the heap, by type and by what refers to them."""

import re

from leaklab.features.profilers.profiler import FromWithin
from leaklab.features.profilers.suspect import Suspect

# Index, count, its share, size, its share, the sum of the sizes, its share, and the kind.
ROW = re.compile(r"^ +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ (.+)$", re.M)
REFERRERS = "the first row, by the types that refer to it:"


class Guppy(FromWithin):
    """The objects that are new since a tenth of the work."""

    name = "guppy3"
    package = "guppy3"
    probe = "with_guppy"
    pools = "reads the heap of the process that it runs in: the parent, and not the workers"

    def suspects(self, report: str) -> list[Suspect]:
        """Return the rows of the partition; the first with what refers to its objects."""
        partition, _, by_referrers = report.partition(REFERRERS)
        rows = [Suspect(" ".join(m[0].split()), type_name=m[1]) for m in ROW.finditer(partition)]
        referrers = tuple(m[1] for m in ROW.finditer(by_referrers))
        if not rows or not referrers:
            return rows
        text = f"{rows[0].text}; {REFERRERS} {referrers[0]}"
        return [Suspect(text, type_name=rows[0].type_name, referrers=referrers[:1]), *rows[1:]]
