"""A hand-out: a workspace with what runs its exercises, and without what answers them.

The folder `.course` in it is a catalogue with the exercises under their neutral names. Its
scenarios have no truth, no hints, no lesson and no fixed variant. Answers are noted there and not
graded; `leaklab learn grade` grades them against the full catalogue.
"""

import json
import shutil
from pathlib import Path

from msgspec.structs import asdict

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.stories import STORY_FILE
from leaklab.features.course.diagnosis import PROGRAM_FILE
from leaklab.features.course.exercises import Exercise
from leaklab.features.course.workspace import init_workspace
from leaklab.model.errors import BadInput, NotSaved
from leaklab.model.scenario import Scenario

COURSE = ".course"
# The keys of a scenario.toml that a hand-out has; the others give the answer away.
KEYS = ("unit", "units", "level", "scope", "repeatable", "services", "judge", "min_ratio")


def write_hand_out(catalogue: Catalogue, exercises: list[Exercise], folder: Path) -> None:
    """Write a hand-out into a new or empty folder.

    Raises:
        BadInput: The folder is not empty.
        NotSaved: It cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise BadInput(f"{folder} is not empty: name a new folder")
    try:
        root = folder / COURSE
        (root / "scenarios").mkdir(parents=True)
        (root / "scenarios" / "__init__.py").touch()
        shutil.copytree(
            catalogue.fixtures_root / "fixtures",
            root / "fixtures",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        for exercise in exercises:
            _write_exercise(exercise, root / "scenarios" / exercise.name)
    except OSError as error:
        raise NotSaved(f"{folder} cannot be written: {error.strerror}; name another one") from error
    init_workspace(folder, exercises)


def _write_exercise(exercise: Exercise, place: Path) -> None:
    place.mkdir()
    (place / "scenario.toml").write_text(scenario_text(exercise), encoding="utf-8")
    (place / STORY_FILE).write_text(exercise.story, encoding="utf-8")
    (place / PROGRAM_FILE).write_text(exercise.program, encoding="utf-8")
    shutil.copy(exercise.folder / "workload.py", place / "workload.py")


def scenario_text(exercise: Exercise) -> str:
    """Return the scenario.toml of an exercise without its truth."""
    scenario = exercise.scenario
    lines = ["schema = 1"]
    keys = {
        "title": exercise.title[:32],
        "summary": exercise.title,
        "exercise": exercise.name,
        "pattern": "none",
        "resource": "memory",
        "modes": [str(mode) for mode in scenario.modes],
        "hints": [],
        "sources": [],
        "vouched": True,
        **{key: getattr(scenario, key) for key in KEYS if _is_set(scenario, key)},
    }
    lines += [f"{key} = {_toml(value)}" for key, value in keys.items()]
    if scenario.options:
        lines += ["", "[options]", *(f"{k} = {_toml(v)}" for k, v in scenario.options.items())]
    requires = asdict(scenario.requires)
    if any(requires.values()):
        lines += ["", "[requires]", *(f"{k} = {_toml(v)}" for k, v in requires.items() if v)]
    return "\n".join([*lines, "", "[program]", ""])


def _is_set(scenario: Scenario, key: str) -> bool:
    return getattr(scenario, key) not in (None, (), "")


def _toml(value: object) -> str:
    """Write a value as TOML, which agrees with JSON for strings, numbers and lists of them."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
