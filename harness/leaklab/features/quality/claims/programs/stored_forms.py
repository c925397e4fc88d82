"""What an entry of an index takes, by what it stores, in bytes: `stored_forms.py ENTRIES`."""

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import repeat

ARTICLE_BYTES = 4_000_000


def bytes_of_entry(make: Callable[[int], Iterator[object]], entries: int) -> float:
    """Return what an entry of a list takes, with the object that it made."""
    tracemalloc.start()
    stored: list[object] = [None] * entries
    for position, thing in enumerate(make(entries)):
        stored[position] = thing
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return taken / len(stored)


def main() -> None:
    """Print the bytes of an entry for each form."""
    entries = int(sys.argv[1])
    article, title = "a" * ARTICLE_BYTES, "Article 123456"
    first = 1_000_000
    forms: dict[str, Callable[[int], Iterator[object]]] = {
        "an article that exists": lambda n: repeat(article, n),
        "a title that exists": lambda n: repeat(title, n),
        "a new title": lambda n: (f"Article {first + i}" for i in range(n)),
        "a new id": lambda n: iter(range(first, first + n)),
        "a small index": lambda n: (i % 256 for i in range(n)),
        "a new URL": lambda n: (f"https://example.org/wiki/Article_{first + i}" for i in range(n)),
    }
    figures = {name: bytes_of_entry(make, entries) for name, make in forms.items()}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
