"""The command that measures the cost of the observer: real processes, watched for a second."""

from pathlib import Path

import pytest

from leaklab.features.quality import observer_cost
from leaklab.features.quality.observer_cost import READINGS, Enforcer, Load, measure_observer_cost
from leaklab.model.errors import NotMeasured
from process.conftest import Leaklab, one_line

pytestmark = pytest.mark.process


def test_the_command_writes_only_its_own_section(leaklab: Leaklab, place: Path) -> None:
    document = place / "performance.md"
    document.write_text("# Title\n\n<!-- observer: begin -->\nold\n<!-- observer: end -->\n\nend\n")
    result = leaklab("observer", "--quick", "--write", str(document))
    assert (0 if "met by all" in result.stdout else 1) == result.returncode
    assert ["one process", "pool of 2"] == [
        line.split("  ")[0] for line in result.stdout.splitlines()[1:3]
    ]
    text = document.read_text()
    assert "`leaklab selftest observer --quick`" in text
    assert ", on Linux " in text
    assert "| pool of 2 | 10 MiB | " in text
    assert "old" not in text
    assert (text.startswith("# Title\n"), text.endswith("-->\n\nend\n")) == (True, True)


def test_an_unwritable_document_is_reported_before_any_measurement(
    leaklab: Leaklab, place: Path
) -> None:
    result = leaklab("observer", "--quick", "--write", str(place))
    assert 2 == result.returncode
    assert "is a directory" in one_line(result)
    assert "" == result.stdout


def test_a_run_without_cgroup_is_watched_only_by_the_observer() -> None:
    load = Load(2, 1 << 20, Enforcer.OBSERVER)
    (before, none), (after, result) = measure_observer_cost([load], seconds=0.1)
    assert (load, None, load) == (before, none, after)
    assert result is not None
    assert Enforcer.OBSERVER is result.enforcer
    assert result.readings >= READINGS
    assert 0 < result.pss_share < result.thread_share
    assert result.longest_gap_seconds >= result.pss_interval_seconds


def test_a_load_that_ends_by_itself_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer_cost, "BALLAST", "")
    with pytest.raises(NotMeasured, match=r"one process of 1 MiB: ended by itself; "):
        list(measure_observer_cost([Load(0, 1 << 20)], seconds=0.1))
