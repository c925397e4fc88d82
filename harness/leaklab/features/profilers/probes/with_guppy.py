"""guppy3: the objects of the heap that are new since the warm-up, and what refers to them."""

from __future__ import annotations

from types import ModuleType

from guppy import hpy

HEAP = hpy()


def begin(program: ModuleType | None) -> None:
    """Do nothing: the heap is marked after the warm-up."""
    del program


def warmed_up() -> None:
    """Leave all objects that exist now out of what is printed later."""
    HEAP.setrelheap()


def finish(output: str) -> None:
    """Print the new objects by type, and by what refers to those of the first type."""
    del output
    heap = HEAP.heap()
    print(heap)
    if len(heap):
        print("\nthe first row, by the types that refer to it:")
        print(heap[0].byrcs)
