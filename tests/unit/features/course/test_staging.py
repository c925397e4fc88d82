"""What is shown of a stage: the learner's path, and no temporary folder."""

from pathlib import Path

import pytest

from leaklab.catalogue.folders import Catalogue
from leaklab.features.course.diagnosis import PROGRAM_FILE
from leaklab.features.course.staging import Stage, staged_scenario
from toy_course import exercise_of

SHOWN = Path("/home/ada/leak-course/01_night_shift/program.py")
ROOT = Path("/scratch/leaklab-x1_/stage")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ROOT}/scenarios/night_shift/{PROGRAM_FILE}:3: oh", f"{SHOWN}:3: oh"),
        (f"scenarios/night_shift/{PROGRAM_FILE}:3", f"{SHOWN}:3"),
        (
            f'File "{ROOT}/scenarios/night_shift/real_workload.py", line 9',
            'File "workload.py", line 9',
        ),
        ("/a/b/leaklab-b2/leaklab_driver.py:105: size=1 B", "leaklab_driver.py:105: size=1 B"),
        ("/usr/lib/python3/json.py:1, leaklab-made", "/usr/lib/python3/json.py:1, leaklab-made"),
    ],
)
def test_paths_of_a_stage_are_those_of_the_learner(
    tmp_path: Path, text: str, expected: str
) -> None:
    scenario = staged_scenario(exercise_of(tmp_path))
    stage = Stage(Catalogue(ROOT), scenario, SHOWN, ROOT.parent / "records", "token")
    assert stage.presentable(text) == expected
