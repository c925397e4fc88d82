"""Resuming an interrupted session: its plan and its saved results are read back.

A file in the session's folder that is not one of its results (an incomplete one, one of a newer
leaklab, something else) is reported by name and left unchanged.
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
    """Return the newest incomplete session, or the newest one if all are complete.

    The second value has a line for each newer session with an unreadable plan.

    Raises:
        BadInput: There is no session, or no plan can be read.
    """
    try:
        folders = sorted((f for f in results.iterdir() if (f / PLAN).exists()), reverse=True)
        if not folders:
            raise BadInput(f"{results} has no session to resume; name one with --resume=DIR")
        return _newest_of(folders)
    except OSError as error:
        problem = f"{results} cannot be read: {error.strerror}"
        raise BadInput(f"{problem}; name the folder of sessions with --results") from error


def read_plan(folder: Path) -> Plan:
    """Read the plan of a session.

    Raises:
        BadInput: The folder has no plan, or it cannot be read.
    """
    path = folder / PLAN
    try:
        text = path.read_bytes()
        store.require_known_schema(path, text, PLAN_SCHEMA)
        return msgspec.json.decode(text, type=Plan)
    except OSError as error:
        problem = f"{folder} has no plan to resume ({PLAN}: {error.strerror})"
        raise BadInput(f"{problem}; name a session of 'leaklab run'") from error
    except (ValueError, RecursionError) as error:
        problem = f"{path} is not a plan, or is incomplete: {error}"
        raise BadInput(f"{problem}; run it again without --resume") from error


def jobs_of_plan(plan: Plan, catalogue: Catalogue) -> list[Job]:
    """Return the jobs of a plan in their order, with the present scenarios of the catalogue.

    Raises:
        BadInput: The catalogue no longer has one of the scenarios as planned, or its text is wrong.
    """
    names = catalogue.names()
    wanted = {run.scenario for run in plan.runs}
    scenarios = {name: catalogue.load(name) for name in names if name in wanted}
    gone = {_label(run): None for run in plan.runs if not _has(scenarios, run)}
    if gone:
        problem = f"the catalogue no longer has {', '.join(gone)} as planned"
        raise BadInput(f"{problem}; restore it, or run again without --resume")
    fields = [name for name in PlannedRun.__struct_fields__ if name != "scenario"]
    return [
        Job(scenario=scenarios[run.scenario], **{name: getattr(run, name) for name in fields})
        for run in plan.runs
    ]


def reopen_session(folder: Path, plan: Plan) -> tuple[Session, list[str]]:
    """Lock and read a session, with a line for each file that is not one of its results.

    Raises:
        BadInput: Another process is running the session, or its folder cannot be read.
    """
    try:
        lock = lock_folder(folder)
        saved, unknown_files = _read_results(folder, plan)
    except BlockingIOError as error:
        problem = f"{folder} is in use by another leaklab"
        raise BadInput(f"{problem}; wait for its end, or name another: --resume=DIR") from error
    except OSError as error:
        problem = f"{folder} cannot be read: {error.strerror}"
        raise BadInput(f"{problem}; fix its permissions") from error
    return Session(folder, saved, lock), unknown_files


def _newest_of(folders: Sequence[Path]) -> tuple[Path, list[str]]:
    """Choose the newest incomplete session among folders with plans, the newest first."""
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
    saved, _ = _read_results(folder, plan)
    return len(saved) == len(plan.runs)


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


def _read_results(folder: Path, plan: Plan) -> tuple[dict[int, Result], list[str]]:
    """Read a session's results by their place in the plan, with a line for each other file."""
    saved: dict[int, Result] = {}
    unknown_files = []
    for path in sorted(folder.iterdir()):
        if path.name != PLAN:
            try:
                result = _read_named(path)
                saved[_place_of(path, result, plan, saved)] = result
            except BadInput as error:
                unknown_files.append(str(error))
    return saved, unknown_files


def _read_named(path: Path) -> Result:
    """Read the result in a file, and check that it is the one in the file's name."""
    name = store.parse_name(path.name)
    if path.name.startswith("."):
        raise BadInput(f"{path} is an incomplete file of an interrupted save")
    if name is None or not path.is_file():
        raise BadInput(f"{path} is not a saved result")
    result = store.read_result(path)
    if store.result_name(result, name.copy) != name:
        raise BadInput(f"{path} contains another run than the one in its name")
    return result


def _place_of(path: Path, result: Result, plan: Plan, saved: dict[int, Result]) -> int:
    """Return the first place in the plan that matches the result and has none yet."""
    run = PlannedRun(**{name: getattr(result, name) for name in PlannedRun.__struct_fields__})
    for place, planned in enumerate(plan.runs):
        if planned == run and place not in saved:
            return place
    raise BadInput(f"{path} is not one of the runs in {PLAN}")
