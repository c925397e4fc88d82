"""Advice as data: everything a run may have to say about its own trustworthiness."""

from collections.abc import Iterable, Sequence
from enum import Enum

from leaklab.model.measurement import Controls
from leaklab.model.result import Result
from leaklab.model.scenario import Resource
from leaklab.model.units import format_bytes
from leaklab.verdict.pairs import label

BY_OBSERVER = "observer"

# Libraries that size a cache by the machine's memory take some per cent of it.
SIZED_SHARE = 0.02


class Advice(Enum):
    """A remark under a table; its value is the text, which ends with what to do. `{of}` stands
    for what it is about: the runs, or what a platform refused."""

    ASLR_ON = (
        "address randomisation could not be switched off, so peaks may differ by some pages; "
        "allow personality(2) in this container"
    )
    HUGE_PAGES = (
        "transparent huge pages could not be switched off, so RSS may move by 2 MiB at a time; "
        "run with the kernel's setting 'madvise'"
    )
    NO_RESET = (
        "the kernel refused to reset the high-water mark, so peaks include the interpreter's own "
        "start; mount /proc writable"
    )
    PIN_LOST = (
        "the program changed its own CPU affinity: peaks of {of} may differ by some 100 KiB; take "
        "that out of the program to compare peaks"
    )
    SHARED_MEMORY = (
        "{of} had no /dev/shm of their own, so that other programs' segments may be counted, too; "
        "run as root, or in a user namespace"
    )
    LIMIT_SEEN = (
        "{of}: a program that sizes itself by the memory of the machine has seen this limit, and "
        "holds less than without it; --memory-limit changes it"
    )
    REFUSED = (
        "refused here: {of}; the observer looks every 20 ms, and what is faster passes it: have a "
        "cgroup delegated, and the kernel itself holds the limits"
    )
    STOPPED = (
        "a run was stopped at a limit; raise --memory-limit, --time-limit, --process-limit or "
        "--descriptor-limit to see it end"
    )


def advise(results: Sequence[Result]) -> list[str]:
    """What these runs should be read with, each remark once."""
    measured = [r for r in results if r.processes]
    about = {
        Advice.ASLR_ON: _labels(r for r in measured if not r.controls.aslr_off),
        Advice.HUGE_PAGES: _labels(r for r in measured if not r.controls.huge_pages_off),
        Advice.NO_RESET: _labels(r for r in measured if not r.controls.high_water_reset),
        Advice.PIN_LOST: _labels(r for r in measured if not all(p.pin_kept for p in r.processes)),
        Advice.SHARED_MEMORY: _labels(r for r in measured if _shares_dev_shm(r)),
        Advice.LIMIT_SEEN: _limits_seen(measured),
        Advice.REFUSED: _refusals(measured),
        Advice.STOPPED: _labels(r for r in results if r.end_reason.stopped),
    }
    return [advice.value.format(of=of) for advice, of in about.items() if of]


def _shares_dev_shm(result: Result) -> bool:
    about_segments = result.verdict.resource is Resource.SHARED_MEMORY
    return about_segments and not result.controls.own_shared_memory


def _limits_seen(results: Iterable[Result]) -> str:
    """The memory limits under which programs ran that are not the lab's own, do not leak, and hold
    so much that they may have sized themselves by it."""
    limits = dict.fromkeys(
        format_bytes(r.controls.memory_limit_bytes)
        for r in results
        if not r.vouched
        and not r.verdict.is_leak
        and r.controls.memory_limit_by != BY_OBSERVER
        and (r.peak_bytes or 0) > SIZED_SHARE * r.controls.memory_limit_bytes
    )
    return f"limited to {', '.join(limits)} of memory" if limits else ""


def _labels(results: Iterable[Result]) -> str:
    return ", ".join(dict.fromkeys(label(result) for result in results))


def _refusals(results: Iterable[Result]) -> str:
    """What was refused, and what is in force."""
    found = {_refusal(r.controls): None for r in results if r.controls.refused}
    return "; ".join(found)


def _refusal(controls: Controls) -> str:
    refused = "; ".join(controls.refused)
    means = f"memory by {controls.memory_limit_by}, processes by {controls.process_limit_by}"
    return f"{refused} (limits in force instead: {means})"
