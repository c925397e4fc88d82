"""An index of the articles that ever mentioned a word."""

from __future__ import annotations

from collections import defaultdict

from fixtures.articles import Article


class WordIndex:
    """An inverted index over a feed of article revisions."""

    def __init__(self) -> None:
        self._titles: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, article: Article) -> None:
        """Add one revision."""
        for word in set(article.text.split()):
            self._titles[word].add(article.title)

    def titles_mentioning(self, word: str) -> set[str]:
        """Return the titles of the articles with a revision that contains the word."""
        return set(self._titles.get(word, ()))
