"""The table of `leaklab list`."""

from collections.abc import Sequence

from leaklab.model.scenario import Scenario
from leaklab.reports.table import Table


def catalogue(scenarios: Sequence[Scenario]) -> Table:
    """Build a table with one row for each scenario."""
    return Table(
        columns=("scenario", "level", "resource", "title"),
        rows=[(s.name, str(s.level), str(s.resource), s.title) for s in scenarios],
        right=frozenset({"level"}),
        unbroken=frozenset({"scenario", "resource"}),
    )
