"""A worker renders pages with its collector off; a unit is one page of about 25 boxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

COLOURS = ("black", "grey", "red", "blue")
FONTS = ("serif", "sans", "mono")


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Render page after page."""
    program.prepare_worker()
    random = Random(lab.seed)
    paragraphs = int(lab.options["paragraphs"])
    while True:
        program.render(json.dumps(page(random, paragraphs)))
        yield


def page(random: Random, paragraphs: int) -> dict[str, Any]:
    """Return a page: sections of five paragraphs, some of them with a style of their own."""
    sections = []
    for first in range(0, paragraphs, 5):
        inside = range(first, min(first + 5, paragraphs))
        texts = [f"{number}: {random.getrandbits(256):064x}" for number in inside]
        children = [{"text": text, "style": style(random)} for text in texts]
        sections.append({"style": style(random), "children": children})
    return {"style": style(random), "children": sections}


def style(random: Random) -> dict[str, str]:
    """Return the style of a box; most boxes have none of their own."""
    chosen = {}
    if random.random() < 0.2:
        chosen["colour"] = random.choice(COLOURS)
    if random.random() < 0.2:
        chosen["font"] = random.choice(FONTS)
    return chosen


def check(program: Any, lab: Lab) -> None:
    """Every paragraph is rendered with its own styles, or with those that it inherits."""
    program.prepare_worker()
    random = Random(lab.seed)
    for number in range(lab.units):
        document = page(random, paragraphs=1 + number % 23)
        rendered = program.render(json.dumps(document)).splitlines()
        expected = list(expected_lines(document, {"colour": "default", "font": "default"}))
        assert rendered == expected, f"page {number} begins with {rendered[:2]}"


def expected_lines(node: dict[str, Any], around: dict[str, str]) -> Iterator[str]:
    """Yield the lines of a node, by passing the styles down."""
    styles = {**around, **node["style"]}
    if "text" in node:
        yield f"{styles['colour']}/{styles['font']}: {node['text']}"
    for child in node.get("children", ()):
        yield from expected_lines(child, styles)
