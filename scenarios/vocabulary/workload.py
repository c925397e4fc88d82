"""Documents are turned into numbers; a unit is a document of 1,000 words.

How common the words are falls off exponentially, as do the part numbers or error codes of one
trade: a word of rank r comes with a chance of exp(-r / spread). New words then come as often as
spread / n after n words, so the dictionary grows like spread * ln(n): forever, and ever slower.
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
    """Endless documents of `words_per_document` words."""
    rank = Random(lab.seed).expovariate
    rate = 1 / int(lab.options["spread"])
    words = range(int(lab.options["words_per_document"]))
    while True:
        yield [f"term-{int(rank(rate))}" for _ in words]


def check(program: Any, lab: Lab) -> None:
    """Encode some documents and compare with a plain list of the words seen so far."""
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
