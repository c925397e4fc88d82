"""The options of a scenario, which `-o name=value` changes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from leaklab.model.errors import BadInput
from leaklab.model.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leaklab.model.scenario import Option, Scenario


def resolve_options(scenario: Scenario, changes: Iterable[str]) -> dict[str, Option]:
    """Return the options of a scenario with `name=value` changes.

    A value is converted to the type of its default. One that names an existing file becomes its
    absolute path where the default is empty, because the measured process has its own folder.

    Args:
        scenario: The scenario.
        changes: Changes of the form `name=value`.

    Raises:
        BadInput: A change has no `=`, an unknown name, or a value of another type.
    """
    options = dict(scenario.options)
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise BadInput(f"-o {cut(change)}: write it as name=value")
        if name not in options:
            allowed = ", ".join(options) or "none"
            raise BadInput(f"{scenario.name} has no option {cut(name)!r}; it has: {allowed}")
        options[name] = _as_type_of(options[name], name, value)
    return options


def _as_type_of(default: Option, name: str, value: str) -> Option:
    type_ = type(default)
    if type_ is bool:
        if value.lower() not in {"true", "false"}:
            raise BadInput(f"-o {name}={cut(value)}: give true or false")
        return value.lower() == "true"
    if type_ is str and not _is_utf8(value):
        raise BadInput(f"-o {name}={cut(value)}: not UTF-8; write it as UTF-8")
    if default == "" and _names_a_file(value):
        return str(Path(value).resolve())
    try:
        converted = type_(value)
    except ValueError:
        converted = math.nan
    if not is_finite(converted):
        raise BadInput(f"-o {name}={cut(value)}: not a number; give one, such as {default}")
    return converted


def is_finite(value: Option) -> bool:
    """Return False for nan and infinity, otherwise True; nan and infinity are refused."""
    return not isinstance(value, float) or math.isfinite(value)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _names_a_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # too long for a path, or in a folder without permission
        return False
