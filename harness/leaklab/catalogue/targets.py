"""Targets: functions of the user, which are measured like the program of a scenario."""

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from leaklab.model.errors import BadInput
from leaklab.model.scenario import ControlTruth, Mode, Pattern, Resource, Scenario
from leaklab.model.target import Target

FORM = "write MODULE:FUNCTION or FILE.py:FUNCTION, with CLASS.METHOD for a method"
# The calls of a run, unless the user says otherwise.
CALLS = 1000


@dataclass(frozen=True)
class TargetRequest:
    """A target as the command line has it.

    Attributes:
        text: `MODULE:FUNCTION` or `FILE.py:FUNCTION`.
        setup: The same for the function that makes its argument or instance; empty without one.
        folder: The folder from which modules are imported, and to which files are relative.
    """

    text: str
    setup: str
    folder: Path


def is_target(text: str) -> bool:
    """Return whether a text names a function, and not a scenario."""
    return ":" in text


def read_target(request: TargetRequest) -> Target:
    """Return the target of a request; nothing is imported.

    Raises:
        BadInput: It has another form, or names a file that does not exist.
    """
    target = _parsed(request.text, request.folder)
    if not request.setup:
        return target
    setup = _parsed(request.setup, request.folder)
    folders = tuple(dict.fromkeys(target.folders + setup.folders))
    return replace(target, folders=folders, setup=setup)


def scenario_of_target(target: Target) -> Scenario:
    """Return the scenario that a target stands for: a program of unknown behaviour."""
    return Scenario(
        name=target.text,
        schema=1,
        title=target.text,
        summary=f"{target.text} is called again and again.",
        pattern=Pattern.NONE,
        resource=Resource.MEMORY,
        unit="call",
        units=CALLS,
        modes=tuple(Mode),
        level=1,
        hints=(),
        sources=(),
        vouched=False,
        program=ControlTruth(),
        target=target,
    )


def _parsed(text: str, folder: Path) -> Target:
    place, _, dotted = text.rpartition(":")
    attributes = tuple(dotted.split("."))
    if not place or not all(name.isidentifier() for name in attributes):
        raise BadInput(f"{text!r} is not a target: {FORM}")
    here = str(folder.resolve())
    folders: tuple[str, ...] = (here,)
    if place.endswith(".py"):
        root, module = _module_of(text, folder / place)
        folders = tuple(dict.fromkeys((str(root), here)))
    else:
        module = place
    if not all(name.isidentifier() for name in module.split(".")):
        raise BadInput(f"{text!r} is not a target: {module!r} is not the name of a module; {FORM}")
    return Target(
        text=text,
        module=module,
        attributes=attributes,
        working_folder=here,
        folders=folders,
    )


def _module_of(text: str, file: Path) -> tuple[Path, str]:
    """Return the folder from which a file is imported, and the name that it has there."""
    if not file.is_file():
        raise BadInput(f"{text!r} is not a target: there is no file {file}")
    root, names = file.resolve().parent, [file.stem]
    while (root / "__init__.py").is_file():
        names.insert(0, root.name)
        root = root.parent
    return root, ".".join(names)
