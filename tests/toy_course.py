"""A catalogue of three exercises for tests: one leaks, one is a control, one is a fixed program."""

from pathlib import Path

import toys
from leaklab.catalogue.folders import Catalogue
from leaklab.features.course.exercises import Exercise, exercises_of

STORY = "# {title}\n\nSomebody says that it grows. A unit is one step.\n"
FIXED = '''"""Orders."""


class Orders:
    """Knows open orders."""

    def __init__(self) -> None:
        self._open: dict[int, str] = {}

    def place(self, number: int, goods: str) -> None:
        """Take an order."""
        self._open[number] = goods

    def deliver(self, number: int) -> str:
        """Hand the goods over."""
        return self._open.pop(number)


def price(goods: str) -> int:
    """Return the price."""
    return len(goods)
'''
BUGGY = FIXED.replace(".pop(number)", "[number]")
CONTROL = '"""Nothing is kept."""\n\n\ndef step() -> int:\n    """Do a step."""\n    return 1\n'
WORKLOAD = '''"""Orders are placed and delivered."""


def workload(program, lab):
    """Place and deliver."""
    while True:
        yield


def check(program, lab):
    """Check nothing."""
'''
CULPRIT = "self._open[number] = goods"


def toml(exercise: str, truth: str, **changes: str) -> str:
    """Return a scenario.toml of an exercise; keyword arguments add keys."""
    keys = {"exercise": f'"{exercise}"', **changes}
    return toys.TOML + "".join(f"{key} = {value}\n" for key, value in keys.items()) + truth


def make_course(root: Path) -> Catalogue:
    """Write a catalogue of the exercises night_shift, quiet_room and still_water, in this order."""
    pair = toys.PAIR.replace('"x"', f'"{CULPRIT}"')
    files = {
        "open_orders": (toml("night_shift", pair), {"buggy.py": BUGGY, "fixed.py": FIXED}),
        "idle_steps": (
            toml("quiet_room", '[program]\ngrowth = "none"\n').replace("unbounded-buffer", "none"),
            {"program.py": CONTROL},
        ),
        "bounded_orders": (
            toml(
                "still_water",
                pair,
                exercise_variant='"fixed"',
                exercise_hints='["e", "f", "g", "h"]',
            ),
            {"buggy.py": BUGGY, "fixed.py": FIXED},
        ),
    }
    (root / "fixtures").mkdir(parents=True)
    for name, (text, programs) in files.items():
        folder = root / "scenarios" / name
        folder.mkdir(parents=True)
        title = text.partition('exercise = "')[2].partition('"')[0].replace("_", " ").capitalize()
        everything = {
            "scenario.toml": text,
            "workload.py": WORKLOAD,
            "README.md": f"# The lesson of {name}\n",
            "STORY.md": STORY.format(title=title),
            **programs,
        }
        for file, content in everything.items():
            (folder / file).write_text(content, encoding="utf-8")
    return Catalogue(root)


def exercise_of(root: Path, name: str = "night_shift") -> Exercise:
    """Return one exercise of a new catalogue."""
    return next(e for e in exercises_of(make_course(root)) if e.name == name)
