"""How a target is read from the command line, without importing anything."""

from pathlib import Path

import pytest

from leaklab.catalogue.plan import PlanRequest, plan_scenarios
from leaklab.catalogue.targets import TargetRequest, is_target, read_target, scenario_of_target
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Variant


def test_a_text_with_a_colon_is_a_target() -> None:
    assert is_target("shop:place")
    assert not is_target("word_index")


def test_a_module_is_imported_from_the_users_folder(tmp_path: Path) -> None:
    target = read_target(TargetRequest("shop.orders:Orders.place", "", tmp_path))
    assert ("shop.orders", ("Orders", "place")) == (target.module, target.attributes)
    assert (str(tmp_path),) == target.folders
    assert str(tmp_path) == target.working_folder


def test_a_file_is_imported_from_its_folder_and_then_from_the_users(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "shop.py").touch()
    target = read_target(TargetRequest("src/shop.py:place", "", tmp_path))
    assert "shop" == target.module
    assert (str(tmp_path / "src"), str(tmp_path)) == target.folders


def test_a_file_of_a_package_has_its_full_name(tmp_path: Path) -> None:
    (tmp_path / "shop" / "back").mkdir(parents=True)
    for path in ("shop/__init__.py", "shop/back/__init__.py", "shop/back/orders.py"):
        (tmp_path / path).touch()
    target = read_target(TargetRequest("shop/back/orders.py:place", "", tmp_path))
    assert "shop.back.orders" == target.module
    assert (str(tmp_path),) == target.folders


def test_the_set_up_brings_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "make.py").touch()
    target = read_target(TargetRequest("shop:place", "tools/make.py:orders", tmp_path))
    assert target.setup
    assert "make" == target.setup.module
    assert (str(tmp_path), str(tmp_path / "tools")) == target.folders


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("shop:", "'shop:' is not a target"),
        (":place", "':place' is not a target"),
        ("shop:1st", "'shop:1st' is not a target"),
        ("my-shop:place", "'my-shop' is not the name of a module"),
        ("missing.py:place", "there is no file"),
    ],
)
def test_another_form_is_bad_input(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        read_target(TargetRequest(text, "", tmp_path))


def test_a_target_is_planned_like_a_program_of_unknown_behaviour(tmp_path: Path) -> None:
    scenario = scenario_of_target(read_target(TargetRequest("shop:place", "", tmp_path)))
    (job,) = plan_scenarios([scenario], PlanRequest())
    assert ("shop:place/program/inline", Variant.PROGRAM) == (job.label, job.variant)
    assert scenario.leaks(Variant.PROGRAM) is None
    assert not scenario.is_vouched
