"""The assembly of a measurement."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from leaklab.runs.measured import tail_of
from leaklab.sandbox.child import Child
from leaklab.sandbox.output import OutputFile

WARNED = "resource_tracker: There appear to be 2 leaked semaphore objects to clean up at shutdown"


@pytest.mark.parametrize(
    "warning",
    [
        f"/lib/resource_tracker.py:224: UserWarning: {WARNED}\n  warnings.warn('{WARNED}: '\n",
        f"/lib/resource_tracker.py:301: UserWarning: {WARNED}\n  warnings.warn(\n",
        f"/lib/resource_tracker.py:301: UserWarning: {WARNED}",
    ],
    ids=["Python 3.11", "Python 3.13", "cut off"],
)
def test_a_resource_tracker_s_warning_after_a_kill_is_not_output_of_the_program(
    tmp_path: Path, warning: str
) -> None:
    (tmp_path / "output").write_text(f"famous last words\n{warning}")
    assert "famous last words" == tail_of(
        cast("Child", SimpleNamespace(output=OutputFile(tmp_path / "output")))
    )


def test_a_warning_of_the_program_itself_is_kept(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a.py:1: UserWarning: mind the gap\n  warnings.warn(\n")
    tail = tail_of(cast("Child", SimpleNamespace(output=OutputFile(tmp_path / "output"))))
    assert "a.py:1: UserWarning: mind the gap\n  warnings.warn(" == tail
