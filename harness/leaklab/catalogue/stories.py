"""The linter of exercises: neither the name nor the story nor a hint gives the answer away.

The four hints have levels: the symptom, the command, what it shows, and the line with its pattern.

A story is what a user, an operator or a dashboard reports. The learner has to find out whether the
program leaks, so the stories of innocent programs must sound as guilty as those of the others.
"""

import ast
import re
from collections.abc import Iterator

from leaklab.catalogue.files import read_text_of
from leaklab.catalogue.folders import Catalogue, source_of
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Pattern, Scenario, Variant

STORY_FILE = "STORY.md"
MIN_STORY_LINES, MAX_STORY_LINES = 8, 20

# A shorter line of a fix, such as `else:`, gives nothing away.
MAX_TRIVIAL_LINE = 8
# A shorter word of a pattern, such as "full" or "kept", is in many honest reports.
MIN_TELLING_WORD = 8

EXERCISE_KEY = re.compile(r"^exercise\s*=\s*[\"'](\w*)", re.M)
LEAK = re.compile(r"\bleak\w*", re.I)
END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+")
JOINT = re.compile(r"[\s_-]+")
# A single word in backticks is a name of the program, and several words are a command.
COMMAND = re.compile(r"`[\w./-]+ [^`]*`")
COURSE_COMMAND = re.compile(r"`leaklab learn \w+")
ACQUITTAL = re.compile(r"\b(no leak|does not leak)\b", re.I)


def exercise_problems(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    """Yield the problems of a scenario as an exercise: what is wrong, and what to do."""
    yield from _hint_problems(catalogue, scenario)
    if scenario.exercise:
        yield from _hint_level_problems(scenario)
        yield from _name_problems(catalogue, scenario)
        yield from _story_problems(catalogue, scenario)


def _hint_problems(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    fix = _added_lines(catalogue, scenario)
    for number, hint in enumerate(scenario.hints, 1):
        for line in sorted(_lines_in(hint, fix)):
            yield f"hint {number} has a line of the fix, {line!r}: lead to it without it"


def _hint_level_problems(scenario: Scenario) -> Iterator[str]:
    own_command = re.compile(rf"`leaklab (run|profile) {re.escape(scenario.name)}\b")
    for problem in _level_problems(scenario.hints, own_command, scenario.pattern):
        yield f"hint {problem}"
    for problem in _level_problems(scenario.exercise_hints, COURSE_COMMAND, Pattern.NONE):
        yield f"exercise hint {problem}"


def _level_problems(
    hints: tuple[str, ...], command: re.Pattern[str], pattern: Pattern
) -> Iterator[str]:
    """Yield what is missing in the levels of four hints; any other number has no levels."""
    match hints:
        case (symptom, tool, _, line):
            if early := COMMAND.search(symptom):
                yield f"1 has the command {early[0]}: say what to look at, and move it to hint 2"
            if not command.search(tool):
                yield "2 has no command of leaklab for this program: give it in backticks"
            if pattern is Pattern.NONE and not ACQUITTAL.search(line):
                yield "4 does not say 'no leak' or 'does not leak': say why the program is innocent"
            if pattern is not Pattern.NONE and not _phrase(pattern).search(line):
                yield f"4 does not name the pattern: write {str(pattern)!r} there"


def _name_problems(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    telling = _words_of(f"{scenario.name} {scenario.pattern} {scenario.resource}")
    for word in sorted(_words_of(scenario.exercise)):
        if word in telling or LEAK.match(word):
            yield f"exercise has the word {word!r}, which gives the answer away: use another one"
    for name in catalogue.names():
        if name != scenario.name and _exercise_of(catalogue, name) == scenario.exercise:
            yield f"exercise {scenario.exercise!r} is that of {name}, too: use another name"


def _story_problems(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    story = read_text_of(catalogue.folder(scenario.name) / STORY_FILE).strip()
    lines = story.splitlines() or [""]
    title = f"# {scenario.exercise.replace('_', ' ').capitalize()}"
    if lines[0].lower() != title.lower():
        yield f"{STORY_FILE} does not begin with its title: write {title!r}"
    if not MIN_STORY_LINES <= len(lines) <= MAX_STORY_LINES:
        expected = f"{MIN_STORY_LINES} to {MAX_STORY_LINES}"
        yield f"{STORY_FILE} has {len(lines)} lines: write {expected}"
    *_, last = story.split("\n\n")
    if not _phrase(scenario.unit).search(last):
        yield f"{STORY_FILE} does not end with what a unit is: name {scenario.unit!r} there"
    for text in _spoilers(catalogue, scenario, story):
        yield f"{STORY_FILE} has {text!r}, which gives the answer away: say what was noticed"


def _spoilers(catalogue: Catalogue, scenario: Scenario, story: str) -> Iterator[str]:
    """Yield each text of a story that names its scenario, a pattern or the fix, or is a verdict."""
    patterns = [str(pattern) for pattern in Pattern if pattern is not Pattern.NONE]
    telling = sorted(w for w in _words_of(" ".join(patterns)) if len(w) >= MIN_TELLING_WORD)
    for phrase in (scenario.name, *patterns, *telling):
        yield from (match[0] for match in _phrase(phrase).finditer(story))
    for name in sorted(_names_of_fix(catalogue, scenario)):
        yield from re.findall(rf"\b{name}\b", story)
    for sentence in END_OF_SENTENCE.split(story):
        if not sentence.endswith("?"):
            yield from LEAK.findall(sentence)


def _phrase(text: str) -> re.Pattern[str]:
    """Return the words of a text as a pattern, however they are joined."""
    joined = JOINT.pattern.join(re.escape(word) for word in JOINT.split(text))
    return re.compile(rf"(?<!\w){joined}(?!\w)", re.I)


def _words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def _exercise_of(catalogue: Catalogue, name: str) -> str:
    """Return the exercise of another scenario, which may have any mistakes; empty if unknown."""
    try:
        key = EXERCISE_KEY.search(read_text_of(catalogue.folder(name) / "scenario.toml"))
    except BadInput:
        return ""
    return key[1] if key else ""


def _added_lines(catalogue: Catalogue, scenario: Scenario) -> set[str]:
    """Return the lines of fixed.py, without indentation, that buggy.py does not have."""
    if scenario.fixed is None:
        return set()
    buggy, fixed = (
        {line.strip() for line in source_of(catalogue, scenario.name, variant).splitlines()}
        for variant in (Variant.BUGGY, Variant.FIXED)
    )
    return {line for line in fixed - buggy if len(line) > MAX_TRIVIAL_LINE}


def _lines_in(hint: str, lines: set[str]) -> set[str]:
    text = " ".join(hint.split())
    return {line for line in lines if line.rstrip(":,") in text}


def _names_of_fix(catalogue: Catalogue, scenario: Scenario) -> set[str]:
    """Return the names that fixed.py defines or imports, and that are no words of buggy.py."""
    if scenario.fixed is None:
        return set()
    buggy, fixed = (
        source_of(catalogue, scenario.name, variant) for variant in (Variant.BUGGY, Variant.FIXED)
    )
    return set(_names_defined(ast.parse(fixed))) - set(re.findall(r"\w+", buggy))


def _names_defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
