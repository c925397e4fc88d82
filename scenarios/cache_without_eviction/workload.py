"""Every request to a shop shows a page of product sheets; a unit is one request.

A new item is published with every request. The age of the requested items has a heavy tail
(Pareto): most are new, and a few are years old. So the number of items is unlimited, and almost no
sheet in a cache is requested again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

ITEMS_PUBLISHED_BEFORE = 1_000_000


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Answer request after request."""
    service = program.LookupService(render)
    random = Random(lab.seed)
    items_per_page = int(lab.options["items_per_page"])
    tail = float(lab.options["tail"])
    for newest in count(ITEMS_PUBLISHED_BEFORE):
        for _ in range(items_per_page):
            age = int(random.paretovariate(tail)) - 1
            service.sheet(max(0, newest - age))
        yield


def render(item: int) -> str:
    """Return the sheet of an item: 2 KiB of text that is the same each time."""
    lines = (f"field {line:02}: {(item + line) * 7919 % 1_000_003:>53}" for line in range(32))
    return "\n".join(lines)


def check(program: Any, lab: Lab) -> None:
    """Every sheet is right, and a sheet just shown is not rendered again."""
    rendered = []

    def rendering(item: int) -> str:
        rendered.append(item)
        return render(item)

    service = program.LookupService(rendering)
    random = Random(lab.seed)
    for item in (random.randrange(3000) for _ in range(6000)):
        assert service.sheet(item) == render(item), f"sheet({item}) is not the sheet of item {item}"
        before = len(rendered)
        again = service.sheet(item)
        assert again == render(item), f"sheet({item}) is wrong the second time"
        assert len(rendered) == before, f"item {item} was rendered twice in a row"
