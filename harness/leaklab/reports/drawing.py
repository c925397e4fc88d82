"""Charts: their style, their axes, and the file that they are saved in.

matplotlib draws them. It is an optional dependency, so it is imported only here and only when a
chart is drawn. A chart is 8 inches wide: an .svg file has any size, and a .png file has 1,600
pixels. The texts stay readable where a page shows it 600 pixels wide.
"""

import importlib.util
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaklab.model.errors import BadInput, NotMeasured
from leaklab.model.units import MIB
from leaklab.reports.palette import PALETTES, Palette, PictureTheme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Draw = Callable[["Figure", Palette], None]

FORMATS = ("svg", "png")
WIDTH_INCHES, HEIGHT_INCHES = 8.0, 4.5
DOTS_PER_INCH = 200
# Around the axes of a chart; the labels of the lines are to the right of them.
LEFT_INCHES, RIGHT_INCHES, TOP_INCHES, BOTTOM_INCHES = 0.85, 2.2, 0.44, 0.6
# What each line of the note below a title takes.
NOTE_INCHES = 0.18
PANEL_INCHES = 3.2
LABEL_SIZE = 10.5
NOTE_SIZE = 9.5
# Beside the colours, which some readers do not tell apart.
LINE_STYLES = ("-", "--", "-.", ":")
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    # A `$` in the command line of a process is no formula.
    "text.parse_math": False,
    # Text stays text in the SVG, and its ids are the same every time.
    "svg.fonttype": "none",
    "svg.hashsalt": "leaklab",
}
# A limit is drawn where this share of it was reached.
NEAR_LIMIT = 0.5
BYTE_UNITS = (("B", 1), ("KiB", 1 << 10), ("MiB", MIB), ("GiB", 1 << 30), ("TiB", 1 << 40))
# The longest time that is shown in each unit, and the seconds of the unit.
TIME_UNITS = (("s", 1.0, 600.0), ("min", 60.0, 36_000.0), ("h", 3600.0, 864_000.0))


@dataclass(frozen=True)
class Picture:
    """A file to draw a chart into; its suffix, .svg or .png, is the format."""

    path: Path
    theme: PictureTheme = PictureTheme.LIGHT


def require_drawable(picture: Picture) -> None:
    """Check that a picture can be drawn, before the work that it shows.

    Raises:
        BadInput: The suffix is another, or matplotlib is not installed.
        NotMeasured: The folder of the file cannot be written.
    """
    picture_format(picture.path)
    if importlib.util.find_spec("matplotlib") is None:
        remedy = "pip install 'leaklab[plot]'"
        raise BadInput(f"--plot needs matplotlib, which is not installed: {remedy}")
    folder = picture.path.parent
    if not folder.is_dir():
        raise NotMeasured(_not_writable(picture.path, "there is no such folder"))
    if not os.access(folder, os.W_OK):
        raise NotMeasured(_not_writable(picture.path, "its folder is read-only"))


def save_picture(picture: Picture, draw: Draw) -> None:
    """Draw a chart into a file.

    The same chart gives the same bytes of SVG (with the same matplotlib).

    Args:
        picture: The file to write, and the theme.
        draw: Fills an empty figure.

    Raises:
        BadInput: The suffix is another, or matplotlib is not installed.
        NotMeasured: The file cannot be written.
    """
    require_drawable(picture)
    import matplotlib as mpl  # noqa: PLC0415  (optional, and slow to import)
    from matplotlib.figure import Figure  # noqa: PLC0415

    palette = PALETTES[picture.theme]
    file_format = picture_format(picture.path)
    metadata = {"Date": None, "Creator": "leaklab"} if file_format == "svg" else None
    drawn = BytesIO()
    with mpl.rc_context({**STYLE, **_colours(palette)}), warnings.catch_warnings():
        # A name may have letters that the font lacks; they are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH)
        draw(figure, palette)
        figure.savefig(drawn, format=file_format, metadata=metadata)
    try:
        picture.path.write_bytes(drawn.getvalue())
    except OSError as error:
        raise NotMeasured(_not_writable(picture.path, error.strerror)) from error


