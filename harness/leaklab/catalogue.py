"""The catalogue: the folders of `scenarios/`, read without importing any of their code."""

import difflib
import math
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
    Requires,
    Scenario,
    Variant,
)
from leaklab.options import is_sound

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

    @property
    def fixtures_root(self) -> Path:
        """The root whose `fixtures/` is imported: its own, if it has any; never both."""
        return self.root if (self.root / "fixtures").is_dir() else builtin_root()

    def names(self) -> list[str]:
        """The scenarios' names, sorted.

        Raises:
            BadInput: the folder cannot be read.
        """
        return [
            path.name
            for path in entries_of(self.root / "scenarios")
            if path.is_dir() and not path.name.startswith(("_", "."))
        ]

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
    try:
        if not (root / "scenarios").is_dir():
            raise BadInput(f"{root} holds no catalogue: make a folder 'scenarios' there")
        for package in (root / "scenarios", root / "fixtures"):
            # A regular package elsewhere on the path would beat this one.
            if package.is_dir() and not (package / "__init__.py").is_file():
                raise BadInput(f"{package / '__init__.py'} is missing: make an empty file")
        return Catalogue(root.resolve())
    except OSError as error:
        raise BadInput(f"{root} cannot be read: {error.strerror}; name another folder") from error


def read_text_of(path: Path) -> str:
    """The text of a scenario's file.

    Raises:
        BadInput: it is missing, cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(f"{path} is missing: write it, or remove its folder") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}; mend its rights") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def entries_of(folder: Path) -> list[Path]:
    """What is in a folder, sorted.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error.strerror}; mend its rights") from error


def read_scenario(folder: Path) -> Scenario:
    """Read the scenario.toml of a folder.

    Raises:
        BadInput: it is missing, is no TOML, has an unknown key or a wrong type, or contradicts
            itself; the message names the file, the key and what is allowed.
    """
    path = folder / "scenario.toml"
    try:
        table = tomllib.loads(read_text_of(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
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
    if scenario.min_ratio is not None and not 1 < scenario.min_ratio < math.inf:
        raise BadInput(f"{path}: min_ratio is {scenario.min_ratio}; say a number above 1")
    for name, value in scenario.options.items():
        if not is_sound(value):
            raise BadInput(f"{path}: option {name!r} is {value}; give it a finite default")


def source_of(catalogue: Catalogue, name: str, variant: Variant) -> str:
    """The text of a variant's program.

    Raises:
        BadInput: it cannot be read.
    """
    return read_text_of(catalogue.folder(name) / f"{variant}.py")
