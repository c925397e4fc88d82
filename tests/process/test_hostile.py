"""What comes out of a run is not believed: none of it ends or holds a session."""

import json
import os
from pathlib import Path

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.model.errors import NotMeasured
from leaklab.runs.executor import ProcessExecutor
from leaklab.runs.limits import make_limits
from leaklab.sandbox import child
from process.conftest import TOYS, Leaklab, complaints

pytestmark = pytest.mark.process

# A run that is judged as it would be without the fault, or fails alone.
JUDGED = ["pipe", "link", "numbers", "deep"]
FAILING = {
    "shrink": "PermissionError: [Errno 1] Operation not permitted",
    "rows": "the program changed the lab's table of samples",
    "bytes": r"ValueError: no such file: caf\udce9.txt",
}


@pytest.mark.parametrize("fault", JUDGED)
def test_a_run_is_judged_whatever_its_program_puts_in_the_labs_places(
    toy: Leaklab, fault: str
) -> None:
    result = toy("run", "faulty", "-o", f"fault={fault}")
    assert (result.returncode, complaints(result)) == (0, [])


@pytest.mark.parametrize("fault", FAILING)
def test_a_hostile_run_fails_alone_and_the_session_goes_on(toy: Leaklab, fault: str) -> None:
    result = toy("run", "faulty", "--repeat", "2", "-o", f"fault={fault}")
    assert result.returncode in {2, 3}
    assert 2 == sum(FAILING[fault] in line for line in complaints(result)), result.stderr
    assert "bug in leaklab" not in result.stderr


def test_a_run_that_holds_its_supervisor_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "GIVE_UP_SECONDS", 1.0)
    catalogue = open_catalogue(TOYS)
    (job,) = plan(catalogue, PlanRequest(("faulty",), options=("fault=trace",)))
    with (
        ProcessExecutor(catalogue, make_limits(None, 60.0)) as executor,
        pytest.raises(NotMeasured, match="the run was given up, because it did not end"),
    ):
        # The next unit traces the supervisor and hangs.
        executor.execute(job, lambda units: executor.cancel() if units == 49 else None)


def test_a_watched_program_with_a_name_that_is_not_utf8_has_a_report(
    leaklab: Leaklab, place: Path
) -> None:
    program = place / os.fsdecode(b"caf\xe9")
    program.write_text("#!/bin/sh\nsleep 30\n")
    program.chmod(0o755)
    result = leaklab("watch", "--json", "--for", "1", "--", f"./{program.name}")
    assert "./caf?" == json.loads(result.stdout)["command"]
