"""Renders pages: boxes inside of boxes, with styles that a box inherits from those around it."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Box:
    """A part of a page, with the parts inside of it."""

    def __init__(self, node: dict[str, Any], parent: Box | None = None) -> None:
        self.text: str = node.get("text", "")
        self.style: dict[str, str] = node.get("style", {})
        self._parent = parent
        self.children = [Box(child, self) for child in node.get("children", ())]

    def computed(self, name: str) -> str:
        """Return the value of a style, which may be that of a box around this one."""
        if name in self.style:
            return self.style[name]
        return self._parent.computed(name) if self._parent is not None else "default"

    def lines(self) -> Iterator[str]:
        """Yield the text of the page, each line with its colour and its font."""
        if self.text:
            yield f"{self.computed('colour')}/{self.computed('font')}: {self.text}"
        for child in self.children:
            yield from child.lines()


def prepare_worker() -> None:
    """Keep the collector from pausing a worker: a page must be ready in milliseconds."""
    gc.collect()
    gc.freeze()
    gc.disable()


def render(document: str) -> str:
    """Return the text of a page, which is given as JSON."""
    page = Box(json.loads(document))
    return "\n".join(page.lines())
