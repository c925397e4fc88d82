import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from leaklab.agent.leaklab_agent.recorder import MAX_PARTS, Record, digest, recorded, wrap_program

PROGRAM = """
from functools import lru_cache
from os.path import join

LIMIT = 3

class Shop:
    def sell(self, goods):
        return self.price(goods) * 2

    def price(self, goods):
        return len(goods)

    def _hidden(self):
        return 1

def total(shop, goods):
    return shop.sell(goods) + helped()

@lru_cache(maxsize=2)
def cached(number):
    return number + 1

def helped():
    return 0
"""


def program() -> Any:
    made = ModuleType("toy_program")
    made.__file__ = "/toys/program.py"
    exec(compile(PROGRAM, made.__file__, "exec"), made.__dict__)  # noqa: S102  (the toy above)
    return made


@pytest.fixture
def wrapped() -> tuple[Any, Record]:
    made, record = program(), Record()
    wrap_program(made, record)
    return made, record


def test_a_call_from_outside_counts_with_its_result(wrapped: tuple[Any, Record]) -> None:
    toy, record = wrapped
    toy.Shop().sell("abc")
    assert record.calls == {"Shop.sell": 1}
    assert record.sums == {"Shop.sell": digest(6)}


def test_calls_from_inside_do_not_count(wrapped: tuple[Any, Record]) -> None:
    toy, record = wrapped
    toy.total(toy.Shop(), "abc")
    assert record.calls == {"total": 1}


def test_a_cached_function_counts_each_call_and_stays_a_cache(wrapped: tuple[Any, Record]) -> None:
    toy, record = wrapped
    assert [toy.cached(1), toy.cached(1)] == [2, 2]
    assert record.calls == {"cached": 2}
    assert toy.cached.cache_info().hits == 1


def test_private_names_and_imports_are_left_alone(wrapped: tuple[Any, Record]) -> None:
    toy, record = wrapped
    toy.Shop()._hidden()
    toy.join("a", "b")
    assert record.calls == {}
    assert toy.LIMIT == 3


def test_threads_count_every_call_in_any_order(wrapped: tuple[Any, Record]) -> None:
    toy, record = wrapped
    shop = toy.Shop()

    def sell(words: list[str]) -> None:
        """Sell words."""
        for word in words:
            shop.sell(word)

    lists = [["a" * n for n in range(start, start + 500)] for start in (0, 100, 200)]
    threads = [threading.Thread(target=sell, args=(words,)) for words in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert record.calls == {"Shop.sell": 1500}
    in_order = sum(digest(2 * len(word)) for words in lists for word in words)
    assert record.sums == {"Shop.sell": in_order}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], deque([1, 2])),
        ([1, 2], (1, 2)),
        ({1, 2}, frozenset({2, 1})),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (b"ab", bytearray(b"ab")),
        (object(), SimpleNamespace(x=1)),
        ([object()], [object()]),
    ],
)
def test_equal_contents_have_one_number(one: object, other: object) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, 0),
        (1, 2),
        ("1", 1),
        ("", None),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        ([], None),
        ({"a": 1}, {"a": 2}),
        ({1}, {2}),
        (b"a", b"b"),
        (list(range(MAX_PARTS + 1)), list(range(MAX_PARTS + 2))),
        ([[1]], [[2]]),
        (object(), None),
    ],
)
def test_other_contents_have_another_number(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_the_record_is_written_when_the_workload_is_closed(tmp_path: Path) -> None:
    def workload(toy: Any, lab: Any) -> Iterator[None]:
        """Sell one thing a unit."""
        del lab
        shop = toy.Shop()
        while True:
            shop.sell("ab")
            yield

    lab = SimpleNamespace(units=5)
    units: Any = recorded(workload, program(), lab, (str(tmp_path), "token"))
    for _ in range(3):
        next(units)
    assert list(tmp_path.iterdir()) == []
    units.close()
    [file] = tmp_path.iterdir()
    assert file.read_text().splitlines() == ["token 5", "3", f"Shop.sell 3 {3 * digest(4)}"]
