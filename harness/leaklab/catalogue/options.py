"""What `-o name=value` may change of a scenario. `fixtures/drive.py` reads it, too, in the process
that a profiler looks at: so it imports the standard library's light parts only."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from leaklab.model.errors import BadInput
from leaklab.model.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leaklab.model.scenario import Option, Scenario


def resolve_options(scenario: Scenario, changes: Iterable[str]) -> dict[str, Option]:
    """A scenario's options with `name=value` changes; see `changed_options`."""
    return changed_options(scenario.name, scenario.options, changes)


def changed_options(
    scenario: str, defaults: Mapping[str, Option], changes: Iterable[str]
) -> dict[str, Option]:
    """Options with `name=value` changes, each read as its default's type.

    A value that names an existing file becomes its absolute path where the default is empty, for
    the measured process has a working folder of its own.

    Raises:
        BadInput: a change has no `=`, an unknown name, or a value of another type.
    """
    options = dict(defaults)
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise BadInput(f"-o {cut(change)}: write it as name=value")
        if name not in options:
            allowed = ", ".join(options) or "none"
            raise BadInput(f"{scenario} has no option {cut(name)!r}; it has: {allowed}")
        options[name] = _as_type_of(options[name], name, value)
    return options


def _as_type_of(default: Option, name: str, value: str) -> Option:
    kind = type(default)
    if kind is bool:
        if value.lower() not in {"true", "false"}:
            raise BadInput(f"-o {name}={cut(value)}: say true or false")
        return value.lower() == "true"
    if default == "" and _names_a_file(value):
        return str(Path(value).resolve())
    try:
        found = kind(value)
    except ValueError:
        found = math.nan
    if not is_finite(found):
        raise BadInput(f"-o {name}={cut(value)}: a number is wanted, like {default}")
    return found


def is_finite(value: Option) -> bool:
    """Whether it is no number, or a finite one: nothing can be made of nan or infinity."""
    return not isinstance(value, float) or math.isfinite(value)


def _names_a_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # too long for a path, or in a folder that is closed to us
        return False
