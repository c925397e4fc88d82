"""Orders and answers: what is written is what is read, by those who may not import its classes."""

import ast
import marshal
from pathlib import Path

import pytest
from msgspec import Struct

from leaklab import agent
from leaklab.sandbox import supervisor
from leaklab.sandbox.protocol import (
    AgentOrder,
    Asks,
    Exited,
    SupervisorOrder,
    Task,
    encode_order,
    parse_message,
)

AGENT = sorted((Path(agent.__file__).parent / "leaklab_agent").glob("*.py"))
ORDER = AgentOrder(
    task=Task.POOL,
    roots=["/a"],
    scenario="s",
    variant="buggy",
    units=3,
    seed=2**70,
    options={"x": 1.5, "y": True},
    services={},
    scratch="/tmp",  # noqa: S108  (a name)
    sampling=True,
    judged=["heap_bytes"],
    asks=Asks.AT_CHECKPOINTS,
    open_ended=False,
    surveys=False,
    method="fork",
    workers=2,
    cpus=[1, 0],
)


def keys_read(paths: list[Path], name: str) -> set[str]:
    """The keys by which modules read a dict of this name: `name["key"]`, `self._name["key"]`."""
    keys = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                of = node.value
                called = of.id if isinstance(of, ast.Name) else getattr(of, "attr", "")
                if called.lstrip("_") == name:
                    keys.add(str(node.slice.value))
    return keys


@pytest.mark.parametrize(
    ("paths", "name", "order"),
    [
        (AGENT, "job", AgentOrder),
        ([Path(supervisor.__file__)], "order", SupervisorOrder),
    ],
    ids=["agent", "supervisor"],
)
def test_every_key_that_is_read_is_sent_and_the_other_way_round(
    paths: list[Path], name: str, order: type[Struct]
) -> None:
    assert set(order.__struct_fields__) == keys_read(paths, name)


def test_an_order_is_read_as_it_was_meant() -> None:
    order = marshal.loads(encode_order(ORDER))  # noqa: S302  (our own)
    assert order == {name: getattr(ORDER, name) for name in AgentOrder.__struct_fields__}
    assert {str, int, bool, list, dict} == {type(value) for value in order.values()}


@pytest.mark.parametrize(
    "line", [b"", b"{", b"{'kind': 'exit'}", b"{'kind': 'x', 'status': 0}", b"1" * 9999, b"\xff"]
)
def test_what_is_no_answer_is_ignored(line: bytes) -> None:
    assert parse_message(line) is None


def test_an_answer_is_read() -> None:
    assert Exited(0) == parse_message(b"{'kind': 'exit', 'status': 0}")
