"""A session that broke off: its plan read back, and what of it is made.

A file in its folder that is none of its results (half of one, one of a newer leaklab, something
else) is told of by name and left alone.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from leaklab.catalogue.folders import Catalogue
from leaklab.model.errors import BadInput
from leaklab.model.job import Job
from leaklab.model.result import Result
from leaklab.model.scenario import Scenario
from leaklab.runs import store
from leaklab.runs.sessions import PLAN, PLAN_SCHEMA, Plan, PlannedRun, Session, lock_folder


def newest_session(results: Path) -> tuple[Path, list[str]]:
    """The newest session that is not complete (if all are, the newest), and a line on each newer
    one whose plan cannot be read.

    Raises:
        BadInput: there is none, or none with a plan that can be read.
    """
    try:
        folders = sorted((f for f in results.iterdir() if (f / PLAN).exists()), reverse=True)
        if not folders:
            raise BadInput(f"{results} holds no session to go on with; name one: --resume=DIR")
        return _newest_of(folders)
    except OSError as error:
        words = f"{results} cannot be read: {error.strerror}"
        raise BadInput(f"{words}; name the folder of sessions with --results") from error


def read_plan(folder: Path) -> Plan:
    """The plan of a session.

    Raises:
        BadInput: there is none, or it cannot be read.
    """
    path = folder / PLAN
    try:
        text = path.read_bytes()
        store.require_known_schema(path, text, PLAN_SCHEMA)
        return msgspec.json.decode(text, type=Plan)
    except OSError as error:
        words = f"{folder} holds no plan to go on with ({PLAN}: {error.strerror})"
        raise BadInput(f"{words}; name a session of 'leaklab run'") from error
    except (ValueError, RecursionError) as error:
        words = f"{path} is no plan, or only half of one: {error}"
        raise BadInput(f"{words}; run it anew") from error


def jobs_of_plan(plan: Plan, catalogue: Catalogue) -> list[Job]:
    """The jobs that were planned, in their order, with the scenarios as they are now.

    Raises:
        BadInput: the catalogue no longer has one of them, or its text is wrong.
    """
    names = catalogue.names()
    wanted = {run.scenario for run in plan.runs}
    scenarios = {name: catalogue.load(name) for name in names if name in wanted}
    gone = {_label(run): None for run in plan.runs if not _has(scenarios, run)}
    if gone:
        words = f"the catalogue no longer has {', '.join(gone)} as planned"
        raise BadInput(f"{words}; put it back, or run anew without --resume")
    fields = [name for name in PlannedRun.__struct_fields__ if name != "scenario"]
    return [
        Job(scenario=scenarios[run.scenario], **{name: getattr(run, name) for name in fields})
        for run in plan.runs
    ]


def reopen_session(folder: Path, plan: Plan) -> tuple[Session, list[str]]:
    """A session as it was left, locked, and a line on each file there that is none of its results.

    Raises:
        BadInput: another process is making it, or it cannot be read.
    """
    try:
        lock = lock_folder(folder)
        made, strange = _survey(folder, plan)
    except BlockingIOError as error:
        words = f"{folder} is being made by another leaklab"
        raise BadInput(f"{words}; wait for it, or name another: --resume=DIR") from error
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error.strerror}; mend its rights") from error
    return Session(folder, made, lock), strange


def _newest_of(folders: Sequence[Path]) -> tuple[Path, list[str]]:
    """As `newest_session` has it, of folders with plans, newest first."""
    complete: list[tuple[Path, list[str]]] = []
    unreadable: list[str] = []
    for folder in folders:
        try:
            if not _is_complete(folder):
                return folder, unreadable
            complete.append((folder, list(unreadable)))
        except BadInput as error:
            unreadable.append(str(error))
    if complete:
        return complete[0]
    raise BadInput(unreadable[0])


def _is_complete(folder: Path) -> bool:
    plan = read_plan(folder)
    made, _ = _survey(folder, plan)
    return len(made) == len(plan.runs)


def _has(scenarios: dict[str, Scenario], run: PlannedRun) -> bool:
    scenario = scenarios.get(run.scenario)
    return (
        scenario is not None
        and run.variant in scenario.variants
        and run.mode in scenario.modes
        and run.options.keys() == scenario.options.keys()
    )


def _label(run: PlannedRun) -> str:
    return f"{run.scenario}/{run.variant}/{run.mode}"


def _survey(folder: Path, plan: Plan) -> tuple[dict[int, Result], list[str]]:
    """The results of a plan by their place in it, and a line on each file that is none of them."""
    made: dict[int, Result] = {}
    strange = []
    for path in sorted(folder.iterdir()):
        if path.name != PLAN:
            try:
                result = _read_named(path)
                made[_place_of(path, result, plan, made)] = result
            except BadInput as error:
                strange.append(str(error))
    return made, strange


def _read_named(path: Path) -> Result:
    """The result in a file, which must be the one that the file's name says."""
    name = store.parse_name(path.name)
    if path.name.startswith("."):
        raise BadInput(f"{path} is half a file, of a save that was killed")
    if name is None or not path.is_file():
        raise BadInput(f"{path} is no saved result")
    result = store.read_result(path)
    if store.result_name(result, name.copy) != name:
        raise BadInput(f"{path} holds another run than its name says")
    return result


def _place_of(path: Path, result: Result, plan: Plan, made: dict[int, Result]) -> int:
    """The first place in the plan that is the result's and still free."""
    run = PlannedRun(**{name: getattr(result, name) for name in PlannedRun.__struct_fields__})
    for place, planned in enumerate(plan.runs):
        if planned == run and place not in made:
            return place
    raise BadInput(f"{path} is none of the runs in {PLAN}")
