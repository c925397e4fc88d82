"""Docstrings of the harness have one style, the one that CONTRIBUTING.md names."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "harness" / "leaklab"
MODULES = sorted(ROOT.rglob("*.py"))
SECTION = re.compile(r"^(Args|Returns|Raises|Yields|Attributes):$")
NAMED = {"Args", "Raises", "Attributes"}
NAMED_ENTRY = re.compile(r"^    (?! )[*\w., ]+: (.*)$")
TEXT = re.compile(r"^    (?! )(.*)$")
NAMES = re.compile(r"^(\w+(?:, \w+)*):")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def definitions(path: Path) -> list[Documented]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Documented)]


def lower_case_entries(docstring: str) -> Iterator[str]:
    """Yield the entries of sections that begin with a small letter; an entry has a name or is the
    first line of its section."""
    section, is_first = "", False
    for line in docstring.splitlines():
        if match := SECTION.match(line):
            section, is_first = match[1], True
        elif line and not line.startswith(" "):
            section = ""
        elif section in NAMED and (entry := NAMED_ENTRY.match(line)):
            if entry[1][:1].islower():
                yield line.strip()
        elif section and section not in NAMED and is_first and (text := TEXT.match(line)):
            is_first = False
            if text[1][:1].islower():
                yield line.strip()


def bare_entries(docstring: str, names: set[str]) -> list[str]:
    """Return the lines that describe one of the names outside of a section."""
    matches = [NAMES.match(line) for line in docstring.splitlines()]
    return [match[1] for match in matches if match and names.intersection(match[1].split(", "))]


def names_in(node: Documented) -> set[str]:
    """The parameters of a function, or the fields and constants of a class."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    targets = [target for inner in node.body for target in getattr(inner, "targets", [])]
    targets += [inner.target for inner in node.body if isinstance(inner, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Args:\n    a: the one.\n    b: The other.", ["a: the one."]),
        ("Raises:\n    BadInput: it is\n        not so.\n\nreturns: no", ["BadInput: it is"]),
        ("Returns:\n    The sum, or\n    nothing.", []),
        ("Returns:\n    a sum.", ["a sum."]),
        ("No section:\n    a: the one.", []),
    ],
)
def test_an_entry_in_lower_case_is_noticed(docstring: str, expected: list[str]) -> None:
    assert expected == list(lower_case_entries(docstring))


def test_a_list_of_fields_without_a_section_is_noticed() -> None:
    (node,) = ast.parse("class A:\n  a: int\n  b: int\n  C = 1").body
    assert isinstance(node, ast.ClassDef)
    text = "All.\n\na, b: the pieces.\nC: one.\nexample: none.\nAttributes:\n    a: The a."
    assert ["a, b", "C"] == bare_entries(text, names_in(node))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_entries_are_in_sections_and_begin_with_a_capital_letter(path: Path) -> None:
    documented = [(node, ast.get_docstring(node) or "") for node in definitions(path)]
    assert [] == [entry for _, text in documented for entry in lower_case_entries(text)]
    assert [] == [
        entry for node, text in documented for entry in bare_entries(text, names_in(node))
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_function_with_a_public_name_has_a_docstring(path: Path) -> None:
    # ruff's D1 asks for them too, but not in functions and private classes. A property is described
    # by its getter.
    functions = [node for node in definitions(path) if isinstance(node, ast.FunctionDef)]
    setters = {
        node
        for node in functions
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Attribute) and decorator.attr == "setter"
    }
    public = [node for node in functions if not node.name.startswith("_") and node not in setters]
    assert [] == [node.name for node in public if not ast.get_docstring(node)]
