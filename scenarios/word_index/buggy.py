"""An index of the articles that ever mentioned a word."""

from __future__ import annotations

from collections import defaultdict

from fixtures.articles import Article


class WordIndex:
    """An inverted index over a feed of article revisions."""

    def __init__(self) -> None:
        self._articles: defaultdict[str, list[Article]] = defaultdict(list)

    def add(self, article: Article) -> None:
        """Add one revision."""
        for word in set(article.text.split()):
            self._articles[word].append(article)

    def titles_mentioning(self, word: str) -> set[str]:
        """Return the titles of the articles with a revision that contains the word."""
        return {article.title for article in self._articles.get(word, ())}
