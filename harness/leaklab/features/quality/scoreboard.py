"""The scoreboard: the right and wrong verdicts of each tool on the variants of the catalogue."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import PlanRequest, missing_requirement, plan
from leaklab.features.tools.registry import LEAKLAB
from leaklab.features.tools.tool_run import ToolRunner
from leaklab.features.tools.verdicts import ToolVerdict, VerdictTool
from leaklab.model.errors import LabError, NotMeasured
from leaklab.model.job import Job
from leaklab.model.scenario import Criterion, Scope

MAX_AT_ONCE = 2


@dataclass(frozen=True)
class ToolAnswer:
    """The verdict of a tool on a variant, and whether the variant leaks."""

    tool: str
    variant: str
    leaks: bool
    verdict: ToolVerdict


@dataclass(frozen=True)
class ToolTally:
    """The counts and errors of a tool; `rule` is its name in JSON output.

    `false_alarms` are clean variants that it called leaks, `missed` the leaks that it called clean.
    `trouble` is the reason why it was not run; empty if it was.
    """

    rule: str
    trouble: str = ""
    right: int = 0
    false_alarms: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    not_covered: int = 0


def scoreboard_jobs(catalogue: Catalogue, names: Iterable[str]) -> tuple[list[Job], list[str]]:
    """Plan the variants to judge, inline with the declared units.

    The second value has a line with the reason for each scenario that is left out.

    Raises:
        BadInput: A name is unknown.
    """
    jobs: list[Job] = []
    left_out: list[str] = []
    for scenario in catalogue.load_all(names):
        try:
            if lacking := missing_requirement(scenario):
                raise NotMeasured(lacking)
            if scenario.judge is Criterion.PEAK:
                raise NotMeasured("its pair differs by the peak, and no tool judges that alone")
            jobs += plan(catalogue, PlanRequest([scenario.name], units=scenario.units))
        except LabError as error:
            left_out.append(f"{scenario.name}: {error}")
    return jobs, left_out


def judge_with_tools(
    runner: ToolRunner,
    jobs: Sequence[Job],
    tools: Sequence[VerdictTool],
    on_progress: Callable[[str], None],
) -> Iterator[ToolAnswer]:
    """Run every installed tool on every job, two at a time, and yield the answers as they come.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed. The runs under way have ended.
    """
    questions = [(tool, job) for job in jobs for tool in tools if not tool.needs.remedy]
    with ThreadPoolExecutor(min(MAX_AT_ONCE, os.cpu_count() or 1)) as pool:
        try:
            futures = [pool.submit(_ask, runner, tool, job) for tool, job in questions]
            for done, future in enumerate(as_completed(futures), start=1):
                on_progress(f"verdicts, {done} of {len(futures)}")
                yield from future.result()
        except BaseException:
            runner.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ask(runner: ToolRunner, tool: VerdictTool, job: Job) -> list[ToolAnswer]:
    verdicts = zip(tool.names, _verdicts(runner, tool, job), strict=True)
    variant = f"{job.scenario.name}/{job.variant}"
    leaks = bool(job.scenario.leaks(job.variant))
    return [ToolAnswer(name, variant, leaks, verdict) for name, verdict in verdicts]


def _verdicts(runner: ToolRunner, tool: VerdictTool, job: Job) -> tuple[ToolVerdict, ...]:
    """Return the verdicts of a tool's rows on a job; undecided if the tool timed out."""
    if not applies(tool, job):
        return (ToolVerdict.NOT_COVERED,) * len(tool.names)
    with runner.prepare(job) as tool_job:
        tool_run = runner.run(tool_job, tool.command(tool_job), tool.environment)
        if tool_run.timed_out:
            return (ToolVerdict.UNDECIDED,) * len(tool.names)
        return tool.verdicts(tool_run)


def applies(tool: VerdictTool, job: Job) -> bool:
    """Return whether a tool can judge a job's resource, and a process tree if that is judged.

    Only leaklab judges a tree; the other tools see one process.
    """
    within = job.scenario.scope is Scope.PROCESS or LEAKLAB in tool.names
    return within and job.scenario.resource in tool.resources


def tallies(tools: Sequence[VerdictTool], answers: Iterable[ToolAnswer]) -> list[ToolTally]:
    """Count the answers of each row of each tool; a tool that is not installed gets the remedy."""
    by_name: dict[str, list[ToolAnswer]] = {}
    for answer in answers:
        by_name.setdefault(answer.tool, []).append(answer)
    return [
        ToolTally(name, remedy)
        if (remedy := tool.needs.remedy)
        else _tally(name, by_name.get(name, []))
        for tool in tools
        for name in tool.names
    ]


def _tally(name: str, answers: Sequence[ToolAnswer]) -> ToolTally:
    leaking = [answer for answer in answers if answer.leaks]
    clean = [answer for answer in answers if not answer.leaks]
    return ToolTally(
        name,
        right=len(_variants_with(leaking, ToolVerdict.LEAK))
        + len(_variants_with(clean, ToolVerdict.CLEAN)),
        false_alarms=_variants_with(clean, ToolVerdict.LEAK),
        missed=_variants_with(leaking, ToolVerdict.CLEAN),
        undecided=_variants_with(answers, ToolVerdict.UNDECIDED),
        not_covered=len(_variants_with(answers, ToolVerdict.NOT_COVERED)),
    )


def _variants_with(answers: Iterable[ToolAnswer], verdict: ToolVerdict) -> tuple[str, ...]:
    """Return the variants with this verdict."""
    return tuple(sorted(answer.variant for answer in answers if answer.verdict is verdict))
