"""The linter of the catalogue, which reads and parses files without importing them.

Every scenario must have its files, every file must belong to a scenario, and every exception must
have a reason. `contracts.py` runs the contracts, which are code.
"""

import ast
import difflib
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

from leaklab.catalogue.files import entries_of, read_text_of
from leaklab.catalogue.folders import Catalogue, source_of
from leaklab.catalogue.stories import STORY_FILE, exercise_problems
from leaklab.model.scenario import Criterion, Growth, Pattern, Scenario, Variant

MAX_DIFF_LINES = 12
MAX_TITLE = 32
HINTS = 4
MIN_DECLARED_UNITS = 64
OLDEST_PYTHON = (3, 8)
GIVEAWAYS = re.compile(r"\b(leak\w*|bug\w*|fixme|fix|fixed|unbounded|grows? for ?ever)\b", re.I)

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")

LintRule = Callable[[Catalogue, Scenario], Iterator[str]]


def lint(catalogue: Catalogue, scenario: Scenario) -> list[str]:
    """Return the problems of a scenario, one line each: what is wrong, and what to do."""
    missing = list(_files(catalogue, scenario))
    if any("is missing" in problem for problem in missing):
        return missing
    broken = list(_syntax(catalogue, scenario))
    if broken:
        return missing + broken
    return missing + [problem for rule in LINT_RULES for problem in rule(catalogue, scenario)]


def unified_diff(catalogue: Catalogue, scenario: Scenario) -> str:
    """Return the diff from buggy.py to fixed.py; empty for a control."""
    if scenario.program:
        return ""
    buggy, fixed = (
        source_of(catalogue, scenario.name, v).splitlines(keepends=True)
        for v in (Variant.BUGGY, Variant.FIXED)
    )
    return "".join(difflib.unified_diff(buggy, fixed, "buggy.py", "fixed.py"))


