"""Design: what import-linter's contracts (pyproject.toml, `make lint`) cannot say."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
ROOT = CHECKOUT / "harness" / "leaklab"
UNIT = Path(__file__).parent / "unit"
MODULES = sorted(ROOT.rglob("*.py"))
# Code that runs in, or beside, a measured program.
AGENT = sorted((ROOT / "agent").rglob("*.py"))
# Code that runs in a user's service, which may have a copy of it.
TRACING = sorted((ROOT / "tracing").rglob("*.py"))
BESIDE_PROGRAMS = [*AGENT, *TRACING, ROOT / "sandbox" / "supervisor.py"]
CONTENT = {"scenarios", "fixtures"}
HEAVY = {"numpy", "scipy", "rich", "psutil"}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a module imports; relative imports are its own package."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


def long_functions(tree: ast.Module, max_lines: int = 30) -> list[str]:
    """Functions of more lines, from the docstring to the end.

    The signature is not counted: click wants every option of a command as a parameter, and the
    formatter gives each its line.
    """
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno + 1 > max_lines
    ]


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ("import fixtures.lab", {"fixtures"}),
        ("import fixtures.lab as s, sys", {"fixtures", "sys"}),
        ("from fixtures.lab import Lab", {"fixtures"}),
        ("from fixtures import lab", {"fixtures"}),
        ("def f():\n  import fixtures", {"fixtures"}),
        ("from .fixtures import lab", set()),
    ],
)
def test_an_import_is_recognised_in_every_notation(source: str, packages: set[str]) -> None:
    assert packages == imported(ast.parse(source))


def test_long_functions_are_detected_without_their_signatures() -> None:
    assert long_functions(ast.parse("def f(\n  a,\n  b,\n):\n" + "  a\n" * 30)) == []
    assert long_functions(ast.parse("class C:\n def f(self):\n" + "  self\n" * 31)) == ["f"]


@pytest.mark.parametrize("path", BESIDE_PROGRAMS, ids=lambda p: p.name)
def test_code_beside_a_measured_program_imports_only_the_standard_library(path: Path) -> None:
    assert imported(tree_of(path)) <= {*sys.stdlib_module_names, "leaklab_agent"}


@pytest.mark.parametrize("path", [*AGENT, *TRACING], ids=lambda p: p.name)
def test_the_agent_and_the_trace_keep_to_the_syntax_of_python_3_8(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 8))


def test_the_harness_never_imports_scenario_code() -> None:
    assert [] == [path for path in MODULES if imported(tree_of(path)) & CONTENT]


def imported_by(*arguments: str, complete: str = "") -> tuple[str, set[str]]:
    """What leaklab says to a command line, or completes, and the modules that it imports for it."""
    code = (
        "import sys\n"
        "from leaklab.__main__ import main\n"
        "try: main()\n"
        "finally: print('imported', *sys.modules)"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", **({"_LEAKLAB_COMPLETE": "bash_complete"} if complete else {})}
        | {"COMP_WORDS": complete, "COMP_CWORD": str(complete.count(" "))},
    )
    output, _, names = completed.stdout.partition("\nimported ")
    return output, set(names.split())


@pytest.mark.parametrize(("arguments", "complete"), [(["--help"], ""), ([], "leaklab w")])
@pytest.mark.process
def test_help_and_completion_import_no_commands_module(arguments: list[str], complete: str) -> None:
    output, names = imported_by(*arguments, complete=complete)
    assert "watch" in output
    assert {*HEAVY, "msgspec"} & names == set()
    assert [] == [name for name in names if name.startswith("leaklab.cli.commands.")]


@pytest.mark.parametrize("name", ["run", "watch", "compare", "logs", "list", "show", "check"])
@pytest.mark.process
def test_the_help_of_a_command_imports_nothing_heavy(name: str) -> None:
    output, names = imported_by(name, "--help")
    assert "Usage" in output
    assert HEAVY & names == set()


@pytest.mark.process
def test_the_completion_of_a_scenarios_name_imports_nothing_heavy() -> None:
    output, names = imported_by(complete="leaklab run word_i")
    assert "word_index" in output
    assert HEAVY & names == set()


@pytest.mark.process
def test_the_completion_of_a_saved_result_imports_nothing_heavy() -> None:
    output, names = imported_by(complete="leaklab compare no_such_result")
    assert "file,no_such_result" in output
    assert HEAVY & names == set()


@pytest.mark.process
def test_the_help_of_the_self_tests_imports_no_commands_module() -> None:
    output, names = imported_by("selftest", "--help")
    assert "detection-limit" in output
    assert [] == [name for name in names if name.startswith("leaklab.cli.commands.")]


@pytest.mark.process
def test_a_service_imports_nothing_but_the_trace() -> None:
    code = "import sys, leaklab; leaklab.trace_leak; print(*sys.modules)"
    names = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    ours = {"leaklab", "leaklab.tracing", "leaklab.tracing.records", "leaklab.tracing.snapshots"}
    assert ours == {name for name in names if name.startswith("leaklab")}


def test_unit_tests_mirror_the_packages() -> None:
    folders = {path.parent.relative_to(UNIT) for path in UNIT.rglob("test_*.py")}
    assert {folder for folder in folders if not (ROOT / folder).is_dir()} == {Path("fixtures")}


def test_no_module_is_longer_than_250_lines() -> None:
    long = [p.name for p in MODULES if len(p.read_text().splitlines()) > 250]
    assert long == []


def test_no_function_is_longer_than_30_lines() -> None:
    long = {
        str(p.relative_to(ROOT)): result for p in MODULES if (result := long_functions(tree_of(p)))
    }
    assert long == {}


# A name may be defined in several modules only if each module is a separate program or plug-in:
# a sub-command's entry, a script's entry, a profiler's probe (`features/profilers/probes`), and the
# supervisor, which imports nothing from leaklab.
PROBE_NAMES = {"begin", "warmed_up", "finish"}
SHARED_NAMES = {"command", "main", "child_pids", "TYPE_CHECKING", "__version__", *PROBE_NAMES}


def public_names(tree: ast.Module) -> set[str]:
    """Return the public functions, classes and constants of a module."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


