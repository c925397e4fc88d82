"""The catalogue's linter: every entry has its files, every file an entry, every opt-out a reason.

It reads text and parses it; no scenario code is imported here. The contracts, which are code, are
run by `contracts.py`.
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
from leaklab.model.scenario import Criterion, Growth, Pattern, Scenario, Variant

MAX_DIFF_LINES = 12
MAX_TITLE = 34
HINTS = 4
MIN_DECLARED_UNITS = 64
OLDEST_PYTHON = (3, 8)
GIVEAWAYS = re.compile(r"\b(leak\w*|bug\w*|fixme|fix|fixed|unbounded|grows? for ?ever)\b", re.I)

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")

LintRule = Callable[[Catalogue, Scenario], Iterator[str]]


def lint(catalogue: Catalogue, scenario: Scenario) -> list[str]:
    """What is wrong with a scenario, a line each: what, and what to do. Empty if nothing is."""
    missing = list(_files(catalogue, scenario))
    if any("is missing" in problem for problem in missing):
        return missing
    broken = list(_syntax(catalogue, scenario))
    if broken:
        return missing + broken
    return missing + [problem for rule in LINT_RULES for problem in rule(catalogue, scenario)]


def unified_diff(catalogue: Catalogue, scenario: Scenario) -> str:
    """The lesson in one picture: buggy.py against fixed.py; empty for a control."""
    if scenario.program:
        return ""
    buggy, fixed = (
        source_of(catalogue, scenario.name, v).splitlines(keepends=True)
        for v in (Variant.BUGGY, Variant.FIXED)
    )
    return "".join(difflib.unified_diff(buggy, fixed, "buggy.py", "fixed.py"))


def _files(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    folder = catalogue.folder(scenario.name)
    wanted = {"scenario.toml", "workload.py", "README.md", *(f"{v}.py" for v in scenario.variants)}
    there = {path.name for path in entries_of(folder) if path.name != "__pycache__"}
    for name in sorted(wanted - there):
        yield f"{name} is missing: write it"
    for name in sorted(there - wanted):
        yield f"{name} belongs to nothing: remove it, or move it to fixtures/"


def _syntax(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    for path in _sources(catalogue, scenario):
        try:
            ast.parse(read_text_of(path), path.name, feature_version=OLDEST_PYTHON)
        except SyntaxError as error:
            yield f"{path.name}:{error.lineno}: {error.msg}; pool code keeps to Python 3.8"
        except (ValueError, RecursionError) as error:  # null bytes; nested beyond all measure
            yield f"{path.name}: {error}; make it a text that Python can read"


def _truth(_: Catalogue, scenario: Scenario) -> Iterator[str]:
    leaking = (Growth.UNBOUNDED, Growth.SAWTOOTH)
    by_growth = scenario.judge is Criterion.GROWTH
    if scenario.buggy and by_growth and scenario.buggy.growth not in leaking:
        yield f"[buggy] growth is {scenario.buggy.growth}: a buggy variant is unbounded"
    for variant in (Variant.FIXED, Variant.PROGRAM):
        if variant in scenario.variants and scenario.growth_of(variant) is Growth.UNBOUNDED:
            yield f"[{variant}] growth is unbounded: that is a leak, so mend the program"
    if bool(scenario.program) != (scenario.pattern is Pattern.NONE):
        yield "pattern is 'none' for controls, and for controls only: name the pattern"
    if by_growth and scenario.units < MIN_DECLARED_UNITS:
        yield f"units is {scenario.units}: three octaves of 8 blocks need {MIN_DECLARED_UNITS}"


def _words(_: Catalogue, scenario: Scenario) -> Iterator[str]:
    if not NAME_PATTERN.fullmatch(scenario.name):
        yield "the folder's name is the scenario's: rename it to lower case, digits and underscores"
    if not scenario.title or len(scenario.title) > MAX_TITLE:
        yield f"title has {len(scenario.title)} characters: 1 to {MAX_TITLE} fit the tables"
    if not scenario.summary.endswith("."):
        yield "summary is to be a sentence: end it with a full stop"
    if len(scenario.hints) != HINTS or not all(hint.strip() for hint in scenario.hints):
        yield f"hints: give {HINTS}, from the symptom to the line, none of them empty"
    if not scenario.sources or not all(source.strip() for source in scenario.sources):
        yield "sources is empty: say where this leak is known from"


def _lesson(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    text = read_text_of(catalogue.folder(scenario.name) / "README.md")
    if f"leaklab run {scenario.name}" not in text:
        yield f"README.md shows no 'leaklab run {scenario.name}': figures need their command"
    if "<!--" in text:
        yield "README.md still has a placeholder (<!-- … -->): measure and fill it in"


def _culprit(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    if scenario.buggy is None:
        return
    times = source_of(catalogue, scenario.name, Variant.BUGGY).count(scenario.buggy.culprit)
    if times != 1:
        yield f"the culprit's text stands {times} times in buggy.py: it must stand exactly once"
    born = scenario.buggy.allocation
    if born and not (_root_of(catalogue, born) / born).is_file():
        yield f"allocation names {born}, which does not exist: give its path from the root"


def _pair(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    if scenario.fixed is None:
        return
    diff = unified_diff(catalogue, scenario).splitlines()[2:]
    changed = sum(line.startswith(("+", "-")) for line in diff)
    if changed == 0:
        yield "buggy.py and fixed.py are the same: there is nothing to learn"
    if changed > MAX_DIFF_LINES and not scenario.fixed.diff_reason:
        yield f"the diff changes {changed} lines, more than {MAX_DIFF_LINES}: give a diff_reason"
    if changed <= MAX_DIFF_LINES and scenario.fixed.diff_reason:
        yield f"diff_reason excuses a diff of only {changed} lines: remove it"
    buggy, fixed = (
        _interface(source_of(catalogue, scenario.name, v)) for v in (Variant.BUGGY, Variant.FIXED)
    )
    for name in sorted(buggy ^ fixed):
        yield f"{name} is public in only one of buggy.py and fixed.py: give both the same interface"


def _interface(source: str) -> set[str]:
    """The public names of a program with their signatures, methods included."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            methods = [n for n in node.body if isinstance(n, ast.FunctionDef)]
            found |= {f"{node.name}.{m.name}({ast.unparse(m.args)})" for m in methods}
        elif isinstance(node, ast.FunctionDef):
            found.add(f"{node.name}({ast.unparse(node.args)})")
    return {name for name in found if "._" not in name and not name.startswith("_")} | {
        name for name in found if ".__init__(" in name
    }


def _giveaways(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    for variant in scenario.variants:
        text = source_of(catalogue, scenario.name, variant)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            spoken = token.type in (tokenize.COMMENT, tokenize.STRING)
            if spoken and (found := GIVEAWAYS.search(token.string)):
                yield f"{variant}.py:{token.start[0]}: {found[0]!r} gives the answer away: reword"


def _driver(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    path = catalogue.folder(scenario.name) / "workload.py"
    tree = ast.parse(read_text_of(path))
    found = {
        n.name: [a.arg for a in n.args.args] for n in tree.body if isinstance(n, ast.FunctionDef)
    }
    for name in ("workload", "check"):
        if found.get(name) != ["program", "lab"]:
            yield f"workload.py lacks {name}(program, lab): define it"


def _services(catalogue: Catalogue, scenario: Scenario) -> Iterator[str]:
    for name in scenario.services:
        if not (catalogue.fixtures_root / "fixtures" / f"{name}.py").is_file():
            yield f"services names {name!r}, but there is no fixtures/{name}.py: write it"


def _root_of(catalogue: Catalogue, path: str) -> Path:
    """Where a path from the root is looked for: fixtures may be lent."""
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
)