def _files(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    folder = catalogue.folder(scenario.name)
    needed = {"scenario.toml", "workload.py", "README.md", *(f"{v}.py" for v in scenario.variants)}
    if scenario.exercise:
        needed.add(STORY_FILE)
    present = {path.name for path in entries_of(folder) if path.name != "__pycache__"}
    for name in sorted(needed - present):
        yield f"{name} is missing: write it"
    if STORY_FILE in present - needed:
        present.remove(STORY_FILE)
        yield f"{STORY_FILE} is for an exercise: give scenario.toml the key exercise, or remove it"
    for name in sorted(present - needed):
        yield f"{name} is not a file of a scenario: remove it, or move it to fixtures/"


def _syntax(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    for path in _sources(catalogue, scenario):
        try:
            ast.parse(read_text_of(path), path.name, feature_version=OLDEST_PYTHON)
        except SyntaxError as error:
            yield f"{path.name}:{error.lineno}: {error.msg}; write it in the syntax of Python 3.8"
        except (ValueError, RecursionError) as error:  # null bytes; nested too deeply
            yield f"{path.name}: {error}; make it source code that Python can parse"


def _truth(_: Catalogue, scenario: Scenario) -> Iterator[str]:
    leaking = (Growth.UNBOUNDED, Growth.SAWTOOTH)
    by_growth = scenario.judge is Criterion.GROWTH
    if scenario.buggy and by_growth and scenario.buggy.growth not in leaking:
        yield f"[buggy] growth is {scenario.buggy.growth}: it must be unbounded"
    for variant in (Variant.FIXED, Variant.PROGRAM):
        if variant in scenario.variants and scenario.growth_of(variant) is Growth.UNBOUNDED:
            yield f"[{variant}] growth is unbounded: that is a leak; fix the program"
    if bool(scenario.program) != (scenario.pattern is Pattern.NONE):
        yield "pattern is 'none' for controls and only for them: name the pattern of a pair"
    if by_growth and scenario.units < MIN_DECLARED_UNITS:
        yield f"units is {scenario.units}: raise it, a verdict needs {MIN_DECLARED_UNITS} or more"


def _words(_: Catalogue, scenario: Scenario) -> Iterator[str]:
    if not NAME_PATTERN.fullmatch(scenario.name):
        yield "the folder's name is not valid: rename it to lower case, digits and underscores"
    if not scenario.title or len(scenario.title) > MAX_TITLE:
        yield f"title has {len(scenario.title)} characters: give 1 to {MAX_TITLE}"
    if not scenario.summary.endswith("."):
        yield "summary is not a sentence: end it with a full stop"
    if len(scenario.hints) != HINTS or not all(hint.strip() for hint in scenario.hints):
        yield f"hints must have {HINTS} texts: give them, from the symptom to the line"
    own = HINTS if scenario.exercise_variant is Variant.FIXED else 0
    if len(scenario.exercise_hints) != own or not all(h.strip() for h in scenario.exercise_hints):
        yield f"exercise_hints must have {own} texts: give {HINTS} for a fixed exercise, else none"
    if not scenario.sources or not all(source.strip() for source in scenario.sources):
        yield "sources is empty or has an empty entry: say where this leak is described"


def _lesson(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    text = read_text_of(catalogue.folder(scenario.name) / "README.md")
    if f"leaklab run {scenario.name}" not in text:
        yield f"README.md does not have 'leaklab run {scenario.name}': add this command"
    if "<!--" in text:
        yield "README.md has a placeholder (<!-- … -->): replace it by measured figures"


def _culprit(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    if scenario.buggy is None:
        return
    times = source_of(catalogue, scenario.name, Variant.BUGGY).count(scenario.buggy.culprit)
    if times != 1:
        yield f"culprit occurs {times} times in buggy.py: give text that occurs exactly once"
    path = scenario.buggy.allocation
    if path and not (_root_of(catalogue, path) / path).is_file():
        yield f"allocation names {path}, which does not exist: give its path from the root"


def _pair(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    if scenario.fixed is None:
        return
    diff = unified_diff(catalogue, scenario).splitlines()[2:]
    changed = sum(line.startswith(("+", "-")) for line in diff)
    if changed == 0:
        yield "buggy.py and fixed.py are the same: make the mistake in buggy.py"
    if changed > MAX_DIFF_LINES and not scenario.fixed.diff_reason:
        yield f"the diff changes {changed} lines, more than {MAX_DIFF_LINES}: give a diff_reason"
    if changed <= MAX_DIFF_LINES and scenario.fixed.diff_reason:
        yield f"diff_reason is not needed for a diff of {changed} lines: remove it"
    buggy, fixed = (
        _interface(source_of(catalogue, scenario.name, v)) for v in (Variant.BUGGY, Variant.FIXED)
    )
    for name in sorted(buggy ^ fixed):
        yield f"{name} is public in only one of buggy.py and fixed.py: give both the same interface"


def _interface(source: str) -> set[str]:
    """Return the public names of a program with their signatures, methods included."""
    signatures: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            methods = [n for n in node.body if isinstance(n, ast.FunctionDef)]
            signatures |= {f"{node.name}.{m.name}({ast.unparse(m.args)})" for m in methods}
        elif isinstance(node, ast.FunctionDef):
            signatures.add(f"{node.name}({ast.unparse(node.args)})")
    return {name for name in signatures if "._" not in name and not name.startswith("_")} | {
        name for name in signatures if ".__init__(" in name
    }


def _giveaways(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    for variant in scenario.variants:
        text = source_of(catalogue, scenario.name, variant)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            is_prose = token.type in (tokenize.COMMENT, tokenize.STRING)
            if is_prose and (giveaway := GIVEAWAYS.search(token.string)):
                place = f"{variant}.py:{token.start[0]}"
                yield f"{place}: {giveaway[0]!r} gives the answer away: use another word"


def _driver(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    path = catalogue.folder(scenario.name) / "workload.py"
    tree = ast.parse(read_text_of(path))
    parameters = {
        n.name: [a.arg for a in n.args.args] for n in tree.body if isinstance(n, ast.FunctionDef)
    }
    for name in ("workload", "check"):
        if parameters.get(name) != ["program", "lab"]:
            yield f"workload.py has no function {name}(program, lab): define it"


def _services(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    for name in scenario.services:
        if not (catalogue.fixtures_root / "fixtures" / f"{name}.py").is_file():
            yield f"services names {name!r}, but there is no fixtures/{name}.py: write it"


def _root_of(catalogue: Catalogue, path: str) -> Path:
    """Return the root of a path: `fixtures/` may be that of leaklab's own catalogue."""
    return catalogue.fixtures_root if path.startswith("fixtures/") else catalogue.root


def _sources(catalogue: Catalogue, scenario: Scenario) -> list[Path]:
    folder = catalogue.folder(scenario.name)
    return [folder / "workload.py", *(folder / f"{v}.py" for v in scenario.variants)]


LINT_RULES: tuple[LintRule, ...] = (
    _truth,
    _words,
    _lesson,
    _culprit,
    _pair,
    _giveaways,
    _driver,
    _services,
    exercise_problems,
)
