"""objgraph: the types with more objects than before, and what keeps one of the newest alive."""

from __future__ import annotations

import gc
import os
import shutil
from types import ModuleType
from typing import Any

import objgraph

TYPES = 10


def begin(program: ModuleType | None) -> None:
    """Do nothing: the objects are counted after the warm-up."""
    del program


def warmed_up() -> None:
    """Count the objects of each type."""
    gc.collect()
    objgraph.growth()


def end(output: str) -> None:
    """Print the growth, and the chain of references to a new object of the type that grew most."""
    grown = objgraph.growth(limit=TYPES)
    for name, count, added in grown:
        print(f"{name:<24} {count:>9} {added:>+9}")
    if grown:
        _show_chain(grown[0][0], output)


def _show_chain(name: str, output: str) -> None:
    newest = objgraph.by_type(name)[-1]
    chain = objgraph.find_backref_chain(newest, objgraph.is_proper_module)
    if len(chain) < 2:
        print(f"no module refers to the newest {name}")
        return
    print(f"\nwhat refers to the newest {name}: " + " -> ".join(map(_label, chain)))
    # Without Graphviz, objgraph writes the graph in its language, which can be drawn elsewhere.
    suffix = "png" if shutil.which("dot") else "dot"
    objgraph.show_chain(chain, filename=os.path.join(output, f"chain.{suffix}"))


def _label(part: Any) -> str:
    module = isinstance(part, ModuleType)
    return f"module {part.__name__}" if module else type(part).__name__
