"""Measures articles, and writes the measures to a store in batches."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.articles import Article

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BATCH = 50


class Pipeline:
    """Writes the measures of fifty articles at a time.

    An article must not be lost: if the store raises an error, the articles that it did not accept
    are written again together with the next one.
    """

    def __init__(self, write: Callable[[list[tuple[Any, ...]]], None]) -> None:
        self._write = write
        self._articles: list[Article] = []
        self._written = 0

    @property
    def written(self) -> int:
        """The number of articles that the store has accepted."""
        return self._written

    def process(self, article: Article) -> None:
        """Take an article, and write a batch if fifty are waiting."""
        self._articles.append(article)
        if len(self._articles) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write the measures of the articles that are waiting."""
        batch = [measures(article) for article in self._articles]
        self._write(batch)
        self._written += len(batch)
        self._articles.clear()


def measures(article: Article) -> tuple[Any, ...]:
    """Return the title of an article, its words, its different words, and its longest word."""
    words = article.text.split()
    return article.title, len(words), len(set(words)), max(words, key=len)
