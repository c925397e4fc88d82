"""Containers that state a maximum of their own: what fills up to it and no further is no leak.

Found are `functools.lru_cache`, `collections.deque(maxlen=...)`, and objects with a length that
name their maximum as the field's cache classes do (cachetools' `maxsize`, SQLAlchemy's `capacity`).
"""

from __future__ import annotations

import gc
import sys
from _collections import deque  # type: ignore[import-not-found]  # without `collections`

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAXIMUM_NAMES = ("maxsize", "max_size", "max_entries", "max_length", "capacity", "cache_size")

# Of those that are found the largest are told; the smallest of them have this many entries.
MAX_TOLD = 32
MIN_ENTRIES = 8

# Py_TPFLAGS_HEAPTYPE: a class that a program, or a library, has made.
HEAP_TYPE = 1 << 9


def survey() -> list[tuple[str, int, int]]:
    """The name, the entries and the maximum of each bounded container, those with most entries
    first. Of several with one name, the entries are added up, and so are the maxima."""
    found: dict[str, tuple[int, int]] = {}
    for name, entries, maximum in bounded():
        if entries >= MIN_ENTRIES:
            before = found.get(name, (0, 0))
            found[name] = before[0] + entries, before[1] + maximum
    told = sorted(found.items(), key=lambda item: -item[1][0])[:MAX_TOLD]
    return [(name, entries, maximum) for name, (entries, maximum) in told]


def bounded() -> Iterator[tuple[str, int, int]]:
    """All that the collector knows of: the name, the entries and the maximum of each."""
    functools = sys.modules.get("functools")
    lru_cache = getattr(functools, "_lru_cache_wrapper", None)
    for one in gc.get_objects():
        kind = type(one)
        if kind is lru_cache:
            info = one.cache_info()
            if info.maxsize is not None:
                yield type_name(one), info.currsize, info.maxsize
        elif kind is deque:
            if one.maxlen is not None:
                yield "deque(maxlen=%d)" % one.maxlen, len(one), one.maxlen
        elif kind.__flags__ & HEAP_TYPE and hasattr(kind, "__len__"):
            stated = entries_and_maximum(one, kind)
            if stated is not None:
                yield (type_name(kind), *stated)


def type_name(definition: object) -> str:
    """The module and the name of a function or a class."""
    module = getattr(definition, "__module__", "?")
    return "%s.%s" % (module, getattr(definition, "__qualname__", "?"))


def entries_and_maximum(one: Any, kind: type) -> tuple[int, int] | None:
    """How many entries an object of the program's has, and how many it may have."""
    try:
        entries, maximum = len(one), maximum_of(one, kind)
    except Exception:  # methods of the program's may raise what they like
        return None
    return None if maximum is None else (entries, maximum)


def maximum_of(one: object, kind: type) -> int | None:
    """The maximum that an object states in an attribute or a property; None where it states none.

    What a class answers to any name (`__getattr__`) is not asked: it may do anything.
    """
    own = getattr(one, "__dict__", {})
    for name in MAXIMUM_NAMES:
        if name in own or any(name in base.__dict__ for base in kind.__mro__):
            maximum = getattr(one, name)
            if type(maximum) is int and 0 < maximum < sys.maxsize:
                return maximum
    return None
