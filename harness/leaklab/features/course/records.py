"""The lab's count of the work, read from what the recorder wrote, and compared with another."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leaklab.model.errors import NotMeasured


@dataclass(frozen=True)
class WorkRecord:
    """The work of all processes of a run.

    Attributes:
        units: The units that the workload did.
        calls: How often each public function of the program was called from outside.
        sums: The sums of the results of each.
    """

    units: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, int] = field(default_factory=dict)


def take_record(folder: Path, token: str, requested: int) -> WorkRecord:
    """Read the records that the processes of a run wrote, and remove all.

    Args:
        folder: The folder of the records.
        token: What each record begins with.
        requested: The units that the lab requested of each process of this run; records of other
            runs, such as the rehearsal, are not counted.

    Raises:
        NotMeasured: There is none, or one has another form or another token.
    """
    files = sorted(folder.iterdir())
    if not files:
        raise NotMeasured("the run ended without the lab's count of its work")
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    for file in files:
        file.unlink()
    try:
        return _sum_of([text for text in texts if _requested(text, token) == requested])
    except (ValueError, KeyError) as error:
        raise NotMeasured("the lab's count of the work was changed by the program") from error


def _requested(text: str, token: str) -> int:
    """Return the units that were requested of the process that wrote a record.

    Raises:
        ValueError: The record has another form.
        KeyError: It has another token.
    """
    mark, _, units = text.partition("\n")[0].rpartition(" ")
    return {token: int(units)}[mark]


def _sum_of(texts: list[str]) -> WorkRecord:
    """Return the work of several processes."""
    units, calls, sums = 0, Counter[str](), Counter[str]()
    for text in texts:
        _, done, *functions = text.splitlines()
        units += int(done)
        for line in functions:
            name, count, total = line.split(" ")
            calls[name] += int(count)
            sums[name] += int(total)
    return WorkRecord(units, calls, {name: total % (1 << 64) for name, total in sums.items()})


def differences(own: WorkRecord, reference: WorkRecord, again: WorkRecord | None) -> list[str]:
    """Return how a program's work differs from that of the reference, one sentence each.

    Args:
        own: The work of the program.
        reference: The work of the reference with the same seed and units.
        again: The work of the reference in a second run; a function for which the two runs of the
            reference differ depends on time and is not compared. None compares all.
    """
    if own.units != reference.units:
        return [f"it did {own.units:,} of {reference.units:,} units"]
    problems = []
    for name, count in reference.calls.items():
        if again and _differs(name, reference, again):
            continue
        if own.calls.get(name, 0) != count:
            done = own.calls.get(name, 0)
            problems.append(f"{name} was called {done:,} times, and {count:,} in the reference")
        elif own.sums.get(name) != reference.sums[name]:
            problems.append(f"{name} gives other results than in the reference")
    return problems


def _differs(name: str, first: WorkRecord, second: WorkRecord) -> bool:
    return first.calls.get(name) != second.calls.get(name) or first.sums.get(
        name
    ) != second.sums.get(name)
