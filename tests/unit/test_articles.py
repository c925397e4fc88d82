"""The synthetic feed: the same for the same seed, endless, and shaped like language."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from fixtures.articles import Feed, word


def feed(seed: int = 1, words: int = 50, titles: int = 5, vocabulary: int = 30) -> Feed:
    return Feed(seed, words, titles, vocabulary)


def texts(some: Feed, count: int = 20) -> list[tuple[str, str]]:
    return [(article.title, article.text) for article in islice(some, count)]


def test_the_same_seed_gives_the_same_articles() -> None:
    assert texts(feed(seed=7)) == texts(feed(seed=7))


def test_another_seed_gives_other_articles() -> None:
    assert texts(feed(seed=7)) != texts(feed(seed=8))


def test_a_revision_can_be_made_without_the_ones_before_it() -> None:
    nineteenth = feed().revision(19)
    assert texts(feed())[19] == (nineteenth.title, nineteenth.text)


def test_every_article_has_as_many_words_as_asked_for() -> None:
    assert {len(text.split()) for _, text in texts(feed(words=17))} == {17}


def test_a_fixed_population_of_titles_is_revised_over_and_over() -> None:
    titles = {title for title, _ in texts(feed(titles=5), 100)}
    assert titles == {f"Article {number}" for number in range(5)}


def test_no_word_comes_from_outside_the_vocabulary() -> None:
    vocabulary = {word(rank) for rank in range(30)}
    assert {each for _, text in texts(feed(vocabulary=30)) for each in text.split()} <= vocabulary


def test_the_first_word_is_ten_times_as_common_as_the_tenth() -> None:
    counts = Counter(feed(words=100_000, vocabulary=100).revision(0).text.split())
    assert counts[word(0)] / counts[word(9)] == pytest.approx(10, rel=0.1)


def test_every_rank_has_a_word_of_its_own() -> None:
    assert len({word(rank) for rank in range(10_000)}) == 10_000


@pytest.mark.parametrize("name", ["words", "titles", "vocabulary"])
def test_a_feed_of_nothing_is_refused_by_name(name: str) -> None:
    sizes = {"words": 1, "titles": 1, "vocabulary": 1} | {name: 0}
    with pytest.raises(ValueError, match=f"^{name} is 0: "):
        Feed(1, **sizes)
