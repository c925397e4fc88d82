"""The first answer of each profiler on known leaks, graded, with what it cost."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leaklab.features.profilers.profile import Profile, ProfileRequest, make_profiles
from leaklab.features.profilers.profiler import Profiler
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.quality.answer_grades import AnswerGrade, GradedAnswer, grade_answers
from leaklab.features.quality.leak_origins import LeakOrigin, leak_origin
from leaklab.features.tools.tool_run import ToolRunner
from leaklab.model.errors import LabError
from leaklab.model.job import Job

ABSOLUTE_PATH = re.compile(r"(?<![\w.…])/(?:[^\s/:]+/)*([^\s/:]+/[^\s/:]+)")
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


@dataclass(frozen=True)
class FirstAnswer:
    """The first answer of a profiler on one run.

    Attributes:
        scenario: The scenario; its buggy variant was run.
        mode: How it was executed.
        profiler: The name of the profiler.
        version: Its version; empty if it failed.
        answer: Its first answer in its own words; empty if there is none.
        graded: What it names; None if it failed.
        trouble: Why it failed; empty if it did not.
        cpu_ratio: The CPU time, divided by that of a bare run; None if it failed.
        added_bytes: The additional high-water mark of the process that does the work; None if it
            failed, or if it is not known.
    """

    scenario: str
    mode: str
    profiler: str
    version: str = ""
    answer: str = ""
    graded: GradedAnswer | None = None
    trouble: str = ""
    cpu_ratio: float | None = None
    added_bytes: int | None = None


def measure_first_answers(
    runner: ToolRunner,
    jobs: Sequence[Job],
    names: Iterable[str],
    on_step: Callable[[str], None],
) -> Iterator[FirstAnswer]:
    """Run each job under each profiler, and grade its answer.

    Args:
        runner: Runs the work.
        jobs: The work: buggy variants of pairs.
        names: The profilers.
        on_step: Is told what is being run.

    Raises:
        BadInput: A job has no known origin of a leak.
    """
    profilers = [PROFILERS[name] for name in names]
    for job in jobs:
        origin = leak_origin(runner.catalogue, job.scenario.name)
        request = ProfileRequest(job, profilers, runner.folder / "profiles")
        outcomes = make_profiles(runner, request, on_step)
        for profiler, outcome in zip(profilers, outcomes, strict=True):
            yield first_answer(job, profiler, outcome, origin, runner.catalogue.root)


def first_answer(
    job: Job, profiler: Profiler, outcome: Profile | LabError, origin: LeakOrigin, root: Path
) -> FirstAnswer:
    """Grade the outcome of a profile.

    Args:
        job: The work.
        profiler: The profiler that it was done under.
        outcome: Its profile, or why there is none.
        origin: Where the memory comes from.
        root: The root of the catalogue, which is left out of the answer.
    """
    run = (job.scenario.name, str(job.mode), profiler.name)
    if isinstance(outcome, LabError):
        trouble = str(outcome).removeprefix(f"{profiler.name}: ").removeprefix(f"{profiler.name} ")
        return FirstAnswer(*run, trouble=without_paths(trouble, root))
    graded = grade_answers(outcome.suspects, origin)
    # The parent of a pool does no unit of the work.
    if outcome.suspects and job.mode in profiler.parent_only:
        graded = GradedAnswer(AnswerGrade.PARENT)
    return FirstAnswer(
        *run,
        version=outcome.version,
        answer=without_paths(outcome.first_answer, root),
        graded=graded,
        cpu_ratio=outcome.cpu_ratio,
        added_bytes=outcome.added_bytes,
    )


def without_paths(text: str, root: Path) -> str:
    """Return a text with paths from the root, other paths cut to two names, and no addresses."""
    return ADDRESS.sub("", ABSOLUTE_PATH.sub(r"…/\1", text.replace(f"{root}/", "")))
