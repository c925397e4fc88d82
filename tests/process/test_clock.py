"""A clock set back during a session: nothing waits, and the newest session stays the newest.

Other programs use the machine's clock, so only the harness reads a changed clock here.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from leaklab.runs.store import find_results
from process.conftest import TOYS, complaints

pytestmark = pytest.mark.process

A_DAY_BACK = """
import datetime, sys, time
from pathlib import Path
truth = time.time
time.time = lambda: truth() - (86400 if list(Path("results").glob("*/grow.*")) else 0)
class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(time.time(), tz)
datetime.datetime = Clock
from leaklab.__main__ import main
main()
"""


def test_a_clock_set_back_loses_nothing_and_leaves_the_newest_session_last(
    place: Path, environment: dict[str, str]
) -> None:
    arguments = ["run", "grow", "--seed", "2", "--repeat", "2", "--catalogue", str(TOYS)]
    command = [sys.executable, "-c", A_DAY_BACK, *arguments]
    for _ in range(2):
        result = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, check=False
        )
        assert (result.returncode, complaints(result)) == (0, [])
    older, newer = sorted((place / "results").iterdir())
    assert f"saved in results/{newer.name}" in result.stdout
    assert [4, 4] == [
        len(find_results(place / "results", str(folder))) for folder in (older, newer)
    ]