def test_a_public_name_is_defined_in_only_one_module() -> None:
    modules: dict[str, list[str]] = {}
    for path in MODULES:
        for name in public_names(tree_of(path)) - SHARED_NAMES:
            modules.setdefault(name, []).append(str(path.relative_to(ROOT)))
    assert {} == {name: paths for name, paths in modules.items() if len(paths) > 1}


def test_a_bound_is_called_max_or_min() -> None:
    other = re.compile(r"_?(MOST|LEAST|FEWEST|LONGEST|HIGHEST|LARGEST|SMALLEST|SHORTEST)(_|$)")
    names = {name for path in MODULES for name in public_names(tree_of(path))}
    assert [] == [name for name in names if other.match(name)]


# Names that say how a value was obtained and not what it is. A scenario may contain words, and keep
# what it has seen.
VAGUE = {"asked", "found", "look", "said", "told"}
VAGUE_BY_FOLDER = {
    "harness": {*VAGUE, "seen", "words"},
    "benchmarks": {*VAGUE, "seen", "words"},
    "tests": {*VAGUE, "seen"},
    "fixtures": {*VAGUE, "seen"},
    "scenarios": VAGUE,
}


def names_used(tree: ast.Module) -> set[str]:
    """Return the names of variables, parameters, functions and classes in a module."""
    kinds = ("id", "arg", "name")
    names = {getattr(node, kind, None) for node in ast.walk(tree) for kind in kinds}
    return {name for name in names if isinstance(name, str)}


@pytest.mark.parametrize("folder", VAGUE_BY_FOLDER)
def test_a_value_is_named_for_what_it_is(folder: str) -> None:
    vague = VAGUE_BY_FOLDER[folder]
    paths = sorted((CHECKOUT / folder).rglob("*.py"))
    names = {str(path.relative_to(CHECKOUT)): names_used(tree_of(path)) & vague for path in paths}
    assert {} == {path: vague_names for path, vague_names in names.items() if vague_names}


def test_a_vague_name_is_noticed_wherever_it_is_given() -> None:
    source = "def look(asked): found = 1\ntry: f(told=2)\nexcept E as said: a.seen"
    assert {"look", "asked", "found", "told", "said"} == names_used(ast.parse(source)) & {
        *VAGUE,
        "seen",
    }
