"""Outlines: indented headings as a tree, with the way from each heading back to the top."""

from __future__ import annotations

from collections import deque

OPEN = 50


class Section:
    """A heading, what is above it and what is below it."""

    __slots__ = ("heading", "parent", "sections")

    def __init__(self, heading: str, parent: Section | None) -> None:
        self.heading = heading
        self.parent = parent
        self.sections: list[Section] = []
        if parent is not None:
            parent.sections.append(self)

    def path(self) -> str:
        """The headings from the top down to here."""
        above = f"{self.parent.path()} / " if self.parent is not None else ""
        return above + self.heading


class Outline(Section):
    """The top of a tree, with the text that it was read from."""

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
    """Has the fifty outlines at hand that were opened last."""

    def __init__(self) -> None:
        self._open: deque[Outline] = deque(maxlen=OPEN)

    def open(self, text: str) -> Outline:
        """Read an outline, a title and then a heading a line, two spaces deeper at each level,
        and put it on the desk; the oldest there goes."""
        outline = Outline(text)
        self._open.append(outline)
        return outline

    def titles(self) -> list[str]:
        """What is on the desk, the oldest first."""
        return [outline.heading for outline in self._open]
