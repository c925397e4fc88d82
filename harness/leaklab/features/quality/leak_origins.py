"""Where the memory of a leak comes from: the truth by which answers of profilers are graded.

A scenario declares the line that retains, and the file that allocates. The lines that allocate and
the types of what is kept are declared here, for the scenarios that the profilers are asked about.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leaklab.catalogue.folders import Catalogue
from leaklab.model.errors import BadInput


@dataclass(frozen=True)
class OriginFacts:
    """What a scenario does not declare itself.

    Attributes:
        allocating: Text that occurs once in the file that allocates, on each line that does.
        types: The types of what is kept, and of the collection that keeps it.
        libraries: Parts of the paths of libraries that allocate what is kept.
    """

    allocating: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    libraries: tuple[str, ...] = ()


ORIGIN_FACTS = {
    "word_index": OriginFacts(
        ('return Article(title, " ".join(words))',), frozenset({"Article", "str", "list"})
    ),
    "cache_without_eviction": OriginFacts(
        ('return "\\n".join(lines)',), frozenset({"str", "dict"})
    ),
    # An X509 is no object of Python.
    "native_certificate": OriginFacts(),
    "unclosed_sockets": OriginFacts(
        ("response = self._session.get(self._url, stream=True, timeout=10)",),
        frozenset({"Response", "HTTPResponse", "socket", "BufferedReader", "list"}),
        ("/requests/", "/urllib3/", "/http/client.py", "/http/cookiejar.py", "/socket.py"),
    ),
    # Its keys are strings, too, and so is most of what the templates keep.
    "red_herring": OriginFacts(
        ('number = f"{self._random.getrandbits(64):016x}"',), frozenset({"tuple", "float", "dict"})
    ),
}


@dataclass(frozen=True)
class Place:
    """A line of a program, with the function and the class that it is in; empty if in none."""

    path: str
    line: int
    function: str
    owner: str


@dataclass(frozen=True)
class LeakOrigin:
    """Where the memory of a leak comes from.

    Attributes:
        retaining: The line that retains.
        allocating: The lines that allocate.
        files: The files of the program and of what allocates.
        types: The types of what is kept, and of the collection that keeps it.
        libraries: Parts of the paths of libraries that allocate what is kept.
    """

    retaining: Place
    allocating: tuple[Place, ...]
    files: frozenset[str]
    types: frozenset[str]
    libraries: tuple[str, ...]


def leak_origin(catalogue: Catalogue, name: str) -> LeakOrigin:
    """Return the origin of the leak of a scenario.

    Raises:
        BadInput: It has no buggy variant, so that there is no origin.
    """
    truth = catalogue.load(name).buggy
    if truth is None:
        raise BadInput(f"{name} is a control, and has no line that retains: name a pair")
    program = catalogue.root / "scenarios" / name / "buggy.py"
    allocating = catalogue.root / truth.allocation if truth.allocation else program
    facts = ORIGIN_FACTS.get(name, OriginFacts())
    return LeakOrigin(
        retaining=place_of(program, truth.culprit),
        allocating=tuple(place_of(allocating, text) for text in facts.allocating),
        files=frozenset({str(program), str(allocating)}),
        types=facts.types,
        libraries=facts.libraries,
    )


def place_of(path: Path, text: str) -> Place:
    """Return the place of the only line of a file that contains a text.

    Raises:
        BadInput: There is no such line, or more than one.
    """
    source = path.read_text(encoding="utf-8")
    lines = [n for n, line in enumerate(source.splitlines(), start=1) if text in line]
    if len(lines) != 1:
        raise BadInput(f"{path} has {len(lines)} lines with {text!r}: there must be one")
    around = list(nodes_around(ast.parse(source), lines[0]))
    functions = [node.name for node in around if not isinstance(node, ast.ClassDef)]
    owners = [node.name for node in around if isinstance(node, ast.ClassDef)]
    return Place(str(path), lines[0], "".join(functions[-1:]), "".join(owners[-1:]))


def nodes_around(
    tree: ast.Module, line: int
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the classes and functions that contain a line, the outermost first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.lineno <= line <= (node.end_lineno or 0)
        ):
            yield node
