"""Which modules of fixtures/ each scenario uses, read from the text of a commit without importing
any of it: its services, what its modules import at run time, and what these import in turn."""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

SCENARIOS, FIXTURES = "scenarios", "fixtures"
# The package itself, which is imported with each of its modules.
PACKAGE = "__init__"


def fixtures_by_scenario(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """The modules of fixtures that each scenario uses, by their names: `http`.

    Args:
        sources: the modules and scenario.toml files of a commit, by their paths from the root.
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
    """The scenario that a file belongs to; empty where it belongs to none."""
    top, *inner = PurePosixPath(path).parts
    is_one = top == SCENARIOS and len(inner) > 1 and not inner[0].startswith(("_", "."))
    return inner[0] if is_one else ""


def fixture_of(path: str) -> str:
    """The module of fixtures that a file belongs to; empty where it belongs to none.

    A file beside the modules that is none itself may be read by each of them: it counts as the
    package.
    """
    top, *inner = PurePosixPath(path).parts
    if top != FIXTURES or not inner:
        return ""
    is_module = len(inner) > 1 or inner[0].endswith(".py")
    return inner[0].removesuffix(".py") if is_module else PACKAGE


def _closure(used: set[str], imports: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    while new := used - found:
        found |= new
        used = set().union(*(imports.get(module, set()) for module in new))
    return found | {PACKAGE} if found else found


def _uses(path: str, text: str) -> set[str]:
    """The modules of fixtures that a file names; none where it cannot be read, for then it does not
    run either."""
    try:
        if path.endswith(".toml"):
            return set(tomllib.loads(text).get("services", ()))
        return set(_imported(ast.parse(text)))
    except (SyntaxError, ValueError, TypeError):
        return set()


def _imported(node: ast.AST) -> Iterator[str]:
    """The modules of fixtures that are imported at run time: not for type checkers only."""
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
    """`http` of `fixtures.http` and of `fixtures.http.Server`."""
    for name in names:
        top, *inner = name.split(".")
        if top == FIXTURES:
            yield inner[0] if inner else PACKAGE
