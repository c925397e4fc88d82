"""The claims about what a stored reference takes, and what to store in its place."""

from msgspec import Struct

from leaklab.features.quality.claims.bench import Bench, peak_of
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding, is_near
from leaklab.model.units import format_bytes

ENTRIES = 100_000
EXISTING_ARTICLE = "an article that exists"
EXISTING_TITLE = "a title that exists"
CLAIMED_BYTES_OF_REFERENCE = 4e6
CLAIMED_SAVED = 0.99999
# The claim says five digits; what is not saved may be twice as much.
MAX_UNSAVED = 2 * (1 - CLAIMED_SAVED)

Forms = dict[str, float]


class ReferenceFigures(Struct, frozen=True):
    """What an entry takes, and what storing titles saves in the word index.

    Attributes:
        forms: The bytes of an entry in a list, by what it is.
        buggy_peak_bytes: The peak of the index of whole articles.
        fixed_peak_bytes: The peak of the index of titles.
    """

    forms: Forms
    buggy_peak_bytes: int
    fixed_peak_bytes: int


def measure_forms(bench: Bench) -> Forms:
    """Measure what an entry takes, by what it stores."""
    return bench.program("programs.stored_forms", str(ENTRIES), gives=Forms)


def measure_reference(bench: Bench) -> ReferenceFigures:
    """Measure an entry, and the word index in both variants."""
    forms = measure_forms(bench)
    peaks = {str(r.variant): peak_of(r) for r in bench.runs("word_index")}
    return ReferenceFigures(forms, peaks["buggy"], peaks["fixed"])


def judge_reference(figures: ReferenceFigures) -> Finding:
    """Judge the memory of a reference, and the share that storing titles saves."""
    reference = figures.forms[EXISTING_ARTICLE]
    saved = 1 - figures.fixed_peak_bytes / figures.buggy_peak_bytes
    measured = [
        f"{ENTRIES:,} entries that refer to one article of 4 MB: {reference:.1f} B each",
        f"the same with one title: {figures.forms[EXISTING_TITLE]:.1f} B each",
        (
            f"the word index: {format_bytes(figures.buggy_peak_bytes)} with articles, "
            f"{format_bytes(figures.fixed_peak_bytes)} with titles, {saved:.1%} saved"
        ),
    ]
    is_right = is_near(reference, CLAIMED_BYTES_OF_REFERENCE), 1 - saved <= MAX_UNSAVED
    if all(is_right):
        reason = "A reference takes as much as the article, and titles save nearly all of it."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.WRONG,
        reason=f"A reference is {reference:.0f} bytes, whatever it refers to, and an article that "
        "is stored under a thousand words exists once. The leak is the article itself: the "
        "index keeps alive what would be freed. So titles save the articles that nothing "
        f"else keeps, {saved:.0%} of the peak here, more the longer it runs, and nothing where "
        "a cache holds the articles anyhow.",
    )


def judge_forms(forms: Forms) -> Finding:
    """Judge whether it matters in which form an article is named."""
    existing = [forms[EXISTING_ARTICLE], forms[EXISTING_TITLE]]
    new = {name: size for name, size in forms.items() if name.startswith("a new")}
    measured = [f"{name}: {size:.0f} B" for name, size in forms.items()]
    if is_near(max(new.values()), max(existing)):
        reason = "All forms take about the same."
        return Finding(measured=measured, outcome=ClaimOutcome.WRONG, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason=f"each entry makes a new object. A new one takes {min(new.values()):.0f} to "
        f"{max(new.values()):.0f} B, and an entry that refers to an object which exists takes "
        f"{max(existing):.0f} B in every form. One title object for each article is as small as "
        "an index, and it can be read.",
    )
