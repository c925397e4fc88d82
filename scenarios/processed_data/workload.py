"""Articles go through a pipeline into a store; a unit is one article.

The store keeps the latest measures of each of the forty titles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random

from fixtures.articles import Feed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


class Store:
    """Keeps the latest measures of each title."""

    def __init__(self) -> None:
        self.latest: dict[str, tuple[Any, ...]] = {}

    def write(self, batch: list[tuple[Any, ...]]) -> None:
        """Take a batch of measures, each with its title first."""
        for title, *measures in batch:
            self.latest[title] = tuple(measures)


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Process article after article."""
    pipeline = program.Pipeline(Store().write)
    words, titles = int(lab.options["words_per_article"]), int(lab.options["titles"])
    for article in Feed(lab.seed, words, titles, vocabulary=500):
        pipeline.process(article)
        yield


def check(program: Any, lab: Lab) -> None:
    """Every article is written once and in order, also if the store refuses some batches."""
    random = Random(lab.seed)
    written: list[tuple[Any, ...]] = []

    def write(batch: list[tuple[Any, ...]]) -> None:
        if random.random() < 0.3:
            raise ConnectionError
        written.extend(batch)

    pipeline = program.Pipeline(write)
    articles = list(islice(Feed(lab.seed, words=9, titles=7, vocabulary=60), 5 * lab.units))
    for article in articles:
        is_accepted(pipeline.process, article)
        assert pipeline.written == len(written), (
            f"{len(written)} articles are in the store, and written is {pipeline.written}"
        )
    while not is_accepted(pipeline.flush):
        pass
    expected = [program.measures(article) for article in articles]
    assert written == expected, (
        f"{len(written)} articles are in the store, not these {len(expected)}"
    )
    title, words, different, longest = expected[0]
    text = articles[0].text.split()
    assert (title, words, different) == (articles[0].title, 9, len(set(text))), f"{expected[0]}"
    assert len(longest) == max(map(len, text)), f"{longest} is not the longest word of {text}"


def is_accepted(write: Callable[..., None], *arguments: Any) -> bool:
    """Call `write` and return whether the store accepted what it wrote."""
    try:
        write(*arguments)
    except ConnectionError:
        return False
    return True
