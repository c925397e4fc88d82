import re
import shutil
from pathlib import Path

import pytest

from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Mode, Variant

TOYS = Path(__file__).parents[2] / "catalogue"


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """The toys `grow` (200 units), which runs in three modes, and `chatty`, which runs inline."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "__init__.py").touch()
    for name, modes in (("grow", '["inline", "spawn", "fork"]'), ("chatty", '["inline"]')):
        folder = shutil.copytree(TOYS / "scenarios" / name, tmp_path / "scenarios" / name)
        path = Path(folder) / "scenario.toml"
        path.write_text(re.sub(r"\[\"inline\".*?\]", modes, path.read_text()))
    return open_catalogue(tmp_path)


def test_all_modes_are_those_that_each_scenario_declares(catalogue: Catalogue) -> None:
    jobs = plan(catalogue, PlanRequest(names=["chatty", "grow"], modes=()))
    assert [str(job.mode) for job in jobs] == ("inline inline inline spawn spawn fork fork".split())


def test_a_scenario_without_the_mode_is_left_out_if_no_scenario_is_named(
    catalogue: Catalogue,
) -> None:
    jobs = plan(catalogue, PlanRequest(modes=[Mode.FORK, Mode.SPAWN]))
    assert {job.scenario.name for job in jobs} == {"grow"}
    assert [job.mode for job in jobs] == 2 * [Mode.FORK] + 2 * [Mode.SPAWN]


def test_a_mode_that_a_named_scenario_lacks_is_refused(catalogue: Catalogue) -> None:
    message = "chatty does not run in mode fork; it has: inline"
    with pytest.raises(BadInput, match=re.escape(message)):
        plan(catalogue, PlanRequest(names=["grow", "chatty"], modes=[Mode.FORK]))


@pytest.mark.parametrize(
    ("workers", "units", "expected"),
    [
        (None, None, [(1, 200), (2, 400), (2, 400)]),
        (3, None, [(1, 200), (3, 600), (3, 600)]),
        (3, 100, [(1, 100), (3, 100), (3, 100)]),
    ],
)
def test_each_worker_does_the_units_of_a_verdict_by_default(
    catalogue: Catalogue, workers: int | None, units: int | None, expected: list[tuple[int, int]]
) -> None:
    request = PlanRequest(["grow"], Variant.BUGGY, (), workers=workers, units=units)
    assert expected == [(job.workers, job.units) for job in plan(catalogue, request)]


def test_more_workers_than_units_are_refused(catalogue: Catalogue) -> None:
    request = PlanRequest(["grow"], modes=[Mode.SPAWN], workers=9, units=8)
    with pytest.raises(BadInput, match="9 workers cannot share 8 units; raise --units"):
        plan(catalogue, request)


def test_workers_without_a_pool_are_refused(catalogue: Catalogue) -> None:
    with pytest.raises(BadInput, match="--workers is for pools: add --mode"):
        plan(catalogue, PlanRequest(["grow"], workers=2))
