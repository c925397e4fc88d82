"""Design: a module imports only from lower floors; what runs in a measured process, only stdlib."""

import ast
import functools
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "harness" / "leaklab"

FLOORS = [
    {"errors", "model", "signals", "record", "protocol", "units", ""},
    {
        "trend",
        "growth",
        "resources",
        "allocators",
        "verdict",
        "shapes",
        "compare",
        "advice",
        "listener",
        "figures",
        "changes",
        "confusion",
        "laws",
        "fitting",
        "speed",
        "histories",
    },
    {
        "catalogue",
        "options",
        "environment",
        "check",
        "probes",
        "agent",
        "supervisor",
        "launch",
        "services",
        "observer",
        "observation",
        "steering",
        "series",
        "pace",
        "executor",
        "store",
        "sessions",
        "resume",
        "plans",
        "traces",
        "table",
        "scratch",
        "cgroups",
        "groupfiles",
        "remembered",
        "repository",
        "asvrun",
        "ceiling",
        "target",
    },
    {
        "runner",
        "judging",
        "contracts",
        "soak",
        "floors",
        "overhead",
        "projecting",
        "watching",
        "peers",
        "accuracy",
        "tracking",
        "branches",
        "foreign",
        "seen",
    },
    {"reports", "cli", "__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
MODULES = sorted(ROOT.rglob("*.py"))


def part_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py") if relative.parts != ("__init__.py",) else ""


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def lab_imports(tree: ast.Module, package: tuple[str, ...] = ("leaklab",)) -> set[str]:
    """The parts of the lab that a module of a package imports, in whatever way it says so."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            start = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{start}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names if name.split(".")[0] == "leaklab"]
    return {part[1] if len(part) > 1 and part[1] in FLOOR else "" for part in parts}


@functools.cache
def imports_of(path: Path) -> set[str]:
    return lab_imports(tree_of(path), ("leaklab", *path.relative_to(ROOT).parts[:-1]))


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The parts that import each other in a ring, or none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        ring: list[str] = error.args[1]
        return ring
    return []


def long_functions(tree: ast.Module, most_lines: int = 30) -> list[str]:
    """Functions of more lines, from the docstring to the end.

    The signature is not counted: click wants every option of a command as a parameter, and the
    formatter gives each its line.
    """
    return [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno + 1 > most_lines
    ]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("import leaklab.store", {"store"}),
        ("import leaklab.store as s, sys", {"store"}),
        ("from leaklab.store import find", {"store"}),
        ("from leaklab import store, __version__", {"store", ""}),
        ("from leaklab.cli import options", {"cli"}),
        ("from . import progress", {"cli"}),
        ("from .. import store", {"store"}),
        ("from ..store import find", {"store"}),
        ("import leaklabs.store, storey", set()),
    ],
)
def test_an_import_is_seen_in_every_way_of_saying_it(source: str, parts: set[str]) -> None:
    assert parts == lab_imports(ast.parse(source), ("leaklab", "cli"))


def test_rings_of_any_length_are_seen() -> None:
    assert set(cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}
    assert cycle_in({"a": {"b", "c"}, "b": {"c"}}) == []


def test_long_functions_are_seen_without_their_signatures() -> None:
    assert long_functions(ast.parse("def f(\n  a,\n  b,\n):\n" + "  a\n" * 30)) == []
    assert long_functions(ast.parse("class C:\n def f(self):\n" + "  self\n" * 31)) == ["f"]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_its_own_floor_and_those_below(path: Path) -> None:
    mine = part_of(path)
    too_high = {name for name in imports_of(path) if FLOOR[name] > FLOOR[mine]}
    assert too_high == set()


def test_every_module_stands_on_a_floor() -> None:
    assert {part_of(path) for path in MODULES} - set(FLOOR) == set()


def test_modules_do_not_import_each_other_in_rings() -> None:
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        graph.setdefault(part_of(path), set()).update(imports_of(path) - {part_of(path), ""})
    assert cycle_in(graph) == []


@pytest.mark.parametrize("name", ["agent", "supervisor"])
def test_what_runs_beside_a_program_imports_the_standard_library_alone(name: str) -> None:
    tree = ast.parse((ROOT / f"{name}.py").read_text())
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {n.split(".")[0] for n in names} - set(sys.stdlib_module_names) == set()


def test_the_agent_keeps_to_the_syntax_of_python_3_8() -> None:
    ast.parse((ROOT / "agent.py").read_text(), feature_version=(3, 8))


def test_the_harness_never_imports_scenario_code() -> None:
    modules = [tree_of(path) for path in MODULES]
    names = {
        n.module or "" for tree in modules for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
    }
    assert not {n for n in names if n.split(".")[0] in {"scenarios", "fixtures"}}


def test_help_and_list_import_nothing_heavy() -> None:
    code = (
        "import sys; import leaklab.__main__, leaklab.cli, leaklab.reports.listing\n"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "scipy", "rich", "psutil"} & set(found.stdout.split()) == set()


def test_no_module_is_longer_than_250_lines() -> None:
    # The agent is one file by design: it is started by its path where leaklab is not installed.
    long = [p.name for p in MODULES if len(p.read_text().splitlines()) > 250]
    assert long in ([], ["agent.py"])


def test_no_function_is_longer_than_30_lines() -> None:
    long = {
        str(p.relative_to(ROOT)): found for p in MODULES if (found := long_functions(tree_of(p)))
    }
    assert long == {}
