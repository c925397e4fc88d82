"""Cheats that the text of a program does not show: each fails in real runs, and is told why."""

from pathlib import Path

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.features.course.check_plan import CheckPlan
from leaklab.features.course.exercises import Exercise, exercises_of
from leaklab.features.course.fix_check import LearnersProgram, check_fix, text_problems
from leaklab.features.course.fix_report import FixReport
from leaklab.model.scenario import Mode
from leaklab.runs.limits import make_limits
from leaklab.runs.listener import Listener

pytestmark = pytest.mark.process

RECORD = "    TRAIL.append(entry)"
LATEST = "    entries = islice(reversed(TRAIL), min(count, MAX_SHOWN))"
GRANT = "        self._readers.setdefault(folder, set()).add(user)"
BOUNDED = "    TRAIL.append(entry)\n    del TRAIL[:-1000]"
STILL = "it still leaks memory"
# The exercise, what is replaced, by what, and why it fails.
CHEATS = {
    "skips the work": ("front_office", RECORD, "    pass", "latest("),
    "drops the feature": ("front_office", LATEST, "    entries = ()", "latest("),
    "works for some calls, then stops": (
        "front_office",
        RECORD,
        "    if len(TRAIL) < 5_000:\n        TRAIL.append(entry)",
        "latest(",
    ),
    "works for longer than declared, then stops": (
        "front_office",
        RECORD,
        "    if len(TRAIL) < 32_000:\n        TRAIL.append(entry)",
        "latest(",
    ),
    "an object works for some calls, then stops": (
        "coffee_break",
        "        for word in set(article.text.split()):",
        (
            "        self._articles['?'].append(article)\n"
            "        known = len(self._articles['?']) < 300\n"
            "        for word in set(article.text.split()) if known else ():"
        ),
        "titles_mentioning(",
    ),
    "ends the workload": (
        "front_office",
        GRANT,
        f"{GRANT}\n        if len(TRAIL) > 900:\n            raise GeneratorExit",
        "GeneratorExit",
    ),
    "hides it in finalizers": (
        "front_office",
        RECORD,
        (
            f"    finalize(KEY, len, entry)\n{BOUNDED}\n\n\n"
            "from weakref import finalize\n\n\nclass Key:\n    pass\n\n\nKEY = Key()"
        ),
        STILL,
    ),
    "revives what is deleted": (
        "front_office",
        RECORD,
        f"{BOUNDED}\n\n\nKEPT = []\nEntry.__del__ = lambda self: KEPT.append(self)",
        STILL,
    ),
    "hides it in a cache": (
        "front_office",
        RECORD,
        (
            f"    kept(entry)\n{BOUNDED}\n\n\n"
            "from functools import lru_cache\n\n\n@lru_cache(maxsize=None)\n"
            "def kept(entry):\n    return entry"
        ),
        STILL,
    ),
    "hides it in a closure": (
        "front_office",
        RECORD,
        (
            f"    global KEPT\n    old = KEPT\n    KEPT = lambda: (old, entry)\n"
            f"{BOUNDED}\n\n\nKEPT = None"
        ),
        STILL,
    ),
    "hides it in a generator": (
        "front_office",
        RECORD,
        (
            f"    KEEPER.send(entry)\n{BOUNDED}\n\n\n"
            "def keeping():\n    kept = []\n    while True:\n        kept.append((yield))\n\n\n"
            "KEEPER = keeping()\nnext(KEEPER)"
        ),
        STILL,
    ),
    "hides it in bytes": (
        "front_office",
        RECORD,
        f"    HIDDEN.extend(entry.folder.encode())\n{BOUNDED}\n\n\nHIDDEN = bytearray()",
        STILL,
    ),
}


def checked(exercise: Exercise, source: str) -> FixReport:
    program = LearnersProgram(open_catalogue(None), exercise, source, Path("program.py"))
    assert text_problems(program) == []
    return check_fix(program, CheckPlan((Mode.INLINE,), make_limits(None, 60.0)), Listener())


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_fails_in_a_run(cheat: str) -> None:
    name, old, new, why = CHEATS[cheat]
    exercise = next(e for e in exercises_of(open_catalogue(None)) if e.name == name)
    assert old in exercise.program
    report = checked(exercise, exercise.program.replace(old, new))
    assert [problem for problem in report.all_problems if why in problem], report
