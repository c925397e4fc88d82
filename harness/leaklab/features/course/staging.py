"""The stage: a catalogue of one scenario in a temporary folder, with the learner's program in it.

The learner's program never runs in the workspace, and nothing that runs it has a file of the
solution on its path. The scenario has the neutral name of the exercise there, and no known truth.
What it prints names the file of the stage, which `Stage.presentable` replaces by the learner's.
"""

import contextlib
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from leaklab.agent.leaklab_agent import recorder
from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import DEFAULT_WORKERS
from leaklab.features.course.diagnosis import PROGRAM_FILE
from leaklab.features.course.exercises import Exercise
from leaklab.model.job import Job
from leaklab.model.scenario import ControlTruth, Mode, Pattern, Scenario, Variant
from leaklab.sandbox.scratch import reporting_disk_errors, session_folder

RECORDER = "leaklab_recorder"
# The folders of the lab, which are gone when the learner reads of them.
TEMPORARY_FOLDER = re.compile(r"(?:/[^/\s:\"']+)*/leaklab-[^/\s:\"']+/(?:stage/)?")
# The scenario's workload, recording so that the lab counts the work that the program does.
STAGED_WORKLOAD = '''"""The workload of the exercise, with the lab's count of the work."""

from {recorder} import check_after_work, recorded

from scenarios.{name}.real_workload import check as real_check, workload as real_workload


def workload(program, lab):
    """Do the units, and count what the program does in them."""
    return recorded(real_workload, program, lab, {where!r})


def check(program, lab):
    """Check the contract after the work, so that a program cannot stop working later."""
    check_after_work(real_workload, real_check, program, lab)
'''


@dataclass(frozen=True)
class Stage:
    """A staged program.

    Attributes:
        catalogue: The catalogue that has it alone.
        scenario: The scenario under the exercise's name.
        shown: The path of the program that the learner knows.
        records: The folder in which the lab's counts of the work are written.
        token: What the counts begin with.
    """

    catalogue: Catalogue
    scenario: Scenario
    shown: Path
    records: Path
    token: str

    def job(self, mode: Mode, units: int, seed: int, budget_seconds: float | None = None) -> Job:
        """Return a job of the staged program.

        Args:
            mode: How it is executed.
            units: The units of all of its processes.
            seed: The seed of all random choices.
            budget_seconds: As for `Job`.
        """
        return Job(
            scenario=self.scenario,
            variant=Variant.PROGRAM,
            mode=mode,
            units=units,
            seed=seed,
            options=self.scenario.options,
            workers=workers_of(mode),
            budget_seconds=budget_seconds,
        )

    def presentable(self, text: str) -> str:
        """Return a text of a run with the path that the learner knows, and no temporary one."""
        folder = self.catalogue.folder(self.scenario.name)
        text = text.replace(str(folder / PROGRAM_FILE), str(self.shown))
        text = text.replace(f"scenarios/{self.scenario.name}/{PROGRAM_FILE}", str(self.shown))
        text = TEMPORARY_FOLDER.sub("", text)
        return text.replace(f"scenarios/{self.scenario.name}/real_workload.py", "workload.py")


def workers_of(mode: Mode) -> int:
    """Return the number of processes that share the work in a mode."""
    return DEFAULT_WORKERS if mode.is_pool else 1


@contextlib.contextmanager
def staged(catalogue: Catalogue, exercise: Exercise, source: str, shown: Path) -> Iterator[Stage]:
    """Make a stage for a program; remove it on exit.

    Args:
        catalogue: The catalogue of the exercise.
        exercise: The exercise.
        source: The text of the program.
        shown: The path of the program that the learner knows.

    Raises:
        NotMeasured: The stage cannot be made.
    """
    with session_folder() as folder, reporting_disk_errors(folder):
        root, records = folder / "stage", folder / "records"
        place = root / "scenarios" / exercise.name
        place.mkdir(parents=True)
        records.mkdir()
        (root / "scenarios" / "__init__.py").touch()
        shutil.copytree(
            catalogue.fixtures_root / "fixtures",
            root / "fixtures",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        token = secrets.token_hex(16)
        (place / PROGRAM_FILE).write_text(source, encoding="utf-8")
        shutil.copy(exercise.folder / "workload.py", place / "real_workload.py")
        where = (str(records), token)
        text = STAGED_WORKLOAD.format(recorder=RECORDER, name=exercise.name, where=where)
        (place / "workload.py").write_text(text, encoding="utf-8")
        shutil.copy(recorder.__file__, root / f"{RECORDER}.py")
        yield Stage(Catalogue(root), staged_scenario(exercise), shown, records, token)


def staged_scenario(exercise: Exercise) -> Scenario:
    """Return the scenario of an exercise without anything that gives the answer away."""
    return replace(
        exercise.scenario,
        name=exercise.name,
        title=exercise.title,
        summary="",
        pattern=Pattern.NONE,
        hints=(),
        sources=(),
        buggy=None,
        fixed=None,
        program=ControlTruth(),
        edited=(),
    )
