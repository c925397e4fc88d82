"""The colours of charts, on a light and on a dark background.

The hues are those of Okabe and Ito, which colour-blind readers can tell apart. Some are darker on
the light background and lighter on the dark one than in the original, because they are also the
colours of text: each has a contrast of at least 4.5 to its background (WCAG 2.2, 1.4.3).
"""

from dataclasses import dataclass
from enum import StrEnum


class PictureTheme(StrEnum):
    """The background of a chart."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as `#RRGGBB`.

    Attributes:
        background: Behind everything.
        text: The numbers, the titles and the axes.
        grid: The thin lines behind the curves.
        leaks: Warm colours, for what leaks.
        others: Cool colours, for everything else.
    """

    background: str
    text: str
    grid: str
    leaks: tuple[str, ...]
    others: tuple[str, ...]


PALETTES = {
    PictureTheme.LIGHT: Palette(
        background="#FFFFFF",
        text="#1F2328",
        grid="#D9D9D9",
        leaks=("#C24E00", "#8F6A00", "#A8447C"),
        others=("#0072B2", "#00785A", "#5C6670"),
    ),
    PictureTheme.DARK: Palette(
        background="#14181D",
        text="#E6EAEE",
        grid="#3A424B",
        leaks=("#FF8A3D", "#F0C14B", "#E59AC4"),
        others=("#56B4E9", "#2FC49A", "#AEB8C2"),
    ),
}
