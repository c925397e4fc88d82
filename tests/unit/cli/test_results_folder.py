"""Where results are saved by default."""

from pathlib import Path

import pytest

from leaklab.cli.results_folder import default_results


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's state folder; the current folder is beside it and empty."""
    (tmp_path / "current").mkdir()
    monkeypatch.chdir(tmp_path / "current")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_folder_of_another_owner_gets_no_results(state: Path) -> None:
    assert state / "leaklab" / "results" == default_results()


def test_a_folder_of_results_is_used_where_it_exists() -> None:
    Path("results").mkdir()
    assert Path("results") == default_results()


def test_a_checkout_of_leaklab_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("harness/leaklab").mkdir(parents=True)
    assert Path("results") == default_results()
    monkeypatch.chdir("harness")
    assert Path.cwd().parent / "results" == default_results()


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_without_a_usable_xdg_state_home_it_is_below_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / ".local" / "state" / "leaklab" / "results" == default_results()


def test_a_current_folder_that_was_removed_is_no_error(state: Path) -> None:
    Path.cwd().rmdir()
    assert state / "leaklab" / "results" == default_results()
