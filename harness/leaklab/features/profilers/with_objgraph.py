"""objgraph: counts of objects by type, and chains of references."""

from leaklab.features.profilers.profiler import FromWithin


class Objgraph(FromWithin):
    """The types that grew, and a chain of references from a module to one of their objects."""

    name = "objgraph"
    package = "objgraph"
    probe = "with_objgraph"
    pools = "counts the objects of the process that it runs in: the parent, and not the workers"

    def first_answer(self, report: str) -> str:
        """Return the type that grew most, with the chain to one of its objects."""
        lines = report.splitlines()
        chain = next((line for line in lines if line.startswith("what refers")), "")
        first = " ".join(lines[0].split()) if lines and "+" in lines[0] else ""
        return "; ".join(filter(None, [first, chain]))
