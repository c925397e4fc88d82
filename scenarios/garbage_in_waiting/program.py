"""Outlines: trees of indented headings in which each heading refers to the one above it."""

from __future__ import annotations

from collections import deque

OPEN = 50


class Section:
    """A heading, with the section above it and the sections below it."""

    __slots__ = ("heading", "parent", "sections")

    def __init__(self, heading: str, parent: Section | None) -> None:
        self.heading = heading
        self.parent = parent
        self.sections: list[Section] = []
        if parent is not None:
            parent.sections.append(self)

    def path(self) -> str:
        """Return the headings from the top down to this one."""
        above = f"{self.parent.path()} / " if self.parent is not None else ""
        return above + self.heading


class Outline(Section):
    """The top of a tree, with the text from which it was read."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        title, *lines = text.splitlines()
        super().__init__(title, None)
        self.text = text
        last_at: list[Section] = [self]
        for line in lines:
            heading = line.lstrip(" ")
            level = 1 + (len(line) - len(heading)) // 2
            del last_at[level:]
            last_at.append(Section(heading, last_at[-1]))


class Desk:
    """Keeps the fifty outlines that were opened last."""

    def __init__(self) -> None:
        self._open: deque[Outline] = deque(maxlen=OPEN)

    def open(self, text: str) -> Outline:
        """Read an outline and put it on the desk, from which the oldest is removed. The text is a
        title, then one heading a line, indented by two spaces for each level."""
        outline = Outline(text)
        self._open.append(outline)
        return outline

    def titles(self) -> list[str]:
        """Return the titles of the outlines on the desk, the oldest first."""
        return [outline.heading for outline in self._open]
