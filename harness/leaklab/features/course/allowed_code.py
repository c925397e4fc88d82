"""What a learner's program may contain, decided from its text.

A fix of a leak changes what a program keeps. It needs no access to the process that measures it, no
other programs, and no collection by hand. The program runs in the measured process, so that code
with such access could make the lab measure anything. It is therefore refused before it runs, unless
the exercise itself contains it.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Modules for data structures and for references, which any fix may need.
MODULES = _words("""
    __future__ abc array bisect collections collections.abc contextlib dataclasses enum functools
    heapq itertools math operator queue struct typing weakref
""")

# Modules of which only those names may be used that the exercise or its reference uses.
NARROW_MODULES = _words("""
    _ssl ctypes gc mmap multiprocessing os sys
""")

# Builtins that reach what this check cannot see, or end the process.
BUILTINS = _words("""
    __import__ breakpoint compile delattr eval exec exit getattr globals input locals open quit
    setattr vars SystemExit KeyboardInterrupt
""")

# Names of attributes that end, copy or trim the process, or reach the interpreter.
ATTRIBUTES = _words("""
    _exit _getframe abort execv execve fork forkpty freeze malloc_trim mallopt posix_spawn
    settrace setprofile gi_frame cr_frame f_back f_globals f_locals tb_frame tb_next
""")

# The only names with two underscores at both ends that a class or a function needs.
DUNDERS = _words("""
    __aenter__ __aexit__ __aiter__ __all__ __anext__ __await__ __bool__ __call__ __class_getitem__
    __contains__ __del__ __delitem__ __doc__ __enter__ __eq__ __exit__ __future__ __get__
    __getitem__ __hash__ __init__ __iter__ __len__ __lt__ __main__ __missing__ __name__ __next__
    __post_init__ __repr__ __reversed__ __set__ __set_name__ __setitem__ __slots__ __str__
    __weakref__
""")


@dataclass(frozen=True)
class Refusal:
    """A line of a program that is refused, and why."""

    line: int
    reason: str


def refusals(source: str, references: Iterable[str]) -> list[Refusal]:
    """Return what a program may not contain, in the order of its lines.

    Args:
        source: The text of the program.
        references: The texts of the exercise and of its reference; what they contain is allowed.

    Raises:
        SyntaxError: The text is not Python.
    """
    allowed = _Names()
    for reference in references:
        allowed.add(ast.parse(reference))
    given = _Names()
    given.add(ast.parse(source))
    return sorted(_refused(given, allowed), key=lambda refusal: refusal.line)


class _Names:
    """The names in programs that matter here, each with the first line that has it."""

    def __init__(self) -> None:
        self.modules: dict[str, int] = {}
        self.members: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.attributes: dict[str, int] = {}
        self.changed: dict[str, int] = {}
        self._imported: dict[str, str] = {}

    def add(self, tree: ast.Module) -> None:
        """Add the names of a program."""
        nodes = list(ast.walk(tree))
        for node in nodes:
            self._add_import(node)
        for node in nodes:
            self._add_use(node)

    def _add_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.modules.setdefault(alias.name, node.lineno)
                name = alias.asname or alias.name.partition(".")[0]
                self._imported[name] = alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            self.modules.setdefault(module, node.lineno)
            for alias in node.names:
                self.members.setdefault(f"{module}.{alias.name}", node.lineno)
                self._imported[alias.asname or alias.name] = f"{module}.{alias.name}"

    def _add_use(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self.names.setdefault(node.id, node.lineno)
        elif isinstance(node, ast.Attribute):
            self.attributes.setdefault(node.attr, node.lineno)
            if isinstance(node.value, ast.Name) and node.value.id in self._imported:
                full = f"{self._imported[node.value.id]}.{node.attr}"
                self.members.setdefault(full, node.lineno)
                if not isinstance(node.ctx, ast.Load):
                    self.changed.setdefault(full, node.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # getattr is refused, but a format string and ctypes also reach attributes by name.
            for part in set(node.value.replace("{", ".").replace("}", ".").split(".")):
                if part in ATTRIBUTES or _is_dunder(part):
                    self.attributes.setdefault(part, node.lineno)


def _refused(given: _Names, allowed: _Names) -> Iterator[Refusal]:
    for module, line in _new(given.modules, allowed.modules):
        if module not in MODULES:
            yield Refusal(line, f"the module {module} is not needed here")
    for member, line in _new(given.members, allowed.members):
        if member.partition(".")[0] in NARROW_MODULES:
            yield Refusal(line, f"{member} is not needed here")
    for name, line in _new(given.names, allowed.names):
        if name in BUILTINS or (_is_dunder(name) and name not in DUNDERS):
            yield Refusal(line, f"{name} is not needed here")
    for name, line in _new(given.attributes, allowed.attributes):
        if name in ATTRIBUTES or (_is_dunder(name) and name not in DUNDERS):
            yield Refusal(line, f".{name} is not needed here")
    for member, line in _new(given.changed, allowed.changed):
        yield Refusal(line, f"{member} belongs to another module, which a fix leaves as it is")


def _new(given: dict[str, int], allowed: dict[str, int]) -> Sequence[tuple[str, int]]:
    return [(name, line) for name, line in given.items() if name not in allowed]


def _is_dunder(name: str) -> bool:
    return len(name) > len("____") and name.startswith("__") and name.endswith("__")
