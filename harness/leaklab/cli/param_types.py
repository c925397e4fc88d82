"""Amounts as people write them on a command line."""

import math

import click

from leaklab.model.errors import BadInput
from leaklab.model.text import cut
from leaklab.model.units import parse_bytes, parse_duration


def format_seconds(seconds: float) -> str:
    """Write a duration as an option takes it: `20s`, `0.5s`."""
    return f"{seconds:g}s"


class Bytes(click.ParamType[int]):
    """An amount of memory: 300MB, 1GiB, 65536."""

    name = "size"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the amount in bytes."""
        if isinstance(value, int):
            return value
        try:
            return parse_bytes(value)
        except BadInput as error:
            self.fail(str(error), param, ctx)


class Seconds(click.ParamType[float]):
    """A duration, positive and finite: 30, 30s, 10m, 1h30m, 1d."""

    name = "time"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the duration in seconds."""
        if isinstance(value, float):
            return value
        try:
            return parse_duration(value)
        except BadInput as error:
            self.fail(str(error), param, ctx)


class Factor(click.ParamType[float]):
    """A ratio, finite and greater than 1."""

    name = "factor"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the ratio."""
        try:
            factor = float(value)
        except ValueError:
            factor = math.nan
        if not 1 < factor < math.inf:
            message = f"{cut(str(value))!r} is not a factor greater than 1; write it like 1.02"
            self.fail(message, param, ctx)
        return factor
