"""Where memory grew, in one line: in which allocator, in other mappings, files or shared memory."""

from collections.abc import Iterable, Iterator

from leaklab.model.result import Result
from leaklab.model.scenario import Resource
from leaklab.model.units import format_growth
from leaklab.model.verdicts import Conclusion
from leaklab.verdict.pairs import label

# The fields of `Split` in the order in which they are shown, with the name that is shown.
NAMES = {
    "pymalloc": "pymalloc",
    "malloc": "malloc",
    "mapped": "other mappings",
    "file_pages": "pages of files",
    "shared": "shared memory",
    "tmpfs": "tmpfs",
}
# A part is shown if it is at least this share of the largest one, and at least this many bytes.
MIN_SHARE = 0.02
MIN_PART_BYTES = 0.5


def splits(results: Iterable[Result]) -> Iterator[str]:
    """Return a line for each run that may leak memory or shared memory; repeats share a line."""
    lines = {label(r): split for r in results if grows(r) and (split := split_text(r))}
    yield from (f"{run}, per {split}" for run, split in lines.items())


def grows(result: Result) -> bool:
    """Return whether a run leaks, or may leak, memory or shared memory."""
    verdict = result.verdict
    of_memory = {Resource.MEMORY, Resource.SHARED_MEMORY}
    leaking = {r for r, one in verdict.others.items() if one is Conclusion.LEAK}
    surely_grows = (verdict.low or 0.0) > 0 and verdict.conclusion is not Conclusion.CLEAN
    if verdict.is_leak or surely_grows:
        leaking.add(verdict.resource)
    return bool(leaking & of_memory)


def split_text(result: Result) -> str:
    """Format the parts of the growth per unit, without those that are next to nothing.

    Example: `connection: pymalloc +592 B, malloc +26 B; anonymous RSS +623 B`. The text is empty
    where the parts are not known.
    """
    split = result.verdict.split
    if split is None:
        return ""
    parts = {name: getattr(split, name) for name in NAMES}
    known = {name: value for name, value in parts.items() if value is not None}
    largest = max((abs(value) for value in known.values()), default=0.0)
    shown = [
        f"{NAMES[name]} {_bytes(value)}"
        for name, value in known.items()
        if abs(value) >= max(MIN_SHARE * largest, MIN_PART_BYTES)
        # `mapped` is a remainder. Below zero, it is memory of the allocators that was never used.
        and (name != "mapped" or value > 0)
    ]
    if not shown:
        return ""
    anonymous = f"; anonymous RSS {_bytes(split.anonymous)}" if split.anonymous is not None else ""
    return f"{result.unit}: {', '.join(shown)}{anonymous}"


def _bytes(value: float) -> str:
    return format_growth(value, Resource.MEMORY)
