"""The claims about the columns VIRT and SHR of top."""

from msgspec import Struct

from leaklab.features.quality.claims.bench import Bench, peak_of
from leaklab.features.quality.claims.claim import ClaimOutcome, Finding
from leaklab.model.errors import NotMeasured
from leaklab.model.units import MIB, format_bytes
from leaklab.model.verdicts import Conclusion

EVICTED_BYTES = 64 * MIB
GIB_BYTES = 1 << 30


class Addresses(Struct, frozen=True):
    """A program that reserves addresses until the kernel refuses; the message is empty if not."""

    reserved_gib: int
    added_rss_bytes: int
    refusal: str


class AddressFigures(Struct, frozen=True):
    """Address space that does no harm, and address space that ends a program.

    Attributes:
        mapped_bytes: The address space of a program that maps a large file.
        mapped_peak_bytes: Its peak of resident memory, above its interpreter.
        addresses: The program that goes on reserving.
    """

    mapped_bytes: int
    mapped_peak_bytes: int
    addresses: Addresses


class Evicted(Struct, frozen=True):
    """What stayed in memory of a file and of shared memory, of the same size, after eviction."""

    size_bytes: int
    file_kept_bytes: int
    shared_kept_bytes: int


class SharedFigures(Struct, frozen=True):
    """Pages that the kernel can evict, and segments that a program forgets.

    Attributes:
        evicted: What stayed after eviction.
        leaked_bytes: The growth of shared memory per segment that is not unlinked.
        is_leak: Whether leaklab calls it a leak.
    """

    evicted: Evicted
    leaked_bytes: float
    is_leak: bool


def measure_addresses(bench: Bench) -> AddressFigures:
    """Run a program with a large mapping, and one that reserves addresses without end."""
    (mapped,) = bench.runs("mapped_file")
    vms = [value for value in mapped.processes[0].samples.vms_bytes if value is not None]
    addresses = bench.program("programs.addresses", gives=Addresses)
    return AddressFigures(int(max(vms, default=0)), peak_of(mapped), addresses)


def judge_addresses(figures: AddressFigures) -> Finding:
    """Judge whether address space can do harm."""
    addresses = figures.addresses
    ending = f"then the kernel refused: {addresses.refusal}" if addresses.refusal else "no refusal"
    measured = [
        (
            f"a file of 4 GiB is mapped: VIRT {format_bytes(figures.mapped_bytes)}, RES "
            f"+{format_bytes(figures.mapped_peak_bytes)}"
        ),
        (
            f"reserved and never touched: {format_bytes(addresses.reserved_gib * GIB_BYTES)}, "
            f"RES +{format_bytes(addresses.added_rss_bytes)}, {ending}"
        ),
    ]
    if not addresses.refusal:
        reason = "No amount of address space was refused, and none of it took memory."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason="it does not grow. A large VIRT is harmless, because memory is taken when a page is "
        "touched. A VIRT that grows ends the program when its addresses are used up, with "
        "hardly any memory taken, and earlier under 'ulimit -v' or strict overcommit.",
    )


def measure_shared(bench: Bench) -> SharedFigures:
    """Evict both kinds of shared pages, and run the program that forgets its segments."""
    evicted = bench.program("programs.evicted", str(EVICTED_BYTES), gives=Evicted)
    (leaking,) = bench.runs("shared_memory_segments", "--variant", "buggy")
    split = leaking.processes[0].verdict.split if leaking.processes[0].verdict else None
    if split is None or split.tmpfs is None:
        raise NotMeasured("shared_memory_segments: the bytes in /dev/shm were not read")
    return SharedFigures(evicted, split.tmpfs, leaking.verdict.conclusion is Conclusion.LEAK)


def judge_shared(figures: SharedFigures) -> Finding:
    """Judge whether the system takes care of what SHR counts."""
    evicted = figures.evicted
    measured = [
        (
            f"{format_bytes(evicted.size_bytes)} of a file, evicted by the kernel: "
            f"{format_bytes(evicted.file_kept_bytes)} stayed"
        ),
        (
            f"{format_bytes(evicted.size_bytes)} of shared memory: "
            f"{format_bytes(evicted.shared_kept_bytes)} stayed"
        ),
        f"segments that are not unlinked: {format_bytes(figures.leaked_bytes)} each, "
        + ("a leak" if figures.is_leak else "no leak"),
    ]
    half = evicted.size_bytes / 2
    if evicted.shared_kept_bytes < half and not figures.is_leak:
        reason = "The kernel took both kinds of pages back."
        return Finding(measured=measured, outcome=ClaimOutcome.HOLDS, reason=reason)
    if evicted.file_kept_bytes >= half:
        reason = "The kernel took neither the pages of the file back nor the shared memory."
        return Finding(measured=measured, outcome=ClaimOutcome.WRONG, reason=reason)
    return Finding(
        measured=measured,
        outcome=ClaimOutcome.CONDITIONAL,
        reason="the pages are those of files, which the kernel can drop and read again. Shared "
        "memory is counted in the same column, belongs to the program, and stays until it is "
        "unlinked, even beyond the end of the process; without swap it cannot be evicted.",
    )
