"""objgraph: the types with more objects than before, and what keeps one of the newest alive."""

from __future__ import annotations

import gc
import inspect
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import objgraph

MAX_TYPES = 10


def begin(program: ModuleType | None) -> None:
    """Do nothing: the objects are counted after the warm-up."""
    del program


def warmed_up() -> None:
    """Count the objects of each type."""
    gc.collect()
    objgraph.growth()


def finish(output: str) -> None:
    """Print the growth, and the chain of references to a new object of the type that grew most."""
    grown = objgraph.growth(limit=MAX_TYPES)
    for name, count, added in grown:
        print(f"{name:<24} {count:>9} {added:>+9}")
    if grown:
        _show_chain(grown[0][0], output)
    else:
        print("no type has more objects than after the warm-up")


def _show_chain(name: str, output: str) -> None:
    newest = objgraph.by_type(name)[-1]
    chain = objgraph.find_backref_chain(newest, _is_root)
    if len(chain) < 2:
        print(f"no module and no running function refers to the newest {name}")
        return
    print(f"\nwhat refers to the newest {name}: " + " -> ".join(map(_label, chain)))
    # Without Graphviz, objgraph writes the graph in its language, which can be drawn elsewhere.
    suffix = "png" if shutil.which("dot") else "dot"
    objgraph.show_chain(chain, filename=str(Path(output) / f"chain.{suffix}"))


def _is_root(part: Any) -> bool:
    """Return whether the search ends here: a module, or a function or generator that runs."""
    return objgraph.is_proper_module(part) or inspect.isframe(part) or inspect.isgenerator(part)


def _label(part: Any) -> str:
    if isinstance(part, ModuleType):
        return f"module {part.__name__}"
    if inspect.isgenerator(part):
        return f"generator {part.__name__}"
    return f"{part.f_code.co_name}()" if inspect.isframe(part) else type(part).__name__
