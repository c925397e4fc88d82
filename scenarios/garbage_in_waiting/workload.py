"""Outlines are read one after another; a unit is one outline of forty headings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Open outline after outline."""
    desk = program.Desk()
    random = Random(lab.seed)
    headings, width = int(lab.options["headings"]), int(lab.options["heading_width"])
    for number in count(1):
        desk.open(outline(random, number, headings, width))
        yield


def outline(random: Random, number: int, headings: int, width: int) -> str:
    """Return the text of an outline; each heading is at most one level below the one before it."""
    lines = [f"outline {number}"]
    level = 0
    for heading in range(headings):
        lines.append(f"{'  ' * level}{heading} of outline {number} {'.' * width}")
        level = int(random.random() * (level + 2)) if level < 5 else 0
    return "\n".join(lines)


def check(program: Any, lab: Lab) -> None:
    """Compare outlines with their texts, the desk with the titles, and a path with headings."""
    desk = program.Desk()
    random = Random(lab.seed)
    for number in range(1, lab.units + 1):
        text = outline(random, number, headings=20, width=10)
        top = desk.open(text)
        assert "\n".join(text_of(top, 0)) == text, f"outline {number} differs from its text"
        titles = [f"outline {n}" for n in range(max(1, number - 49), number + 1)]
        assert desk.titles() == titles, f"titles() gave {desk.titles()}, expected {titles}"
    section, path = top, top.heading
    while section.sections:
        section = section.sections[-1]
        path = f"{path} / {section.heading}"
    assert section.path() == path, f"path() gave {section.path()!r}, expected {path!r}"


def text_of(section: Any, depth: int) -> Iterator[str]:
    """Yield the lines from which a section was read."""
    yield "  " * (depth - 1) + section.heading
    for below in section.sections:
        yield from text_of(below, depth + 1)
