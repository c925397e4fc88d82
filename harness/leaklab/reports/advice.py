"""Advice as data: each remark on how far the figures of a run can be trusted."""

from collections.abc import Iterable, Sequence
from enum import Enum

from leaklab.model.measurement import Controls
from leaklab.model.result import Result
from leaklab.model.scenario import Resource
from leaklab.model.units import format_bytes
from leaklab.verdict.pairs import label

BY_OBSERVER = "observer"

# Libraries that size a cache by the machine's memory take a few per cent of it.
SIZED_SHARE = 0.02


class Advice(Enum):
    """A remark below a table. Its value is the text, which ends with what to do.

    `{of}` stands for the subject of the remark: the labels of runs, or what a platform refused.
    """

    ASLR_ON = (
        "address randomisation could not be switched off, so peaks may differ by a few pages; "
        "allow personality(2) in this container"
    )
    HUGE_PAGES = (
        "transparent huge pages could not be switched off, so RSS may change in steps of 2 MiB; "
        "set the kernel's transparent_hugepage to 'madvise'"
    )
    NO_RESET = (
        "the kernel refused to reset the high-water mark, so peaks include the start of the "
        "interpreter; mount /proc writable"
    )
    PIN_LOST = (
        "the program changed its own CPU affinity, so peaks of {of} may differ by some 100 KiB; "
        "remove that call from the program to compare peaks"
    )
    SHARED_MEMORY = (
        "{of} had no private /dev/shm, so segments of other programs may be counted; run as root "
        "or in a user namespace"
    )
    LIMIT_SEEN = (
        "{of}: a program that sizes its caches by the machine's memory sees this limit instead, so "
        "it keeps less than without the limit; --memory-limit changes it"
    )
    REFUSED = (
        "refused here: {of}; the observer reads every 20 ms, so a fast program can exceed a limit; "
        "delegate a cgroup, and the kernel enforces the limits"
    )
    STOPPED = (
        "a run was stopped at a limit; raise --memory-limit, --time-limit, --process-limit or "
        "--descriptor-limit to let it end"
    )


def advise(results: Sequence[Result]) -> list[str]:
    """Return the remarks that apply to these results, each remark once."""
    measured = [r for r in results if r.processes]
    subjects = {
        Advice.ASLR_ON: _labels(r for r in measured if not r.controls.aslr_off),
        Advice.HUGE_PAGES: _labels(r for r in measured if not r.controls.huge_pages_off),
        Advice.NO_RESET: _labels(r for r in measured if not r.controls.high_water_reset),
        Advice.PIN_LOST: _labels(r for r in measured if not all(p.pin_kept for p in r.processes)),
        Advice.SHARED_MEMORY: _labels(r for r in measured if _shares_dev_shm(r)),
        Advice.LIMIT_SEEN: _limits_seen(measured),
        Advice.REFUSED: _refusals(measured),
        Advice.STOPPED: _labels(r for r in results if r.end_reason.stopped),
    }
    return [advice.value.format(of=subject) for advice, subject in subjects.items() if subject]


def _shares_dev_shm(result: Result) -> bool:
    about_segments = result.verdict.resource is Resource.SHARED_MEMORY
    return about_segments and not result.controls.own_shared_memory


def _limits_seen(results: Iterable[Result]) -> str:
    """The memory limits of programs that may have sized themselves by them.

    These are programs outside the lab's catalogue that do not leak and that use more than
    `SIZED_SHARE` of their limit.
    """
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
    """What the platform refused, and which limits are in force instead."""
    return "; ".join(dict.fromkeys(_refusal(r.controls) for r in results if r.controls.refused))


def _refusal(controls: Controls) -> str:
    refused = "; ".join(controls.refused)
    in_force = f"memory by {controls.memory_limit_by}, processes by {controls.process_limit_by}"
    return f"{refused} (limits in force instead: {in_force})"
