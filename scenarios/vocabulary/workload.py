"""Documents are turned into numbers; a unit is a document of 1,000 words.

The frequency of words falls off exponentially, as with part numbers or error codes: a word of rank
r has a probability proportional to exp(-r / spread). After n words, new words have a rate of about
spread / n. So the dictionary grows like spread * ln(n): without end, and ever more slowly.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Encode document after document."""
    vocabulary = program.Vocabulary()
    for document in documents(lab):
        vocabulary.encode(document)
        yield


def documents(lab: Lab) -> Iterator[list[str]]:
    """Yield endless documents of `words_per_document` words."""
    rank = Random(lab.seed).expovariate
    rate = 1 / int(lab.options["spread"])
    words = range(int(lab.options["words_per_document"]))
    while True:
        yield [f"term-{int(rank(rate))}" for _ in words]


def check(program: Any, lab: Lab) -> None:
    """Encode some documents, and compare with the order in which words were first seen."""
    vocabulary = program.Vocabulary()
    feed = documents(lab)
    seen: dict[str, int] = {}
    for _ in range(20):
        document = next(feed)[:1000]
        for word in document:
            if word not in seen:
                seen[word] = len(seen)
        numbers = vocabulary.encode(document)
        assert numbers == [seen[word] for word in document], (
            "encode() did not number the words in the order in which they were first seen"
        )
        assert len(vocabulary) == len(seen), (
            f"the vocabulary has {len(vocabulary)} words, expected {len(seen)}"
        )
