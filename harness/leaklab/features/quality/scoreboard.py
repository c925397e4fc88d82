"""Right and wrong verdicts on the catalogue, whose truth is known: each tool on each variant."""

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
    """What one tool said of one variant, and whether that leaks."""

    rule: str
    variant: str
    leaks: bool
    said: ToolVerdict


@dataclass(frozen=True)
class ToolTally:
    """How a tool did. `accused` are the clean variants that it called leaks, `missed` the leaks
    that it called clean; `trouble` is why it was not asked at all."""

    rule: str
    trouble: str = ""
    right: int = 0
    accused: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    not_asked: int = 0


def scoreboard_jobs(catalogue: Catalogue, names: Iterable[str]) -> tuple[list[Job], list[str]]:
    """The variants to be judged, inline and with the declared units; and the scenarios left out,
    each with the reason.

    Raises:
        BadInput: a name that there is not.
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


def ask_tools(
    stage: ToolRunner,
    jobs: Sequence[Job],
    rules: Sequence[VerdictTool],
    tell: Callable[[str], None],
) -> Iterator[ToolAnswer]:
    """Every rule's answers about every job, as they come: two are asked at a time.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was under way has ended.
    """
    asked = [(rule, job) for job in jobs for rule in rules if not rule.needs.remedy]
    with ThreadPoolExecutor(min(MAX_AT_ONCE, os.cpu_count() or 1)) as pool:
        try:
            futures = [pool.submit(_ask, stage, rule, job) for rule, job in asked]
            for done, future in enumerate(as_completed(futures), start=1):
                tell(f"verdicts, {done} of {len(futures)}")
                yield from future.result()
        except BaseException:
            stage.give_up()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ask(stage: ToolRunner, rule: VerdictTool, job: Job) -> list[ToolAnswer]:
    said = _said(stage, rule, job)
    variant = f"{job.scenario.name}/{job.variant}"
    leaks = bool(job.scenario.leaks(job.variant))
    return [ToolAnswer(name, variant, leaks, s) for name, s in zip(rule.names, said, strict=True)]


def _said(stage: ToolRunner, rule: VerdictTool, job: Job) -> tuple[ToolVerdict, ...]:
    """What it says; undecided where it did not come to an end."""
    if not applies(rule, job):
        return (ToolVerdict.NOT_ASKED,) * len(rule.names)
    with stage.order(job) as order:
        ran = stage.run(order, rule.command(order), rule.environment)
        return (ToolVerdict.UNDECIDED,) * len(rule.names) if ran.timed_out else rule.says(ran)


def applies(rule: VerdictTool, job: Job) -> bool:
    """Whether a rule can be asked: it knows the resource, and but for leaklab's, one process."""
    within = job.scenario.scope is Scope.PROCESS or LEAKLAB in rule.names
    return within and job.scenario.resource in rule.resources


def tallies(rules: Sequence[VerdictTool], answers: Iterable[ToolAnswer]) -> list[ToolTally]:
    """How each row of each rule did."""
    by_rule: dict[str, list[ToolAnswer]] = {}
    for answer in answers:
        by_rule.setdefault(answer.rule, []).append(answer)
    return [
        ToolTally(name, remedy)
        if (remedy := rule.needs.remedy)
        else _tally(name, by_rule.get(name, []))
        for rule in rules
        for name in rule.names
    ]


def _tally(name: str, answers: Sequence[ToolAnswer]) -> ToolTally:
    leaking = [answer for answer in answers if answer.leaks]
    clean = [answer for answer in answers if not answer.leaks]
    return ToolTally(
        name,
        right=len(_which(leaking, ToolVerdict.LEAK)) + len(_which(clean, ToolVerdict.CLEAN)),
        accused=_which(clean, ToolVerdict.LEAK),
        missed=_which(leaking, ToolVerdict.CLEAN),
        undecided=_which(answers, ToolVerdict.UNDECIDED),
        not_asked=len(_which(answers, ToolVerdict.NOT_ASKED)),
    )


def _which(answers: Iterable[ToolAnswer], said: ToolVerdict) -> tuple[str, ...]:
    """The variants of which this was said."""
    return tuple(sorted(answer.variant for answer in answers if answer.said is said))
