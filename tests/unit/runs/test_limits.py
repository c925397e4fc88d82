"""Limits that are too low for any run, and the selection of modes."""

import pytest

import toys
from leaklab.cli import options
from leaklab.model.errors import BadInput
from leaklab.model.job import Limits
from leaklab.model.scenario import Mode
from leaklab.runs.limits import make_limits, require_sufficient_limits


def limits(**changes: int) -> Limits:
    return Limits(memory_bytes=1 << 30, time_seconds=1, **changes)


@pytest.mark.parametrize(
    ("chosen", "modes"),
    [
        (["inline"], (Mode.INLINE,)),
        (["fork", "spawn", "fork"], (Mode.FORK, Mode.SPAWN)),
        (["all"], ()),
        (["fork", "all"], ()),
    ],
)
def test_all_means_every_mode_once(chosen: list[str], modes: tuple[Mode, ...]) -> None:
    assert options.make_modes(chosen) == modes


def test_less_memory_than_a_bare_interpreter_needs_is_refused_with_the_amount() -> None:
    message = r"a memory limit of 977 KiB is less than a bare interpreter needs \([0-9.]+ MiB\)"
    with pytest.raises(BadInput, match=message):
        make_limits(1_000_000, 1.0)
    assert make_limits(60_000_000, 1.0).memory_bytes == 60_000_000


def test_fewer_descriptors_than_a_run_needs_are_refused() -> None:
    with pytest.raises(BadInput, match=r"63 descriptors is less than a run .* \(64\); allow more"):
        make_limits(1 << 30, 1.0, descriptor_limit=63)
    assert make_limits(1 << 30, 1.0, descriptor_limit=64).descriptors == 64


def test_fewer_processes_than_a_pool_needs_are_refused() -> None:
    jobs = [toys.job(), toys.job(mode=Mode.SPAWN, workers=3)]
    require_sufficient_limits(limits(processes=6), jobs)
    require_sufficient_limits(limits(processes=1), jobs[:1])
    with pytest.raises(BadInput, match=r"5 processes is less than a pool of 3 workers needs \(6,"):
        require_sufficient_limits(limits(processes=5), jobs)


def test_fewer_descriptors_than_a_pool_needs_are_refused() -> None:
    jobs = [toys.job(), toys.job(mode=Mode.FORK, workers=30)]
    require_sufficient_limits(limits(descriptors=184), jobs)
    require_sufficient_limits(limits(descriptors=64), jobs[:1])
    message = (
        r"183 descriptors is less than the parent of a pool of 30 workers may need \(184\); allow"
    )
    with pytest.raises(BadInput, match=message):
        require_sufficient_limits(limits(descriptors=183), jobs)
