"""The option --debug, in a module of its own because `leaklab --help` must import little."""

from collections.abc import Callable
from typing import Any

import click


def debug(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --debug; `exit_codes.debugging` reads it from the command line itself."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(function)
