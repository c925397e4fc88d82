"""The catalogue: the folders of `scenarios/`, read without importing any of their code."""

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from leaklab.errors import BadInput
from leaklab.model import (
    BuggyTruth,
    ControlTruth,
    FixedTruth,
    Judge,
    Option,
    Requires,
    Scenario,
    Variant,
)

SCHEMA = 1

TABLES = {
    "": Scenario,
    "requires": Requires,
    "buggy": BuggyTruth,
    "fixed": FixedTruth,
    "program": ControlTruth,
}


@dataclass(frozen=True)
class Catalogue:
    """A root folder: it holds `scenarios/` and, where it has peers of its own, `fixtures/`."""

    root: Path

    @property
    def import_roots(self) -> tuple[Path, ...]:
        """What a measured process puts first on its path: without `fixtures/` of its own, a
        catalogue elsewhere is lent the lab's."""
        lab = builtin_root()
        return (self.root,) if self.root == lab else (self.root, lab)

    def names(self) -> list[str]:
        """The scenarios' names, sorted."""
        folder = self.root / "scenarios"
        return sorted(
            path.name
            for path in folder.iterdir()
            if path.is_dir() and not path.name.startswith(("_", "."))
        )

    def folder(self, name: str) -> Path:
        """Where a scenario's files are."""
        return self.root / "scenarios" / name

    def load(self, name: str) -> Scenario:
        """Read one scenario.toml.

        Raises:
            BadInput: there is no such scenario (the nearest name is given), or its text is wrong.
        """
        known = self.names()
        if name not in known:
            raise BadInput(f"no scenario {name!r}; {_nearest(name, known)}")
        return read_scenario(self.folder(name))

    def load_all(self, names: Iterable[str] = ()) -> list[Scenario]:
        """The scenarios of these names, in this order; all of them where none is named."""
        return [self.load(name) for name in (tuple(names) or self.names())]


def builtin_root() -> Path:
    """The lab's own catalogue: in a wheel it lies inside the package, in a checkout two levels up.

    It is never searched for in site-packages, where an editable install leaves a stale copy.
    """
    package = Path(__file__).resolve().parent
    packed = package / "_catalogue"
    return packed if packed.is_dir() else package.parents[1]


def open_catalogue(root: Path | None) -> Catalogue:
    """The catalogue at `root`, or the lab's own.

    Raises:
        BadInput: there is none at `root`.
    """
    if root is None:
        return Catalogue(builtin_root())
    if not (root / "scenarios").is_dir():
        raise BadInput(f"{root} holds no catalogue: make a folder 'scenarios' there")
    if not (root / "scenarios" / "__init__.py").is_file():
        # A regular package elsewhere on the path would beat this one.
        raise BadInput(f"{root / 'scenarios' / '__init__.py'} is missing: make an empty file")
    return Catalogue(root.resolve())


def read_scenario(folder: Path) -> Scenario:
    """Read the scenario.toml of a folder.

    Raises:
        BadInput: it is missing, is no TOML, has an unknown key or a wrong type, or contradicts
            itself; the message names the file, the key and what is allowed.
    """
    path = folder / "scenario.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{path} is missing: write one, or remove the folder") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} cannot be read as TOML: {error}") from error
    if table.get("schema") != SCHEMA:
        raise BadInput(f"{path}: schema is {table.get('schema')!r}; this leaklab reads {SCHEMA}")
    if "name" in table:
        raise BadInput(f"{path}: unknown key 'name'; a scenario's name is its folder's")
    _refuse_unknown(path, table)
    try:
        scenario = msgspec.convert({**table, "name": folder.name}, Scenario)
    except msgspec.ValidationError as error:
        raise BadInput(f"{path}: {error}".replace(" - at `$.", ", at `")) from error
    _refuse_contradictions(path, scenario)
    return scenario


def resolve_options(scenario: Scenario, changes: Iterable[str]) -> dict[str, Option]:
    """A scenario's options with `name=value` changes, each read as its default's type.

    A value that names an existing file becomes its absolute path where the default is empty, for
    the measured process has a working folder of its own.

    Raises:
        BadInput: a change has no `=`, an unknown name, or a value of another type.
    """
    options = dict(scenario.options)
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise BadInput(f"-o {change}: write it as name=value")
        if name not in options:
            allowed = ", ".join(options) or "none"
            raise BadInput(f"{scenario.name} has no option {name!r}; it has: {allowed}")
        options[name] = _as_type_of(options[name], name, value)
    return options


def _as_type_of(default: Option, name: str, value: str) -> Option:
    kind = type(default)
    if kind is bool:
        if value.lower() not in {"true", "false"}:
            raise BadInput(f"-o {name}={value}: say true or false")
        return value.lower() == "true"
    if default == "" and Path(value).is_file():
        return str(Path(value).resolve())
    try:
        return kind(value)
    except ValueError:
        raise BadInput(f"-o {name}={value}: a number is wanted, like {default}") from None


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "'leaklab list' names them all"


def _refuse_unknown(path: Path, table: dict[str, Any]) -> None:
    for where, struct in TABLES.items():
        part = table.get(where, {}) if where else table
        allowed = [f for f in struct.__struct_fields__ if f != "name"]
        for key in part if isinstance(part, dict) else ():
            if key not in allowed:
                place = f"[{where}]" if where else "the top level"
                raise BadInput(
                    f"{path}: unknown key {key!r} at {place}; allowed: {', '.join(allowed)}"
                )


def _refuse_contradictions(path: Path, scenario: Scenario) -> None:
    pair = scenario.buggy is not None and scenario.fixed is not None
    if bool(scenario.program) == pair or bool(scenario.buggy) != bool(scenario.fixed):
        raise BadInput(f"{path}: give [buggy] and [fixed], or for a control [program] alone")
    if not 1 <= scenario.level <= 5:
        raise BadInput(f"{path}: level is {scenario.level}; say 1 (easy) to 5 (hard)")
    if scenario.units < 1:
        raise BadInput(f"{path}: units is {scenario.units}; at least 1 is needed")
    if not scenario.modes:
        raise BadInput(f'{path}: modes is empty; name at least one, such as "inline"')
    if (scenario.judge is Judge.PEAK) != (scenario.min_ratio is not None):
        raise BadInput(f'{path}: judge = "peak" and min_ratio go together')


def source_of(catalogue: Catalogue, name: str, variant: Variant) -> str:
    """The text of a variant's program."""
    return (catalogue.folder(name) / f"{variant}.py").read_text(encoding="utf-8")
