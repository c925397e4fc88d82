"""Amounts as people write them on a command line."""

import math

import click

from leaklab.model.text import cut
from leaklab.model.units import parse_bytes


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
    """A time: more than nothing, and not endless."""

    name = "seconds"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The time in seconds."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            self.fail(f"{cut(str(value))!r} is no time; write it like 30 or 0.5", param, ctx)
        return seconds


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
