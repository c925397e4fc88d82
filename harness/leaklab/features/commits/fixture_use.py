"""Which modules of fixtures/ each scenario uses, read from a commit without importing it.

A scenario uses its services, the modules that it imports at run time, and what these import.
"""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

SCENARIOS, FIXTURES = "scenarios", "fixtures"
# The module of the package itself, which is imported with each of its modules.
PACKAGE = "__init__"


def fixtures_by_scenario(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Return the names of the fixture modules that each scenario uses, such as `http`.

    Args:
        sources: The modules and scenario.toml files of a commit, by their paths from the root.
    """
    of_fixture: dict[str, set[str]] = {}
    of_scenario: dict[str, set[str]] = {}
    for path, text in sources.items():
        if name := scenario_of(path):
            of_scenario.setdefault(name, set()).update(_uses(path, text))
        elif module := fixture_of(path):
            of_fixture.setdefault(module, set()).update(_uses(path, text))
    return {name: _closure(used, of_fixture) for name, used in of_scenario.items()}


def scenario_of(path: str) -> str:
    """Return the scenario that a file belongs to; empty if it belongs to no scenario."""
    top, *inner = PurePosixPath(path).parts
    is_scenario = top == SCENARIOS and len(inner) > 1 and not inner[0].startswith(("_", "."))
    return inner[0] if is_scenario else ""


def fixture_of(path: str) -> str:
    """Return the fixture module that a file belongs to; empty if it is outside of fixtures.

    A data file beside the modules may be read by each of them, so it counts as the package.
    """
    top, *inner = PurePosixPath(path).parts
    if top != FIXTURES or not inner:
        return ""
    is_module = len(inner) > 1 or inner[0].endswith(".py")
    return inner[0].removesuffix(".py") if is_module else PACKAGE


def _closure(used: set[str], imports: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    while new := used - reached:
        reached |= new
        used = set().union(*(imports.get(module, set()) for module in new))
    return reached | {PACKAGE} if reached else reached


def _uses(path: str, text: str) -> set[str]:
    """Return the fixture modules that a file names; empty for an invalid file, which cannot run."""
    try:
        if path.endswith(".toml"):
            return set(tomllib.loads(text).get("services", ()))
        return set(_imported(ast.parse(text)))
    except (SyntaxError, ValueError, TypeError):
        return set()


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the fixture modules that are imported at run time, not only for type checkers."""
    if isinstance(node, ast.Import):
        yield from _below_fixtures(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from _below_fixtures(f"{node.module}.{alias.name}" for alias in node.names)
    for child in _at_run_time(node):
        yield from _imported(child)


def _at_run_time(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return node.orelse
    return ast.iter_child_nodes(node)


def _below_fixtures(names: Iterable[str]) -> Iterator[str]:
    """Yield `http` for `fixtures.http` and for `fixtures.http.Server`."""
    for name in names:
        top, *inner = name.split(".")
        if top == FIXTURES:
            yield inner[0] if inner else PACKAGE
