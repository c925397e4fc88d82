"""What a scenario.toml may not say, though each of its keys is known and of the right type."""

import math
from pathlib import Path

from leaklab.catalogue.options import is_finite
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Criterion, Mode, Scenario, Scope
from leaklab.model.text import cut

# The largest number: a saved plan holds 64 bits.
MAX_NUMBER = 2**63 - 1


def require_consistent(path: Path, scenario: Scenario) -> None:
    """Stop at a scenario that contradicts itself, or gives a number that nothing can have.

    Raises:
        BadInput: naming the file, the key and what is allowed.
    """
    pair = scenario.buggy is not None and scenario.fixed is not None
    if bool(scenario.program) == pair or bool(scenario.buggy) != bool(scenario.fixed):
        raise BadInput(f"{path}: give [buggy] and [fixed], or for a control [program] alone")
    if not 1 <= scenario.level <= 5:
        raise BadInput(f"{path}: level is {scenario.level}; say 1 (easy) to 5 (hard)")
    if not 1 <= scenario.units <= MAX_NUMBER:
        raise BadInput(
            f"{path}: units is {scenario.units}; at least 1 is needed, at most {MAX_NUMBER}"
        )
    if not scenario.modes:
        raise BadInput(f'{path}: modes is empty; name at least one, such as "inline"')
    if scenario.scope is Scope.TREE and scenario.modes != (Mode.INLINE,):
        raise BadInput(f'{path}: scope = "tree" runs inline only; say modes = ["inline"]')
    if len(set(scenario.modes)) < len(scenario.modes):
        raise BadInput(f"{path}: modes names one twice; name each once")
    if (scenario.judge is Criterion.PEAK) != (scenario.min_ratio is not None):
        raise BadInput(f'{path}: judge = "peak" and min_ratio go together; give both or neither')
    if scenario.min_ratio is not None and not 1 < scenario.min_ratio < math.inf:
        raise BadInput(f"{path}: min_ratio is {scenario.min_ratio}; say a number above 1")
    for name in ("title", "summary", "unit"):
        if not getattr(scenario, name).isprintable():
            raise BadInput(f"{path}: {name} is not one line of plain text; write it as one")
    _require_finite_options(path, scenario)


def _require_finite_options(path: Path, scenario: Scenario) -> None:
    for name, value in scenario.options.items():
        if not is_finite(value):
            raise BadInput(f"{path}: option {cut(name)!r} is {value}; give it a finite default")
        if isinstance(value, int) and abs(value) > MAX_NUMBER:
            raise BadInput(f"{path}: option {cut(name)!r} is huge; give it at most {MAX_NUMBER}")
