"""A feed of article revisions is indexed; a unit is one revision.

The option `source` names the feed: "synthetic", "http", or "dump", a MediaWiki export that is read
again from its start when it ends, like a nightly re-index. The option `dump` alone is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from fixtures.articles import Article, Feed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Index revision after revision."""
    index = program.WordIndex()
    for article in revisions(lab):
        index.add(article)
        yield


def revisions(lab: Lab) -> Iterator[Article]:
    """Return the endless feed that the options select."""
    dump = str(lab.options["dump"])
    source = "dump" if dump else lab.options["source"]
    if source == "synthetic":
        return iter(Feed(lab.seed, **feed_options(lab)))
    if source == "http":
        return over_http(lab)
    if source == "dump" and dump:
        return over_and_over(dump)
    raise ValueError(
        f"this workload cannot read source={source}: say synthetic, http, or dump=PATH"
        " with a MediaWiki export"
    )


def feed_options(lab: Lab) -> dict[str, int]:
    """Return the options of the synthetic feed under the names that `Feed` uses."""
    return {
        "words": int(lab.options["words_per_article"]),
        "titles": int(lab.options["titles"]),
        "vocabulary": int(lab.options["vocabulary"]),
    }


def over_http(lab: Lab) -> Iterator[Article]:
    """Fetch the revisions of the synthetic feed from the service."""
    import requests

    query = {"seed": lab.seed, **feed_options(lab)}
    with requests.Session() as session:
        for number in count():
            url = f"{lab.services['http']}/articles/{number}"
            response = session.get(url, params=query, timeout=10)
            response.raise_for_status()
            yield Article(**response.json())


def over_and_over(dump: str) -> Iterator[Article]:
    """Yield the articles of the dump, again and again."""
    from fixtures.mediawiki import articles

    while True:
        yield from articles(dump)


def check(program: Any, lab: Lab) -> None:
    """Compare the index with a search through every revision."""
    revisions = list(islice(Feed(lab.seed, words=8, titles=7, vocabulary=60), max(80, lab.units)))
    index = program.WordIndex()
    for revision in revisions:
        index.add(revision)
    words = {word for revision in revisions for word in revision.text.split()}
    for word in sorted(words):
        expected = {revision.title for revision in revisions if word in revision.text.split()}
        titles = set(index.titles_mentioning(word))
        assert titles == expected, (
            f"titles_mentioning({word!r}) gave {sorted(titles)}, expected {sorted(expected)}"
        )
    titles = set(index.titles_mentioning("unheard-of"))
    assert not titles, f"a word of no article is in the index for {sorted(titles)}"
