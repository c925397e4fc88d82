"""Tables of the first answers of profilers."""

from collections import Counter
from collections.abc import Sequence

from leaklab.features.quality.answer_grades import AnswerGrade, GradedAnswer
from leaklab.features.quality.first_answers import FirstAnswer
from leaklab.model.text import counted, cut_to
from leaklab.model.units import format_bytes
from leaklab.reports.table import Table

MAX_ANSWER = 150
# How an answer is graded, for the readers of the tables.
RULES = f"""\
The first answer is what a report names first: the line or the type that grew most, the line with
the largest increment, the function with the most memory of its own, the likeliest leak; what shrank
is left out. Code decides what it names, by the line that each scenario declares as the one that
retains (`culprit` in its `scenario.toml`), the best first:
* *{AnswerGrade.LINE_RETAINS}*: where one line retains and allocates, it counts as this.
* *{AnswerGrade.OBJECT_RETAINS}*: an object of the class of that line is named as what refers to
  the objects that grew.
* *{AnswerGrade.FUNCTION_RETAINS}*: from a profiler that names functions and no lines.
* *{AnswerGrade.LINE_ALLOCATES}*, *{AnswerGrade.FUNCTION_ALLOCATES}*: where the memory that is kept
  was obtained. The report is right, and the mistake is elsewhere.
* *{AnswerGrade.LIBRARY}*: a line in a library that makes the objects that are kept.
* *{AnswerGrade.FILE}*: another line of the program, or of the file that allocates.
* *{AnswerGrade.TYPE}*: the type of what is kept, or of the collection that keeps it, such as `str`.
* *{AnswerGrade.GROWTH}*: a leak without a place.
* *{AnswerGrade.PARENT}*: the report is about the parent of a pool, and the workers leak.
* *{AnswerGrade.WRONG}*: a place or a type that has nothing to do with the leak.
* *{AnswerGrade.NOTHING}*: no place and no type.
* "2nd" and "3rd": the next suspects of the same report name more than its first.
* CPU: the CPU time of the whole run, with the start of the profiler, divided by that of a bare run
  just before it. Both do the same work, a twentieth of the units for memory_profiler, because it is
  slow; psleak alone decides itself how often it does a unit. With `spawn`, Scalene puts a shell
  between the parent and each worker, and a part of the workers' CPU time is not counted.
* memory: by how much the high-water mark of the process that does the work rose. It is not read in
  a pool, nor for psleak."""
NO_FIGURE = "n/a"
RETAINS = (
    AnswerGrade.LINE_RETAINS,
    AnswerGrade.OBJECT_RETAINS,
    AnswerGrade.FUNCTION_RETAINS,
)
ALLOCATES = (
    AnswerGrade.LINE_ALLOCATES,
    AnswerGrade.FUNCTION_ALLOCATES,
    AnswerGrade.LIBRARY,
)


def grade_table(answers: Sequence[FirstAnswer]) -> Table:
    """Build what each answer names: a row for each profiler, a column for each scenario."""
    scenarios = tuple(dict.fromkeys(answer.scenario for answer in answers))
    cells = {(answer.profiler, answer.scenario): _named(answer) for answer in answers}
    profilers = dict.fromkeys(answer.profiler for answer in answers)
    return Table(
        columns=("profiler", *scenarios),
        rows=[(name, *(cells.get((name, s), NO_FIGURE) for s in scenarios)) for name in profilers],
        unbroken=frozenset({"profiler"}),
    )


def answer_table(answers: Sequence[FirstAnswer]) -> Table:
    """Build the answers in their own words, with what the profilers cost; a row for each run."""
    return Table(
        columns=("scenario", "profiler", "first answer", "it names", "CPU", "memory"),
        rows=[
            (
                answer.scenario,
                f"{answer.profiler} {answer.version}".strip(),
                cut_to(answer.trouble or answer.answer or "none", MAX_ANSWER),
                _named(answer),
                NO_FIGURE if answer.cpu_ratio is None else f"{answer.cpu_ratio:.1f}",
                NO_FIGURE if answer.added_bytes is None else _added(answer.added_bytes),
            )
            for answer in answers
        ],
        right=frozenset({"CPU", "memory"}),
    )


def first_answers_conclusion(mode: str, answers: Sequence[FirstAnswer]) -> str:
    """Write the paragraph that says what follows from the answers in one mode."""
    grades = [answer.graded.first for answer in answers if answer.graded]
    retains, allocates = (sum(g in kind for g in grades) for kind in (RETAINS, ALLOCATES))
    best = Counter(a.profiler for a in answers if a.graded and a.graded.first in RETAINS)
    names = ", ".join(f"{name} {counted(times, 'time')}" for name, times in best.most_common())
    failed = len(answers) - len(grades)
    return (
        f"With `{mode}`, of {counted(len(answers), 'first answer')}, {retains} named what retains "
        f"the memory{f' ({names})' if names else ''}, {allocates} what allocates it, "
        f"{len(grades) - retains - allocates} named less, a wrong place or nothing, and "
        f"{failed} {'was a failure' if failed == 1 else 'were failures'}."
    )


def _named(answer: FirstAnswer) -> str:
    """Return what an answer names, and what a later suspect of the same report names."""
    graded = answer.graded
    return "fails" if graded is None else _grade_text(graded)


def _grade_text(graded: GradedAnswer) -> str:
    if graded.better is None:
        return str(graded.first)
    position = {2: "2nd", 3: "3rd"}.get(graded.position, f"{graded.position}th")
    return f"{graded.first}; {position}: {graded.better}"


def _added(added_bytes: int) -> str:
    return ("+" if added_bytes > 0 else "") + format_bytes(added_bytes)
