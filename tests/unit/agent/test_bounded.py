"""Containers that state a maximum of their own."""

from collections import deque
from functools import lru_cache

from leaklab.agent.leaklab_agent.bounded import survey


class Cache(dict[int, int]):
    """A mapping with a maximum attribute, as in common cache classes."""

    maxsize = 4321


class Unlimited(dict[int, int]):
    maxsize = None


class Raises(dict[int, int]):
    @property
    def maxsize(self) -> int:
        raise ValueError("not now")


class Answers(dict[int, int]):
    def __getattr__(self, name: str) -> int:
        raise AssertionError(f"nothing is to be asked for {name}")


def surveyed() -> dict[str, tuple[int, int]]:
    return {name: (entries, maximum) for name, entries, maximum in survey()}


def test_bounded_containers_are_listed_with_entries_and_maximum() -> None:
    @lru_cache(maxsize=5432)
    def price(n: int) -> int:
        return n

    for n in range(20):
        price(n)
    ring = deque(range(30), maxlen=7654)
    cache = Cache({n: n for n in range(40)})
    messages = surveyed()
    assert (20, 5432) in messages.values()
    assert messages[f"deque(maxlen={ring.maxlen})"] == (30, 7654)
    assert messages[f"{__name__}.Cache"] == (len(cache), 4321)


def test_containers_without_a_readable_maximum_are_not_listed() -> None:
    kept = [kind({n: n for n in range(40)}) for kind in (Unlimited, Raises, Answers)]
    messages = surveyed()
    assert not any(type(one).__qualname__ in name for one in kept for name in messages)
