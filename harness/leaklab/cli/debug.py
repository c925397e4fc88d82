"""--debug, in a module of its own: `leaklab --help` needs it, and nothing that scenarios need."""

from collections.abc import Callable
from typing import Any

import click


def debug(function: Callable[..., Any]) -> Callable[..., Any]:
    """--debug, which `exit_codes.debugging` looks for among the words themselves."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."
    )(function)
