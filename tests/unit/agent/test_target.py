"""A function of the user is called again and again, whatever kind of function it is."""

import sys
from itertools import islice
from types import ModuleType
from typing import Any

import pytest

from leaklab.agent.leaklab_agent.target import TargetError, units_of

SHOP = """
import asyncio, contextlib

events = []

def place():
    events.append("place")
    return [1, 2, 3]

async def place_later():
    await asyncio.sleep(0)
    events.append(id(asyncio.get_running_loop()))

def rows():
    for row in "ab":
        events.append(row)
        yield row

async def later_rows():
    for row in "ab":
        await asyncio.sleep(0)
        events.append(row)
        yield row

def no_rows():
    return
    yield

@contextlib.contextmanager
def session():
    events.append("enter")
    yield "session"
    events.append("leave")

class Orders:
    made = 0
    def __init__(self):
        Orders.made += 1
        self.name = "own"
    def place(self):
        events.append(self.name)
    @staticmethod
    def reset():
        events.append("static")
    @classmethod
    def count(cls):
        events.append(cls.__name__)

def orders():
    made = Orders()
    made.name = "set up"
    return made

def place_in(orders):
    events.append(orders)

def needs(a, b, c=3):
    pass

number = 3
"""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("shop")
    exec(SHOP, vars(module))  # noqa: S102  (the text above)
    monkeypatch.setitem(sys.modules, "shop", module)
    return module


def target(dotted: str, setup: str = "") -> dict[str, Any]:
    made = {"module": "shop", "attributes": tuple(setup.split("."))} if setup else None
    return {"module": "shop", "attributes": tuple(dotted.split(".")), "setup": made}


def do(units: int, dotted: str, setup: str = "") -> None:
    work = units_of(target(dotted, setup))
    assert units == sum(1 for _ in islice(work, units))
    work.close()  # type: ignore[attr-defined]  # it is a generator


@pytest.mark.parametrize(
    ("dotted", "events"),
    [
        ("place", ["place"] * 3),
        ("rows", ["a", "b", "a"]),
        ("later_rows", ["a", "b", "a"]),
        ("session", ["enter", "leave"] * 3),
        ("Orders.place", ["own"] * 3),
        ("Orders.reset", ["static"] * 3),
        ("Orders.count", ["Orders"] * 3),
    ],
)
def test_a_unit_is_a_call_or_a_step(shop: ModuleType, dotted: str, events: list[str]) -> None:
    do(3, dotted)
    assert events == shop.events


def test_all_calls_of_a_coroutine_share_one_loop(shop: ModuleType) -> None:
    do(3, "place_later")
    assert 3 == len(shop.events)
    assert 1 == len(set(shop.events))


def test_a_class_is_instantiated_once(shop: ModuleType) -> None:
    do(3, "Orders.place")
    assert 1 == shop.Orders.made


def test_the_set_up_makes_the_instance_of_a_method(shop: ModuleType) -> None:
    do(2, "Orders.place", "orders")
    assert ["set up"] * 2 == shop.events


def test_the_set_up_makes_the_argument_and_is_left_at_the_end(shop: ModuleType) -> None:
    do(2, "place_in", "session")
    assert ["enter", "session", "session", "leave"] == shop.events


def test_a_function_without_arguments_gets_none_from_the_set_up(shop: ModuleType) -> None:
    do(1, "place", "orders")
    assert ["place"] == shop.events


@pytest.mark.parametrize(
    ("dotted", "problem"),
    [
        ("needs", "needs needs a, b: call it from a function without arguments"),
        ("nothing", "shop has no nothing: check the name"),
        ("Orders.nothing", "Orders has no nothing: check the name"),
        ("number", "number is no function, but 3"),
        ("no_rows", "the generator ended without a value"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be_a_unit_is_named(dotted: str, problem: str) -> None:
    with pytest.raises(TargetError, match=problem):
        do(1, dotted)


def test_the_last_result_is_not_kept(shop: ModuleType) -> None:
    class Result:
        alive = 0

        def __init__(self) -> None:
            Result.alive += 1

        def __del__(self) -> None:
            Result.alive -= 1

    vars(shop)["make"] = Result
    work = units_of(target("make"))
    next(work)
    assert 0 == Result.alive