def picture_format(path: Path) -> str:
    """Return `svg` or `png`, the format that a file's suffix names.

    Raises:
        BadInput: The suffix is another.
    """
    file_format = path.suffix.lower().removeprefix(".")
    if file_format not in FORMATS:
        raise BadInput(f"{path.name!r} is neither an .svg nor a .png file; name it FILE.svg")
    return file_format


def stacked_axes(
    figure: "Figure", count: int, note: str = " ", left_inches: float = LEFT_INCHES
) -> list["Axes"]:
    """Make a figure as high as needed, and return its axes, one above the other.

    The labels of the lines have room to the right of them, and a title with this note above them.
    The numbers and the name of the y axis take `left_inches`.
    """
    panel = HEIGHT_INCHES if count == 1 else PANEL_INCHES
    height = panel * count
    figure.set_size_inches(WIDTH_INCHES, height)
    left, width = left_inches / WIDTH_INCHES, 1 - (left_inches + RIGHT_INCHES) / WIDTH_INCHES
    bottoms = [panel * number + BOTTOM_INCHES for number in reversed(range(count))]
    top = TOP_INCHES + NOTE_INCHES * (note.count("\n") + 1)
    inner = (panel - top - BOTTOM_INCHES) / height
    return [figure.add_axes((left, bottom / height, width, inner)) for bottom in bottoms]


def style_axes(axes: "Axes", palette: Palette) -> None:
    """Draw thin lines at the heights of the labels, behind everything else."""
    axes.grid(axis="y", color=palette.grid, linewidth=0.8)
    axes.set_axisbelow(True)


def write_title(axes: "Axes", title: str, note: str = "") -> None:
    """Write a title above the axes, and below it a note of one line or more in smaller letters."""
    points = 72 * NOTE_INCHES * (note.count("\n") + 1) if note else 0.0
    axes.set_title(title, loc="left", fontweight="bold", fontsize=12, pad=8 + points)
    if note:
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        axes.annotate(note, (0, 1), (0, 6), fontsize=NOTE_SIZE, va="bottom", **place)


def draw_limit(axes: "Axes", palette: Palette, height: float, text: str) -> None:
    """Draw a limit as a dotted line across the axes, which are made high enough for it."""
    axes.set_ylim(top=max(axes.get_ylim()[1], 1.08 * height))
    axes.axhline(height, color=palette.text, linewidth=1.3, linestyle=(0, (1, 1.5)))
    place: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
    axes.annotate(text, (0.01, height), (0, -4), fontsize=NOTE_SIZE, va="top", **place)


def byte_unit(amount: float) -> tuple[str, int]:
    """Return the unit in which an amount of bytes is drawn, and its bytes."""
    fitting = [(name, size) for name, size in BYTE_UNITS if size <= abs(amount)]
    return fitting[-1] if fitting else BYTE_UNITS[0]


def time_unit(seconds: float) -> tuple[str, float]:
    """Return the unit in which a time is drawn, and its seconds."""
    fitting = ((name, unit) for name, unit, longest in TIME_UNITS if seconds <= longest)
    return next(fitting, ("d", 86_400.0))


def _colours(palette: Palette) -> dict[Any, Any]:
    """Return the colours of everything that a chart does not colour itself, for matplotlib."""
    text = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    back = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    return {**dict.fromkeys(text, palette.text), **dict.fromkeys(back, palette.background)}


def _not_writable(path: Path, problem: str | None) -> str:
    return f"{path} cannot be written: {problem}; name another"


def format_axis(axis: "Axis", *, whole: bool) -> None:
    """Write few numbers, with a comma between thousands, and whole ones for what is counted."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  (optional, and slow to import)

    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], integer=whole))
    axis.set_major_formatter("{x:,.0f}" if whole else "{x:,g}")
