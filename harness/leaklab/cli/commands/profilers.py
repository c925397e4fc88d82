"""`leaklab selftest profilers`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from leaklab import reports
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.cli import options, progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import open_document, provenance, with_section
from leaklab.cli.measurements import MeasuredSection, write_section
from leaklab.cli.param_types import Seconds
from leaklab.features.profilers.profile import MAX_WALL_PER_CPU_OF_PROFILE
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.quality.first_answers import FirstAnswer, measure_first_answers
from leaklab.features.quality.leak_origins import ORIGIN_FACTS, leak_origin
from leaklab.features.tools.tool_run import open_tool_runner
from leaklab.model.errors import Exit
from leaklab.model.scenario import Mode, Variant
from leaklab.reports.first_answers import (
    RULES,
    answer_table,
    first_answers_conclusion,
    grade_table,
)

PROFILED_MODES = (Mode.INLINE, Mode.FORK, Mode.SPAWN)
MAX_PROFILE_SECONDS = 60.0
# The sections of a new document are empty, so that they have this order.
ANSWER_SECTIONS = ("rules", *(m.value for m in PROFILED_MODES))
ANSWERS_TITLE = "# The first answers of profilers\n" + "".join(
    f"\n<!-- {name}: begin -->\n<!-- {name}: end -->\n" for name in ANSWER_SECTIONS
)


@click.command(
    "profilers",
    epilog="Exit code 0, also where profilers fail: a failure is an answer, too.",
)
@options.names
@click.option(
    "--with",
    "tools",
    type=click.Choice(list(PROFILERS)),
    multiple=True,
    help="Only this profiler; may be given several times.",
)
@click.option(
    "--mode",
    "modes",
    type=click.Choice([m.value for m in Mode]),
    multiple=True,
    default=[m.value for m in PROFILED_MODES],
    show_default=True,
    help="How to execute a scenario; may be given several times.",
)
@click.option(
    "--cpu-limit",
    type=Seconds(),
    default=MAX_PROFILE_SECONDS,
    metavar="TIME",
    help=f"Stop a run that takes more CPU time.  [default: {MAX_PROFILE_SECONDS:g}s]",
)
@options.write()
@options.as_json
@debug
def command(
    names: tuple[str, ...],
    tools: tuple[str, ...],
    modes: tuple[str, ...],
    cpu_limit: float,
    write: Path | None,
    as_json: bool,
) -> Exit:
    """Compare what profilers name first of known leaks.

    Each scenario NAME runs under each profiler that 'leaklab profile' knows. The
    tables say whether the first answer names the line that retains the memory, the
    line that allocates it, or less, and what the profiler cost. Without NAME, five
    scenarios run in one process and in two kinds of pool, which takes half an hour.

    --write replaces the section of each mode when it is measured, and keeps the rest.
    """
    if write:
        open_document(write, ANSWERS_TITLE)
    opened = open_catalogue(None)
    chosen = names or tuple(ORIGIN_FACTS)
    for name in chosen:
        leak_origin(opened, name)
    answers: list[FirstAnswer] = []
    for mode in dict.fromkeys(modes):
        request = PlanRequest(chosen, Variant.BUGGY, (Mode(mode),))
        of_mode = _measure(opened, request, tools, cpu_limit)
        answers += of_mode
        if not as_json:
            _show(mode, of_mode)
        if write:
            line = _command_line(names, mode, tools, cpu_limit)
            _write(write, mode, of_mode, provenance(line, opened.root))
    if as_json:
        sys.stdout.write(msgspec.json.encode(answers).decode() + "\n")
    return Exit.AS_EXPECTED


def _measure(
    catalogue: Catalogue, request: PlanRequest, tools: Sequence[str], cpu_limit: float
) -> list[FirstAnswer]:
    """Make the profiles of one mode."""
    jobs = plan(catalogue, request)
    opening = open_tool_runner(catalogue, cpu_limit, MAX_WALL_PER_CPU_OF_PROFILE)
    with opening as runner, progress.open_progress() as listener:
        return list(measure_first_answers(runner, jobs, tools or PROFILERS, listener.show_step))


def _command_line(names: Sequence[str], mode: str, tools: Sequence[str], cpu_limit: float) -> str:
    """Return the command that measures one mode in the same way."""
    arguments = [*names, f"--mode {mode}", *(f"--with {tool}" for tool in tools)]
    if cpu_limit != MAX_PROFILE_SECONDS:
        arguments.append(f"--cpu-limit {cpu_limit:g}s")
    return " ".join(["leaklab selftest profilers", *arguments])


def _show(mode: str, answers: Sequence[FirstAnswer]) -> None:
    sys.stdout.write(f"{mode}\n")
    for table in (grade_table(answers), answer_table(answers)):
        reports.print_table(table, sys.stdout)
        sys.stdout.write("\n")


def _write(path: Path, mode: str, answers: Sequence[FirstAnswer], line: str) -> None:
    """Write the section of one mode, so that an interrupted command keeps what it has."""
    document = with_section(open_document(path, ANSWERS_TITLE), "rules", RULES)
    tables = (grade_table(answers), answer_table(answers))
    text = "\n\n".join(reports.markdown(table).rstrip() for table in tables)
    conclusion = first_answers_conclusion(mode, answers)
    heading = f"What each names first: `{mode}`"
    write_section(path, document, MeasuredSection(mode, heading, conclusion, line, text))
