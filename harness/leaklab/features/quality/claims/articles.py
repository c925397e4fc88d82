"""The claims about the memory that an index of articles takes, and what it would take."""

from msgspec import Struct

from leaklab.features.projection.laws import Prediction
from leaklab.features.quality.claims.bench import Bench, peak_of
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding, is_near, times
from leaklab.model.units import format_bytes

# An article of 20,000 words has some 100 KB of text, which the tables expect of one.
WORDS = 20_000
LARGE = ("-o", f"words_per_article={WORDS}", "-o", f"vocabulary={WORDS}")
BUGGY = ("word_index", "--variant", "buggy")
TEXT_BYTES = 100_000

CLAIMED_ARTICLES = 50
CLAIMED_BYTES = 130e6
CLAIMED_BYTES_OF_ARTICLE = 2.6e6
CLAIMED_FACTOR = 26
CLAIMED_MANY = 6_000_000
CLAIMED_BYTES_OF_MANY = 15.6e12
ARTICLE_COUNTS = (5, 10, 100, 1000)
# The sizes that are run for a projection; larger ones would take minutes.
PROJECTION = ("--sizes", "6", "--largest", "250")


class IndexFigures(Struct, frozen=True):
    """An index of a number of articles.

    Attributes:
        articles: The number.
        peak_bytes: The peak above the interpreter.
        process_bytes: The peak of the whole process.
        small_vocabulary_peak_bytes: The peak if the articles have the lab's 500 words only.
        split_bytes: An article as a list of its words, each a string of its own.
    """

    articles: int
    peak_bytes: int
    process_bytes: int
    small_vocabulary_peak_bytes: int
    split_bytes: int


class SplitText(Struct, frozen=True):
    """A text, and the memory of the list of its words."""

    text_bytes: int
    words_bytes: int


class Projection(Struct, frozen=True):
    """The fields of `leaklab project` that are used."""

    prediction: Prediction


def measure_fifty(bench: Bench) -> IndexFigures:
    """Run the index with the articles of the tables."""
    units = ("--units", str(CLAIMED_ARTICLES))
    (large,) = bench.runs(*BUGGY, *units, *LARGE)
    (small,) = bench.runs(*BUGGY, *units, *LARGE[:2])
    split = bench.program("programs.split_text", str(WORDS), gives=SplitText)
    return IndexFigures(
        CLAIMED_ARTICLES,
        peak_of(large),
        peak_of(large) + (large.baseline_rss_bytes or 0),
        peak_of(small),
        split.words_bytes,
    )


def judge_fifty(figures: IndexFigures) -> Finding:
    """Judge the memory of 50 articles, and of one."""
    of_article = figures.peak_bytes / figures.articles
    measured = [
        (
            f"{figures.articles} articles of 100 KB: {format_bytes(figures.peak_bytes)}, "
            f"{format_bytes(of_article)} each"
        ),
        f"the whole process, with its interpreter: {format_bytes(figures.process_bytes)}",
        f"with a vocabulary of 500 words: {format_bytes(figures.small_vocabulary_peak_bytes)}",
    ]
    if is_near(of_article, CLAIMED_BYTES_OF_ARTICLE) and is_near(figures.peak_bytes, CLAIMED_BYTES):
        reason = "Both figures are within a factor of two."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.WRONG,
        reason=f"An article of 100 KB takes {format_bytes(of_article)}: its text once, 8 bytes "
        "for each word under which it is stored, and its share of the words themselves. The claim "
        "is off by a factor of "
        f"{_factor(CLAIMED_BYTES_OF_ARTICLE, of_article):.0f}. Articles of 2.6 MB, most of it "
        "text, would take as much.",
    )


def judge_factor(figures: IndexFigures) -> Finding:
    """Judge how many times the text the index takes."""
    text = figures.articles * TEXT_BYTES
    factor = figures.peak_bytes / text
    measured = [
        f"{times(figures.peak_bytes, text)} the text with 20,000 words in the vocabulary",
        f"{times(figures.small_vocabulary_peak_bytes, text)} the text with 500",
        f"a text of 100 KB as a list of its words: {times(figures.split_bytes, TEXT_BYTES)}",
    ]
    if is_near(factor, CLAIMED_FACTOR):
        reason = "The factor is within two of the claimed one."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.WRONG,
        reason=f"The index takes {factor:.1f} times the text. Even a program that keeps each word "
        f"as a string of its own takes {times(figures.split_bytes, TEXT_BYTES)} the text, because "
        "a short string has 49 bytes of header and the list a reference of 8 bytes to it.",
    )


def measure_many(bench: Bench) -> Prediction:
    """Project the index to the number of articles of the tables."""
    request = (*BUGGY, "--units", str(CLAIMED_MANY), *PROJECTION, *LARGE)
    (projection,) = bench.leaklab("project", *request, gives=list[Projection])
    return projection.prediction


def judge_many(prediction: Prediction) -> Finding:
    """Judge the projection to 6 million articles."""
    of_article = prediction.peak_bytes / CLAIMED_MANY
    measured = [
        (
            f"projected: {_terabytes(prediction.peak_bytes)} (95 % interval "
            f"{_terabytes(prediction.low_bytes)} to {_terabytes(prediction.high_bytes)})"
        ),
        f"{format_bytes(of_article)} for each further article",
    ]
    if is_near(prediction.peak_bytes, CLAIMED_BYTES_OF_MANY):
        reason = "The projection is within a factor of two of the claim."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.WRONG,
        reason="The law is right, because the growth is a line, and the figure is not: it "
        "multiplies the wrong 2.6 MB. The claim is off by a factor of "
        f"{_factor(CLAIMED_BYTES_OF_MANY, prediction.peak_bytes):.0f}, and the index "
        "outgrows a usual machine all the same.",
    )


def measure_counts(bench: Bench) -> dict[int, int]:
    """Return the peak in bytes by the number of articles."""
    peaks = {}
    for count in ARTICLE_COUNTS:
        (result,) = bench.runs(*BUGGY, "--units", str(count), *LARGE)
        peaks[count] = peak_of(result)
    return peaks


def judge_counts(peaks: dict[int, int]) -> Finding:
    """Judge the memory of few, some and many articles, and what few say about many."""
    near = {n for n, peak in peaks.items() if is_near(peak, n * CLAIMED_BYTES_OF_ARTICLE)}
    fewest, most = min(peaks), max(peaks)
    of_few, of_many = peaks[fewest] / fewest, peaks[most] / most
    measured = [
        f"{n:,} articles: {format_bytes(peak)}, {format_bytes(peak / n)} each"
        for n, peak in peaks.items()
    ]
    if near == set(peaks):
        reason = "Each is within a factor of two of 2.6 MB an article."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL if near else ClaimOutcome.WRONG,
        reason=(f"there are {', '.join(f'{n:,}' for n in sorted(near))} articles. " if near else "")
        + f"An article takes {format_bytes(of_few)} among {fewest} and {format_bytes(of_many)} "
        f"among {most:,}: the words and lists that come with the first articles are shared "
        "by all later ones. A figure for each article needs two sizes, and not one.",
    )


def _factor(one: float, other: float) -> float:
    return max(one, other) / min(one, other)


def _terabytes(amount: float) -> str:
    return f"{amount / 1e12:.2f} TB"
