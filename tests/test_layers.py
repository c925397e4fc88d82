"""Design: a module imports only from lower floors; what runs in a measured process, only stdlib."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "harness" / "leaklab"

FLOORS = [
    {"errors", "model", "record", "units", ""},
    {"trend", "growth", "verdict", "shapes", "compare", "advice", "listener"},
    {
        "catalogue",
        "check",
        "probes",
        "agent",
        "supervisor",
        "launch",
        "services",
        "observer",
        "executor",
        "store",
        "traces",
    },
    {"runner", "contracts", "soak", "overhead", "accuracy"},
    {"reports", "cli", "__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
MODULES = sorted(ROOT.rglob("*.py"))


def part_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py") if relative.parts != ("__init__.py",) else ""


def lab_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "leaklab":
            names = [alias.name for alias in node.names]
            found |= {name if name in FLOOR else "" for name in names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("leaklab."):
            found.add((node.module or "").split(".")[1])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_its_own_floor_and_those_below(path: Path) -> None:
    mine = part_of(path)
    too_high = {name for name in lab_imports(path) if FLOOR[name] > FLOOR[mine]}
    assert too_high == set()


def test_every_module_stands_on_a_floor() -> None:
    assert {part_of(path) for path in MODULES} - set(FLOOR) == set()


def test_no_two_modules_import_each_other() -> None:
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        graph.setdefault(part_of(path), set()).update(lab_imports(path) - {part_of(path), ""})
    mutual = {(a, b) for a in graph for b in graph[a] if a in graph.get(b, set())}
    assert mutual == set()


@pytest.mark.parametrize("name", ["agent", "supervisor"])
def test_what_runs_beside_a_program_imports_the_standard_library_alone(name: str) -> None:
    tree = ast.parse((ROOT / f"{name}.py").read_text())
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {n.split(".")[0] for n in names} - set(sys.stdlib_module_names) == set()


def test_the_agent_keeps_to_the_syntax_of_python_3_8() -> None:
    ast.parse((ROOT / "agent.py").read_text(), feature_version=(3, 8))


def test_the_harness_never_imports_scenario_code() -> None:
    modules = [ast.parse(path.read_text()) for path in MODULES]
    names = {
        n.module or "" for tree in modules for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
    }
    assert not {n for n in names if n.split(".")[0] in {"scenarios", "fixtures"}}


def test_help_and_list_import_nothing_heavy() -> None:
    code = (
        "import sys; import leaklab.__main__, leaklab.reports.listing\n"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "scipy", "rich", "psutil"} & set(found.stdout.split()) == set()


def test_no_module_is_longer_than_250_lines() -> None:
    # The agent is one file by design: it is started by its path where leaklab is not installed.
    long = [p.name for p in MODULES if len(p.read_text().splitlines()) > 250]
    assert long in ([], ["agent.py"])
