"""Right and wrong verdicts on the catalogue, whose truth is known: each tool on each variant."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import Request, missing_of, plan
from leaklab.features.tools.registry import LEAKLAB
from leaklab.features.tools.tool_run import Stage
from leaklab.features.tools.verdicts import Rule, Said
from leaklab.model.errors import LabError, NotMeasured
from leaklab.model.job import Job
from leaklab.model.scenario import Judge, Scope

MOST_AT_ONCE = 2


@dataclass(frozen=True)
class Answer:
    """What one tool said of one variant, and whether that leaks."""

    rule: str
    variant: str
    leaks: bool
    said: Said


@dataclass(frozen=True)
class Tally:
    """How a tool did. `accused` are the clean variants that it called leaks, `missed` the leaks
    that it called clean; `trouble` is why it was not asked at all."""

    rule: str
    trouble: str = ""
    right: int = 0
    accused: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    not_asked: int = 0


def jobs_of(catalogue: Catalogue, names: Iterable[str]) -> tuple[list[Job], list[str]]:
    """The variants to be judged, inline and with the declared units; and the scenarios left out,
    each with the reason.

    Raises:
        BadInput: a name that there is not.
    """
    jobs: list[Job] = []
    left_out: list[str] = []
    for scenario in catalogue.load_all(names):
        try:
            if lacking := missing_of(scenario):
                raise NotMeasured(lacking)
            if scenario.judge is Judge.PEAK:
                raise NotMeasured("its pair differs by the peak, and no tool judges that alone")
            jobs += plan(catalogue, Request([scenario.name], units=scenario.units))
        except LabError as error:
            left_out.append(f"{scenario.name}: {error}")
    return jobs, left_out


def judge(
    stage: Stage, jobs: Sequence[Job], rules: Sequence[Rule], tell: Callable[[str], None]
) -> Iterator[Answer]:
    """Every rule's answers about every job, as they come: two are asked at a time.

    Raises:
        KeyboardInterrupt: Ctrl-C; what was under way has ended.
    """
    asked = [(rule, job) for job in jobs for rule in rules if not rule.needs.remedy]
    with ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        try:
            futures = [pool.submit(_ask, stage, rule, job) for rule, job in asked]
            for done, future in enumerate(as_completed(futures), start=1):
                tell(f"verdicts, {done} of {len(futures)}")
                yield from future.result()
        except BaseException:
            stage.give_up()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ask(stage: Stage, rule: Rule, job: Job) -> list[Answer]:
    said = _said(stage, rule, job)
    variant = f"{job.scenario.name}/{job.variant}"
    leaks = bool(job.scenario.leaks(job.variant))
    return [Answer(name, variant, leaks, s) for name, s in zip(rule.names, said, strict=True)]


def _said(stage: Stage, rule: Rule, job: Job) -> tuple[Said, ...]:
    """What it says; undecided where it did not come to an end."""
    if not applies(rule, job):
        return (Said.NOT_ASKED,) * len(rule.names)
    with stage.order(job) as order:
        ran = stage.run(order, rule.command(order), rule.environment)
        return (Said.UNDECIDED,) * len(rule.names) if ran.timed_out else rule.says(ran)


def applies(rule: Rule, job: Job) -> bool:
    """Whether a rule can be asked: it knows the resource, and but for leaklab's, one process."""
    within = job.scenario.scope is Scope.PROCESS or LEAKLAB in rule.names
    return within and job.scenario.resource in rule.resources


def tallies(rules: Sequence[Rule], answers: Iterable[Answer]) -> list[Tally]:
    """How each row of each rule did."""
    by_rule: dict[str, list[Answer]] = {}
    for answer in answers:
        by_rule.setdefault(answer.rule, []).append(answer)
    return [
        Tally(name, remedy)
        if (remedy := rule.needs.remedy)
        else _tally(name, by_rule.get(name, []))
        for rule in rules
        for name in rule.names
    ]


def _tally(name: str, answers: Sequence[Answer]) -> Tally:
    leaking = [answer for answer in answers if answer.leaks]
    clean = [answer for answer in answers if not answer.leaks]
    return Tally(
        name,
        right=len(_which(leaking, Said.LEAK)) + len(_which(clean, Said.CLEAN)),
        accused=_which(clean, Said.LEAK),
        missed=_which(leaking, Said.CLEAN),
        undecided=_which(answers, Said.UNDECIDED),
        not_asked=len(_which(answers, Said.NOT_ASKED)),
    )


def _which(answers: Iterable[Answer], said: Said) -> tuple[str, ...]:
    """The variants of which this was said."""
    return tuple(sorted(answer.variant for answer in answers if answer.said is said))
