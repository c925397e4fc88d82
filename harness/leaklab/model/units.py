"""Formatting amounts as text and parsing text as amounts."""

import math
import mmap
import operator
import re
from itertools import pairwise

from leaklab.model.errors import BadInput
from leaklab.model.scenario import Resource
from leaklab.model.text import cut

MIB = 1 << 20
PAGE_BYTES = mmap.PAGESIZE

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB")
MAX_BYTES = 1 << 63

# The units of a duration in seconds, the largest first.
PARTS = (("y", 31_536_000), ("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_DURATION = re.compile("".join(rf"(?:(\d+(?:\.\d+)?){unit})?" for unit in "dhms"))
_DURATION_UNITS = (86_400, 3600, 60, 1)
_FACTORS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}


def format_bytes(amount: float) -> str:
    """Format bytes in the largest unit of which there is at least one: `16.3 MiB`, `-344 KiB`."""
    step = 0
    while abs(amount) >= 1024 and step < len(_BINARY) - 1:
        amount /= 1024
        step += 1
    return f"{_three_digits(amount)} {_BINARY[step]}"


def format_growth(per_unit: float, resource: Resource) -> str:
    """Format growth per unit of work with its sign: `+612 B`, `+1.00`, `+4,096`, `0`.

    Args:
        per_unit: The growth, in bytes for memory, else in pieces.
        resource: The resource that grows.
    """
    if resource is Resource.MEMORY:
        sign = "+" if per_unit >= 0.05 else ""
        return "0" if abs(per_unit) < 0.05 else sign + format_bytes(per_unit)
    if abs(per_unit) >= 1000:
        return f"{per_unit:+,.0f}"
    return "0" if abs(per_unit) < 0.0005 else f"{per_unit:+.3g}"


def format_duration(seconds: float) -> str:
    """Format a time by its two largest parts: `2 h 10 min`, `3 d`, `45 s`; below 10 s `4.2 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for (name, size), (next_name, next_size) in pairwise(PARTS):
        if whole >= size:
            count, rest = divmod(whole, size)
            more = f" {rest // next_size} {next_name}" if rest >= next_size else ""
            return f"{count:,} {name}{more}"
    return f"{whole} s"


def parse_duration(text: str) -> float:
    """Return the seconds of `30`, `0.5`, `30s`, `10m`, `2h`, `1h30m` or `1d`.

    Raises:
        BadInput: The text has another form, or is not positive and finite.
    """
    try:
        seconds = float(text)
    except ValueError:
        parts = _DURATION.fullmatch(text.lower())
        amounts = [float(part or 0) for part in parts.groups()] if parts else []
        seconds = sum(map(operator.mul, amounts, _DURATION_UNITS)) if amounts else math.nan
    if not 0 < seconds < math.inf:
        raise BadInput(f"{cut(text)!r} is not a duration; write it like 30, 30s, 10m, 1h30m or 1d")
    return seconds


def parse_bytes(text: str) -> int:
    """Parse `300MB`, `1GiB`, `64k` or plain bytes as bytes.

    Raises:
        BadInput: The text has another form, is less than one byte, or is 2**63 bytes or more.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    factor = _FACTORS.get(match[2].lower()) if match else None
    amount = float(match[1]) * factor if match and factor else 0.0
    if not 1 <= amount < MAX_BYTES:
        raise BadInput(f"{cut(text)!r} is no amount of memory; write it like 300MB, 1GiB or 65536")
    return int(amount)


def _three_digits(amount: float) -> str:
    if amount == int(amount) and abs(amount) < 1024:
        return f"{amount:.0f}"
    return f"{amount:.0f}" if abs(amount) >= 100 else f"{amount:.1f}"
