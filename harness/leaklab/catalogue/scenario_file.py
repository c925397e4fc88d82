"""One scenario.toml: its text read into a `Scenario`, with all of its mistakes reported at once.

`msgspec.convert` stops at the first mistake, so each key is converted by itself.
"""

import difflib
import tomllib
from collections.abc import Collection, Mapping
from enum import EnumMeta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeAlias, get_args, get_origin

import msgspec

from leaklab.catalogue.contradictions import contradictions
from leaklab.catalogue.files import read_text_of
from leaklab.model.errors import BadInput, InvalidFile
from leaklab.model.scenario import (
    BuggyTruth,
    ControlTruth,
    FixedTruth,
    Option,
    Requires,
    Scenario,
)
from leaklab.model.text import cut_repr

SCENARIO_SCHEMA = 1

# Fields of a scenario that are not keys of its file.
NOT_KEYS = ("name", "edited", "target")

# The tables of a scenario.toml; "" is its top level.
TABLES: dict[str, type[msgspec.Struct]] = {
    "": Scenario,
    "requires": Requires,
    "buggy": BuggyTruth,
    "fixed": FixedTruth,
    "program": ControlTruth,
}

TYPE_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
STRINGS = "a list of strings"
OPTION_NAME = "a string, a number, true or false"

# The valid values of a table, by key, and the mistakes in the others.
Converted: TypeAlias = tuple[dict[str, Any], list[str]]


def read_scenario(folder: Path) -> Scenario:
    """Read the scenario.toml of a folder.

    Raises:
        BadInput: The file is missing, is not TOML, or has another schema.
        InvalidFile: The file has unknown keys, missing keys, wrong types or values, or contradicts
            itself; the error has every mistake.
    """
    path = folder / "scenario.toml"
    text = read_text_of(path)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also for a number with thousands of digits
        raise BadInput(f"{path} cannot be read as TOML: {error}; fix it there") from error
    return _scenario_of(path, table)


def _scenario_of(path: Path, table: dict[str, Any]) -> Scenario:
    schema = table.get("schema")
    if schema != SCENARIO_SCHEMA:
        advice = f"write schema = {SCENARIO_SCHEMA}, or update leaklab"
        raise BadInput(
            f"{path}: schema is {cut_repr(schema)}; this leaklab reads {SCENARIO_SCHEMA}: {advice}"
        )
    values, problems = _convert_table(Scenario, table, "")
    problems += contradictions(values)
    if problems:
        raise InvalidFile(path, problems)
    return Scenario(**values, name=path.parent.name)


def _convert_table(struct: type[msgspec.Struct], table: Mapping[str, Any], where: str) -> Converted:
    """Convert a table key by key; a key that is absent has its default."""
    fields = {f.name: f for f in msgspec.structs.fields(struct) if f.name not in NOT_KEYS}
    unknown = [key for key in table if key not in fields]
    problems = [_unknown_key(key, where, fields) for key in unknown]
    misspelled = {_nearest_key(key, fields) for key in unknown}
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in table:
            value, mistakes = _convert_value(table[name], field.type, name, where)
            problems += mistakes
            if not mistakes:
                values[name] = value
        elif not field.required:
            values[name] = _default_of(field)
        elif name not in misspelled:
            problems.append(f"key {name!r} is missing{_place(where)}; give {_expected(field.type)}")
    return values, problems


def _convert_value(value: Any, type_: Any, name: str, where: str) -> tuple[Any, list[str]]:
    struct = TABLES.get(name) if not where else None
    if struct and isinstance(value, dict):
        values, problems = _convert_table(struct, value, name)
        return (None if problems else struct(**values)), problems
    if get_origin(type_) is dict and isinstance(value, dict):
        return value, [
            f"option {cut_repr(key)} is {cut_repr(option)}; give {OPTION_NAME}"
            for key, option in value.items()
            if not isinstance(option, get_args(Option))
        ]
    try:
        return msgspec.convert(value, type_), []
    except (msgspec.ValidationError, OverflowError):
        label = f"[{where}] {name}" if where else name
        return None, [f"{label} is {cut_repr(value)}; give {_expected(type_)}"]


def _default_of(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _unknown_key(key: str, where: str, known: Collection[str]) -> str:
    if key == "name" and not where:
        return "unknown key 'name'; a scenario's name is its folder's: remove it"
    nearest = _nearest_key(key, known)
    advice = f"did you mean {nearest!r}?" if nearest else f"allowed: {', '.join(known)}"
    return f"unknown key {cut_repr(key)}{_place(where)}; {advice}"


def _nearest_key(key: str, known: Collection[str]) -> str | None:
    return next(iter(difflib.get_close_matches(key, known, n=1)), None)


def _place(where: str) -> str:
    return f" in [{where}]" if where else " at the top level"


def _expected(type_: Any) -> str:
    """Describe the values that a key may have."""
    if isinstance(type_, UnionType):
        return _expected(next(part for part in get_args(type_) if part is not NoneType))
    if isinstance(type_, EnumMeta):
        return f"one of: {', '.join(type_)}"
    if get_origin(type_) is tuple:
        item = get_args(type_)[0]
        return f"a list of: {', '.join(item)}" if isinstance(item, EnumMeta) else STRINGS
    return TYPE_NAMES.get(type_, "a table")
