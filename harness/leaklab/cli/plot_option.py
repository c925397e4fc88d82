"""The options --plot and --theme, for the commands that can draw their results."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from leaklab.model.errors import BadInput
from leaklab.reports.drawing import Picture, require_drawable
from leaklab.reports.palette import PictureTheme


def plot(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --plot and --theme; the command gets them as one parameter, `picture`.

    The parameter is None without --plot. A picture that cannot be drawn is refused before the
    command begins its work.

    Args:
        what: What is drawn, for the help page: "the runs over units of work".
    """

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        """Add the options to a command."""

        @functools.wraps(function)
        def with_picture(*args: Any, plot: Path | None, theme: str | None, **others: Any) -> Any:
            """Call the command with a picture in place of the two options."""
            return function(*args, picture=make_picture(plot, theme), **others)

        with_theme = click.option(
            "--theme",
            type=click.Choice([theme.value for theme in PictureTheme]),
            help=f"The background of the picture.  [default: {PictureTheme.LIGHT}]",
        )(with_picture)
        return click.option(
            "--plot",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help=f"Draw {what} into this .svg or .png file (needs 'leaklab[plot]').",
        )(with_theme)

    return add


def make_picture(plot: Path | None, theme: str | None) -> Picture | None:
    """Return the picture that the options name; None without --plot.

    Raises:
        BadInput: There is a theme and no picture, or the picture has an unknown format, or
            matplotlib is not installed.
        NotMeasured: The folder of the picture cannot be written.
    """
    if plot is None:
        if theme:
            raise BadInput("--theme is for the picture of --plot; add --plot FILE, or omit --theme")
        return None
    picture = Picture(plot, PictureTheme(theme or PictureTheme.LIGHT))
    require_drawable(picture)
    return picture
