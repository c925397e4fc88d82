"""Advice as data: everything a run may have to say about its own trustworthiness."""

from enum import Enum

from leaklab.record import Result


class Advice(Enum):
    """A remark under a table; its value is the text, which ends with what to do."""

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
    STOPPED = "a run was stopped at a limit; raise --memory-limit or --time-limit to see it end"


def advise(results: list[Result]) -> list[Advice]:
    """What these runs should be read with, each remark once."""
    measured = [r for r in results if r.processes]
    holds = {
        Advice.ASLR_ON: any(not r.controls.aslr_off for r in measured),
        Advice.HUGE_PAGES: any(not r.controls.huge_pages_off for r in measured),
        Advice.NO_RESET: any(not r.controls.high_water_reset for r in measured),
        Advice.STOPPED: any(r.ended.stopped for r in results),
    }
    return [advice for advice, true in holds.items() if true]
