"""Amounts as people write them on a command line."""

import math

import click

from leaklab.model.errors import BadInput
from leaklab.model.text import cut
from leaklab.model.units import parse_bytes, parse_duration


class Bytes(click.ParamType[int]):
    """An amount of memory: 300MB, 1GiB, 65536."""

    name = "size"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The amount in bytes."""
        del param, ctx
        return value if isinstance(value, int) else parse_bytes(value)


class Seconds(click.ParamType[float]):
    """A time, more than nothing and not endless: 30, 0.5, 10m, 2h."""

    name = "seconds"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The time in seconds."""
        if isinstance(value, float):
            return value
        try:
            return parse_duration(value)
        except BadInput as error:
            self.fail(str(error), param, ctx)


class Factor(click.ParamType[float]):
    """How many times as much: more than once, and not endless."""

    name = "factor"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The factor."""
        try:
            factor = float(value)
        except ValueError:
            factor = math.nan
        if not 1 < factor < math.inf:
            self.fail(f"{cut(str(value))!r} is no factor; write it like 1.02", param, ctx)
        return factor
