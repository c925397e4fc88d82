import shutil
from pathlib import Path

import pytest

from leaklab.catalogue.folders import Catalogue, builtin_root, open_catalogue
from leaklab.catalogue.lint import lint
from leaklab.catalogue.stories import MAX_STORY_LINES
from leaklab.model.errors import InvalidFile

TOYS = Path(__file__).parents[2] / "catalogue"

STORY = """# Night shift

Chat, 23:10:

The shelf is full again.
Yesterday it was empty.

Is it a leak? One unit of work is one piece.
"""

INNOCENT_HINTS = '["it grows", "`leaklab learn measure`", "at first", "it does not leak"]'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue in which `grow` is an exercise."""
    ignore = shutil.ignore_patterns("__pycache__")
    root = Path(shutil.copytree(TOYS, tmp_path / "root", ignore=ignore))
    give(root, "grow", 'exercise = "night_shift"')
    (root / "scenarios" / "grow" / "STORY.md").write_text(STORY)
    return root


def give(root: Path, name: str, line: str) -> None:
    path = root / "scenarios" / name / "scenario.toml"
    path.write_text(path.read_text().replace("level ", f"{line}\nlevel ", 1))


def tell(root: Path, old: str, new: str) -> None:
    path = root / "scenarios" / "grow" / "STORY.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def hint(root: Path, old: str, new: str) -> None:
    """Replace a hint of `grow`."""
    path = root / "scenarios" / "grow" / "scenario.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def problems(root: Path, name: str = "grow") -> list[str]:
    catalogue = open_catalogue(root)
    return lint(catalogue, catalogue.load(name))


def test_a_sound_exercise_has_no_problems(root: Path) -> None:
    assert [] == problems(root)


def test_an_exercise_needs_a_story_and_a_story_an_exercise(root: Path) -> None:
    shutil.copy(root / "scenarios" / "grow" / "STORY.md", root / "scenarios" / "faulty")
    (root / "scenarios" / "grow" / "STORY.md").unlink()
    assert ["STORY.md is missing: write it"] == problems(root)
    assert "STORY.md is for an exercise" in problems(root, "faulty")[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# Night shift", "# Day shift", "write '# Night shift'"),
        ("Yesterday it was empty.\n", "", "has 7 lines: write 8 to 20"),
        ("empty.", "empty." + "\nAnd so on." * MAX_STORY_LINES, "has 28 lines: write 8 to 20"),
        ("is one piece", "is simple", "name 'piece' there"),
        ("empty", "an unbounded\nbuffer", "has 'unbounded', which"),
        ("empty", "without an Eviction", "has 'Eviction', which"),
        ("empty", "kept, copy on  write", "has 'copy on  write', which"),
        ("empty", "told to grow", "has 'grow', which"),
        ("Is it a leak?", "It is a leak.", "has 'leak', which"),
        ("Yesterday it was empty.", "It leaks 1.5 MB, does it not.", "has 'leaks', which"),
        ("empty", "not _limited", "has '_limited', which"),
    ],
)
def test_the_linter_names_what_a_story_must_not_have(
    root: Path, old: str, new: str, message: str
) -> None:
    tell(root, old, new)
    fixed = root / "scenarios" / "grow" / "fixed.py"
    fixed.write_text(
        fixed.read_text().replace(
            "self._pieces = [piece]", "self._limited = self._pieces = [piece]"
        )
    )
    assert message in " | ".join(problems(root))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("grow_up", "exercise has the word 'grow'"),
        ("never_again", "exercise has the word 'never'"),
        ("memory_lane", "exercise has the word 'memory'"),
        ("leaky_boat", "exercise has the word 'leaky'"),
        ("day_shift", "is that of faulty, too: use another name"),
    ],
)
def test_the_linter_names_what_a_name_must_not_have(root: Path, name: str, message: str) -> None:
    path = root / "scenarios" / "grow" / "scenario.toml"
    path.write_text(path.read_text().replace("night_shift", name))
    give(root, "faulty", 'exercise = "day_shift"')
    assert message in " | ".join(problems(root))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('exercise = "Night-1"', "give lower-case words joined by underscores"),
        ('exercise_variant = "fixed"', "exercise_variant is for an exercise"),
        ('exercise = "x"\nexercise_variant = "program"', "the scenario has no program"),
    ],
)
def test_a_key_that_contradicts_another_is_named(root: Path, lines: str, message: str) -> None:
    path = root / "scenarios" / "grow" / "scenario.toml"
    path.write_text(path.read_text().replace('exercise = "night_shift"', lines))
    with pytest.raises(InvalidFile, match=message):
        open_catalogue(root).load("grow")


def test_a_fixed_exercise_has_hints_of_its_own(root: Path) -> None:
    give(root, "grow", 'exercise_variant = "fixed"')
    assert "exercise_hints must have 4 texts" in problems(root)[0]
    give(root, "grow", f"exercise_hints = {INNOCENT_HINTS}")
    assert [] == problems(root)
    path = root / "scenarios" / "grow" / "scenario.toml"
    path.write_text(path.read_text().replace('exercise_variant = "fixed"\n', ""))
    assert "exercise_hints must have 0 texts" in problems(root)[0]


def test_a_hint_leads_to_the_fix_without_a_line_of_it(root: Path) -> None:
    path = root / "scenarios" / "grow" / "scenario.toml"
    text = path.read_text()
    path.write_text(text.replace('"it grows"', '"replace append by [piece] there"'))
    assert [] == problems(root)
    path.write_text(text.replace('"it grows"', '"write self._pieces =  [piece] there"'))
    assert ["hint 1 has a line of the fix, 'self._pieces = [piece]': lead to it without it"] == (
        problems(root)
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("it grows", "run `top -p PID`", "hint 1 has the command `top -p PID`"),
        ("`leaklab run grow`", "leaklab run grow", "hint 2 has no command of leaklab"),
        ("`leaklab run grow`", "`leaklab run grower`", "hint 2 has no command of leaklab"),
        ("`leaklab run grow`", "`leaklab learn measure`", "hint 2 has no command of leaklab"),
        ("a never-cleared", "no cleared", "write 'never-cleared-collection' there"),
    ],
)
def test_each_hint_has_its_level(root: Path, old: str, new: str, message: str) -> None:
    hint(root, old, new)
    (problem,) = problems(root)
    assert message in problem


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("it grows", "watch `top` and `_pieces`"),
        ("`leaklab run grow`", "see `leaklab profile grow --with tracemalloc` now"),
        ("a never-cleared-collection", "a Never cleared collection"),
    ],
)
def test_a_hint_may_name_programs_options_and_the_pattern_as_words(
    root: Path, old: str, new: str
) -> None:
    hint(root, old, new)
    assert [] == problems(root)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("it grows", "run `leaklab learn watch`", "exercise hint 1 has the command"),
        ("learn measure", "run grow", "exercise hint 2 has no command of leaklab"),
        ("it does not leak", "it leaks", "exercise hint 4 does not say 'no leak'"),
    ],
)
def test_the_hints_of_a_fixed_exercise_have_the_levels_of_a_control(
    root: Path, old: str, new: str, message: str
) -> None:
    give(root, "grow", 'exercise_variant = "fixed"')
    give(root, "grow", f"exercise_hints = {INNOCENT_HINTS.replace(old, new)}")
    (problem,) = problems(root)
    assert message in problem


def test_the_last_hint_of_a_control_says_that_it_does_not_leak(root: Path) -> None:
    give(root, "faulty", 'exercise = "quiet_house"')
    shutil.copy(root / "scenarios" / "grow" / "STORY.md", root / "scenarios" / "faulty")
    path = root / "scenarios" / "faulty" / "scenario.toml"
    text = path.read_text()
    message = "hint 4 does not say 'no leak' or 'does not leak': say why the program is innocent"
    assert message in problems(root, "faulty")
    path.write_text(text.replace('"d"]', '"There is no leak."]'))
    assert message not in problems(root, "faulty")


def test_a_line_that_the_buggy_program_has_too_is_not_the_fix(root: Path) -> None:
    fixed = root / "scenarios" / "grow" / "fixed.py"
    fixed.write_text(
        fixed.read_text().replace("class Shelf", "if True:\n    pass\n\n\nclass Shelf")
    )
    path = root / "scenarios" / "grow" / "scenario.toml"
    path.write_text(path.read_text().replace('"it grows"', '"see class Shelf: if True:"'))
    assert [] == problems(root)


def exercises() -> Catalogue:
    return open_catalogue(builtin_root())


def test_every_scenario_is_an_exercise_and_the_path_is_gentle() -> None:
    scenarios = sorted(exercises().load_all(), key=lambda s: (s.level, s.exercise))
    assert [] == [s.name for s in scenarios if not s.exercise]
    assert ("scroll_buffer", "native_certificate") == (scenarios[0].name, scenarios[-1].name)
    leaks = [s.leaks(s.exercise_variant or s.variants[0]) for s in scenarios]
    assert [True, True, False] == leaks[:3]
    for index in range(len(leaks) - 3):
        assert len(set(leaks[index : index + 4])) == 2, [s.exercise for s in scenarios[index:]][:4]
