"""The whole comparison with other tools: costs and spreads, the spike, and the scoreboard."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.plan import PlanRequest, plan
from leaklab.features.quality import scoreboard, spikes, tool_costs
from leaklab.features.tools.registry import PEAK_TOOLS, TOOLS
from leaklab.features.tools.tool_run import open_tool_runner
from leaklab.features.tools.verdicts import VERDICT_TOOLS
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Variant

WORK = "word_index"
# This takes about a second. leaklab costs a fixed amount for each run, which a shorter run would
# exaggerate.
WORK_UNITS = 4000
KNOWN = tuple(dict.fromkeys([*TOOLS, *VERDICT_TOOLS]))


@dataclass(frozen=True)
class Size:
    """How much is measured.

    `pairs` of runs have `units` units of the work (None for WORK_UNITS). `repeats` is the number of
    spikes, and `run_seconds` the CPU time after which a run is ended.
    """

    pairs: int
    repeats: int
    units: int | None
    run_seconds: float


@dataclass(frozen=True)
class Findings:
    """The results of the comparison.

    `work` is the variant of the costs. `left_out` are the scenarios that no tool judged, with the
    reasons.
    """

    work: str
    pairs: int
    costs: tuple[tool_costs.ToolCost, ...]
    spikes: tuple[spikes.SpikeErrors, ...]
    tallies: tuple[scoreboard.ToolTally, ...]
    left_out: tuple[str, ...] = ()


def require_known_tools(tools: Iterable[str]) -> None:
    """Check the names of tools.

    Raises:
        BadInput: A name is unknown; the message lists the known ones.
    """
    if unknown := set(tools) - set(KNOWN):
        raise BadInput(f"there is no tool {min(unknown)!r}; name one of: {', '.join(KNOWN)}")


def measure_beside_tools(
    catalogue: Catalogue,
    names: Iterable[str],
    tools: Iterable[str],
    size: Size,
    on_progress: Callable[[str], None],
) -> Findings:
    """Compare tools by their costs, their errors on the spike, and their verdicts.

    Args:
        catalogue: The scenarios.
        names: The names of the scenarios to judge; empty for all.
        tools: The names of the tools.
        size: How much is measured.
        on_progress: Is called with a line that names the run under way.

    Raises:
        BadInput: There is no scenario of a name.
        NotMeasured: This machine cannot be measured on.
    """
    chosen = set(tools)
    seconds = size.run_seconds
    (job,) = plan(catalogue, PlanRequest([WORK], Variant.BUGGY, units=size.units or WORK_UNITS))
    jobs, left_out = scoreboard.scoreboard_jobs(catalogue, names)
    judges = [tool for name, tool in VERDICT_TOOLS.items() if name in chosen]
    with open_tool_runner(catalogue, seconds) as runner:
        listed = [tool for name, tool in TOOLS.items() if name in chosen]
        costs = tuple(tool_costs.measure_tool_costs(runner, job, size.pairs, listed, on_progress))
        answers = list(scoreboard.judge_with_tools(runner, jobs, judges, on_progress))
    with spikes.open_spike_runner(seconds) as (runner, spike):
        listed = [tool for name, tool in PEAK_TOOLS.items() if name in chosen]
        errors = tuple(spikes.measure_spikes(runner, spike, size.repeats, listed, on_progress))
    tallies = tuple(scoreboard.tallies(judges, answers))
    work = f"{job.scenario.name}/{job.variant}"
    return Findings(work, size.pairs, costs, errors, tallies, tuple(left_out))
