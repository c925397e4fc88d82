"""The catalogue: the folders of `scenarios/`, read without importing any of their code."""

import difflib
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from leaklab.catalogue.options import is_sound
from leaklab.model.errors import BadInput
from leaklab.model.scenario import (
    BuggyTruth,
    ControlTruth,
    FixedTruth,
    Judge,
    Mode,
    Requires,
    Scenario,
    Scope,
    Variant,
)
from leaklab.model.text import cut

SCHEMA = 1

# The largest number: a saved plan holds 64 bits.
MOST = 2**63 - 1

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
    package = Path(__file__).resolve().parents[1]
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
    text = read_text_of(path)
    try:
        return _scenario_of(path, tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # also of a number with thousands of digits
        raise BadInput(f"{path} cannot be read as TOML: {error}; mend it there") from error


def _scenario_of(path: Path, table: dict[str, Any]) -> Scenario:
    schema = table.get("schema")
    if schema != SCHEMA:
        advice = f"say schema = {SCHEMA}, or update leaklab"
        raise BadInput(
            f"{path}: schema is {cut(repr(schema))}; this leaklab reads {SCHEMA}: {advice}"
        )
    if "name" in table:
        raise BadInput(f"{path}: unknown key 'name'; a scenario's name is its folder's: remove it")
    _refuse_unknown(path, table)
    try:
        scenario = msgspec.convert({**table, "name": path.parent.name}, Scenario)
    except msgspec.ValidationError as error:
        words = f"{error}; mend it".replace(" - at `$.", ", at `")
        raise BadInput(f"{path}: {words}") from error
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
                    f"{path}: unknown key {cut(key)!r} at {place}; allowed: {', '.join(allowed)}"
                )


def _refuse_contradictions(path: Path, scenario: Scenario) -> None:
    pair = scenario.buggy is not None and scenario.fixed is not None
    if bool(scenario.program) == pair or bool(scenario.buggy) != bool(scenario.fixed):
        raise BadInput(f"{path}: give [buggy] and [fixed], or for a control [program] alone")
    if not 1 <= scenario.level <= 5:
        raise BadInput(f"{path}: level is {scenario.level}; say 1 (easy) to 5 (hard)")
    if not 1 <= scenario.units <= MOST:
        raise BadInput(f"{path}: units is {scenario.units}; at least 1 is needed, at most {MOST}")
    if not scenario.modes:
        raise BadInput(f'{path}: modes is empty; name at least one, such as "inline"')
    if scenario.scope is Scope.TREE and scenario.modes != (Mode.INLINE,):
        raise BadInput(f'{path}: scope = "tree" runs inline only; say modes = ["inline"]')
    if len(set(scenario.modes)) < len(scenario.modes):
        raise BadInput(f"{path}: modes names one twice; name each once")
    if (scenario.judge is Judge.PEAK) != (scenario.min_ratio is not None):
        raise BadInput(f'{path}: judge = "peak" and min_ratio go together; give both or neither')
    if scenario.min_ratio is not None and not 1 < scenario.min_ratio < math.inf:
        raise BadInput(f"{path}: min_ratio is {scenario.min_ratio}; say a number above 1")
    for name in ("title", "summary", "unit"):
        if not getattr(scenario, name).isprintable():
            raise BadInput(f"{path}: {name} is not one line of plain text; write it as one")
    _refuse_unsound_options(path, scenario)


def _refuse_unsound_options(path: Path, scenario: Scenario) -> None:
    for name, value in scenario.options.items():
        if not is_sound(value):
            raise BadInput(f"{path}: option {cut(name)!r} is {value}; give it a finite default")
        if isinstance(value, int) and abs(value) > MOST:
            raise BadInput(f"{path}: option {cut(name)!r} is huge; give it at most {MOST}")


def source_of(catalogue: Catalogue, name: str, variant: Variant) -> str:
    """The text of a variant's program.

    Raises:
        BadInput: it cannot be read.
    """
    return read_text_of(catalogue.folder(name) / f"{variant}.py")
