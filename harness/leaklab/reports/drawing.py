"""Charts: their style, their colours, and the file that they are saved in.

matplotlib draws them. It is an optional dependency, so it is imported only here and only when a
chart is drawn. The colours are those of Okabe and Ito, which colour-blind readers can tell apart.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leaklab.model.errors import BadInput, NotMeasured

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png")
BLUE, VERMILION = "#0072B2", "#D55E00"
SIZE_INCHES = (8.0, 4.5)
DOTS_PER_INCH = 100
LABEL_SIZE = 10.5
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Text stays text in the SVG, and its ids are the same every time.
    "svg.fonttype": "none",
    "svg.hashsalt": "leaklab",
}


def save_picture(path: Path, draw: Callable[["Figure"], None]) -> None:
    """Draw a chart into a file.

    The same chart gives the same bytes of SVG (with the same matplotlib).

    Args:
        path: The file to write; its suffix, .svg or .png, is the format.
        draw: Fills an empty figure.

    Raises:
        BadInput: The suffix is another, or matplotlib is not installed.
        NotMeasured: The file cannot be written.
    """
    file_format = picture_format(path)
    try:
        import matplotlib as mpl  # noqa: PLC0415  (optional, and slow to import)
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        remedy = "pip install 'leaklab[plot]'"
        raise BadInput(f"--plot needs matplotlib, which is not installed: {remedy}") from error
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, facecolor="white")
        draw(figure)
        picture = BytesIO()
        metadata = {"Date": None, "Creator": "leaklab"} if file_format == "svg" else None
        figure.savefig(picture, format=file_format, metadata=metadata)
    try:
        path.write_bytes(picture.getvalue())
    except OSError as error:
        raise NotMeasured(f"{path} cannot be written: {error.strerror}; name another") from error


def picture_format(path: Path) -> str:
    """Return `svg` or `png`, the format that a file's suffix names.

    Raises:
        BadInput: The suffix is another.
    """
    file_format = path.suffix.lower().removeprefix(".")
    if file_format not in FORMATS:
        raise BadInput(f"{path.name!r} is neither an .svg nor a .png file; name it FILE.svg")
    return file_format


def style_axes(axes: "Axes") -> None:
    """Draw thin lines at the heights of the labels, behind everything else."""
    axes.grid(axis="y", color="#D9D9D9", linewidth=0.8)
    axes.set_axisbelow(True)
