"""What a learner's program may contain, decided from its text.

A fix of a leak changes what a program keeps. It needs no access to the process that measures it, no
other programs, and no collection by hand. The program runs in the measured process, so that code
with such access could make the lab measure anything. It is therefore refused before it runs, unless
the exercise itself contains it.
"""

import ast
import sys
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

# Members of these modules that read attributes by name, evaluate text, or write into other modules.
MEMBERS = _words("""
    dataclasses.make_dataclass enum.bltns enum.global_enum functools.singledispatch
    functools.singledispatchmethod functools.update_wrapper functools.wraps operator.attrgetter
    operator.methodcaller typing.ForwardRef typing.get_type_hints typing.stdlib_re
""")

# Builtins that reach what this check cannot see, or end the process.
BUILTINS = _words("""
    __import__ breakpoint compile delattr eval exec exit getattr globals input locals open quit
    setattr vars SystemExit KeyboardInterrupt
""")

# Names of attributes that end, copy or trim the process, or reach the interpreter.
ATTRIBUTES = _words("""
    _exit _getframe abort execv execve fork forkpty freeze malloc_trim mallopt posix_spawn
    settrace settrace_all_threads setprofile setprofile_all_threads ag_code ag_frame cr_code
    cr_frame f_back f_builtins f_code f_globals f_locals gi_code gi_frame tb_frame tb_next
""")

# type() with several arguments makes a class with any attributes, under names that no text shows.
CLASS_MAKER = "type() with several arguments"

# The only names with two underscores at both ends that a class or a function needs. A class that
# defines what equals it could pass any comparison of a contract.
DUNDERS = _words("""
    __aenter__ __aexit__ __aiter__ __all__ __anext__ __await__ __bool__ __call__ __class_getitem__
    __contains__ __del__ __delitem__ __doc__ __enter__ __exit__ __future__ __get__
    __getitem__ __init__ __iter__ __len__ __main__ __missing__ __name__ __next__
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
        self.values: dict[str, int] = {}
        self._imported: dict[str, str] = {}
        self._imported_modules: set[str] = set()

    def add(self, tree: ast.Module) -> None:
        """Add the names of a program."""
        nodes = list(ast.walk(tree))
        for node in nodes:
            self._add_import(node)
        bases = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.names.setdefault(node.name, node.lineno)
            elif isinstance(node, ast.Name):
                self._add_name(node, is_base=id(node) in bases)
            elif isinstance(node, ast.Attribute):
                self._add_attribute(node)
            elif isinstance(node, ast.Call) and _makes_class(node):
                self.names.setdefault(CLASS_MAKER, node.lineno)
            elif isinstance(node, ast.MatchClass):
                self._add_attribute_names(node.kwd_attrs, node.lineno)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # A format string, and a class that is made by type(), have attributes by name.
                parts = node.value.replace("{", ".").replace("}", ".").split(".")
                self._add_attribute_names(filter(_is_special, parts), node.lineno)

    def _add_import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.modules.setdefault(alias.name, node.lineno)
                name = alias.asname or alias.name.partition(".")[0]
                self._imported[name] = alias.name if alias.asname else name
                self._imported_modules.add(name)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            self.modules.setdefault(module, node.lineno)
            for alias in node.names:
                self.members.setdefault(f"{module}.{alias.name}", node.lineno)
                self._imported[alias.asname or alias.name] = f"{module}.{alias.name}"

    def _add_name(self, node: ast.Name, *, is_base: bool) -> None:
        self.names.setdefault(node.id, node.lineno)
        if node.id in self._imported_modules and not is_base:
            self.values.setdefault(self._imported[node.id], node.lineno)

    def _add_attribute(self, node: ast.Attribute) -> None:
        self.attributes.setdefault(node.attr, node.lineno)
        if full := self._full_name(node):
            self.members.setdefault(full, node.lineno)
            if not isinstance(node.ctx, ast.Load):
                self.changed.setdefault(full, node.lineno)

    def _add_attribute_names(self, names: Iterable[str], line: int) -> None:
        for name in names:
            self.attributes.setdefault(name, line)

    def _full_name(self, node: ast.expr) -> str:
        """Return the full name of what was imported, or of a part of it; empty for all else."""
        if isinstance(node, ast.Attribute):
            base = self._full_name(node.value)
            return base and f"{base}.{node.attr}"
        return self._imported.get(node.id, "") if isinstance(node, ast.Name) else ""


def _refused(given: _Names, allowed: _Names) -> Iterator[Refusal]:
    for module, line in _new(given.modules, allowed.modules):
        if module not in MODULES:
            yield Refusal(line, f"the module {module} is not needed here")
    for member, line in _new(given.members, allowed.members):
        if _is_outside(member):
            yield Refusal(line, f"{member} is not needed here")
    for name, line in _new(given.names, allowed.names):
        if name in {CLASS_MAKER, *BUILTINS} or (_is_dunder(name) and name not in DUNDERS):
            yield Refusal(line, f"{name} is not needed here")
    for name, line in _new(given.attributes, allowed.attributes):
        if _is_special(name):
            yield Refusal(line, f".{name} is not needed here")
    for module, line in _new(given.values, allowed.values):
        yield Refusal(line, f"the module {module} is not needed here as a value")
    for member, line in _new(given.changed, allowed.changed):
        yield Refusal(line, f"{member} belongs to another module, which a fix leaves as it is")


def _new(given: dict[str, int], allowed: dict[str, int]) -> Sequence[tuple[str, int]]:
    return [(name, line) for name, line in given.items() if name not in allowed]


def _is_outside(member: str) -> bool:
    """Return whether a member of a module is private, or leads to what is refused elsewhere."""
    *modules, name = member.split(".")
    is_module = name in sys.stdlib_module_names and name != modules[-1] and member not in MODULES
    return (
        modules[0] in NARROW_MODULES
        or member in MEMBERS
        or is_module
        or name == "*"
        or (name.startswith("_") and not _is_dunder(name))
    )


def _makes_class(call: ast.Call) -> bool:
    is_type = isinstance(call.func, ast.Name) and call.func.id == "type"
    return is_type and (len(call.args) != 1 or isinstance(call.args[0], ast.Starred))


def _is_special(attribute: str) -> bool:
    return attribute in ATTRIBUTES or (_is_dunder(attribute) and attribute not in DUNDERS)


def _is_dunder(name: str) -> bool:
    return len(name) > len("____") and name.startswith("__") and name.endswith("__")
