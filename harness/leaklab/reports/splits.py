"""Where memory grew, in one line: which allocator, mapped past both, files, shared memory."""

from collections.abc import Iterable, Iterator

from leaklab.model.result import Result
from leaklab.model.scenario import Resource
from leaklab.model.units import format_growth
from leaklab.model.verdicts import Conclusion, Split, Verdict
from leaklab.verdict.pairs import label

# What it is called for people, in this order.
NAMES = {
    "pymalloc": "pymalloc",
    "malloc": "malloc",
    "mapped": "mapped past both",
    "file_pages": "pages of files",
    "shared": "shared memory",
    "tmpfs": "tmpfs",
}
# Less than this share of the largest part is left out, and so is less than half a byte a unit.
MIN_SHARE = 0.02
MIN_PART_BYTES = 0.5


def splits(results: Iterable[Result]) -> Iterator[str]:
    """A line for each run whose memory, or shared memory, grows; one for its repeats."""
    lines = {label(r): words for r in results if grows(r) and (words := split_words(r))}
    yield from (f"{which}, per {words}" for which, words in lines.items())


def grows(result: Result) -> bool:
    """Whether a run leaks, or may leak, memory of any kind."""
    verdict = result.verdict
    of_memory = {Resource.MEMORY, Resource.SHARED_MEMORY}
    leaking = {r for r, one in verdict.others.items() if one is Conclusion.LEAK}
    surely_grows = (verdict.low or 0.0) > 0 and verdict.conclusion is not Conclusion.CLEAN
    if verdict.is_leak or surely_grows:
        leaking.add(verdict.resource)
    return bool(leaking & of_memory)


def split_words(result: Result) -> str:
    """`connection: pymalloc +592 B, malloc +26 B; anonymous RSS +623 B`; empty where it could not
    be told."""
    split = _split(result)
    if split is None:
        return ""
    values = {name: getattr(split, name) for name in NAMES}
    known = {name: value for name, value in values.items() if value is not None}
    largest = max((abs(value) for value in known.values()), default=0.0)
    shown = [
        f"{NAMES[name]} {_bytes(value)}"
        for name, value in known.items()
        if abs(value) >= max(MIN_SHARE * largest, MIN_PART_BYTES)
        # What is mapped is a remainder: below zero it is the allocators' untouched places.
        and (name != "mapped" or value > 0)
    ]
    if not shown:
        return ""
    anonymous = f"; anonymous RSS {_bytes(split.anonymous)}" if split.anonymous is not None else ""
    return f"{result.unit}: {', '.join(shown)}{anonymous}"


def _split(result: Result) -> Split | None:
    verdict: Verdict | None = result.verdict
    if verdict is not None and verdict.split is not None:
        return verdict.split
    return None


def _bytes(value: float) -> str:
    return format_growth(value, Resource.MEMORY)
