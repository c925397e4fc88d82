"""objgraph: counts of objects by type, and chains of references."""

import re

from leaklab.features.profilers.profiler import FromWithin
from leaklab.features.profilers.suspect import Suspect

GROWN = re.compile(r"^(\S+) +\d+ +\+\d+$", re.M)
CHAIN = re.compile(r"^what refers to the newest \S+: (.+)$", re.M)


class Objgraph(FromWithin):
    """The types that grew, and a chain of references from a module to one of their objects."""

    name = "objgraph"
    package = "objgraph"
    probe = "with_objgraph"
    pools = "counts the objects of the process that it runs in: the parent, and not the workers"

    def suspects(self, report: str) -> list[Suspect]:
        """Return the types that grew; the first with the chain to one of its objects."""
        grown = [Suspect(" ".join(m[0].split()), type_name=m[1]) for m in GROWN.finditer(report)]
        chain = CHAIN.search(report)
        if not grown or not chain:
            return grown
        text, (*referrers, _) = f"{grown[0].text}; {chain[0]}", chain[1].split(" -> ")
        return [Suspect(text, type_name=grown[0].type_name, referrers=tuple(referrers)), *grown[1:]]
