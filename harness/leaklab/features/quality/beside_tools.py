"""The whole comparison in one session: costs and spreads, the spike, the verdicts."""

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
# A second of work: what the lab takes is a fixed amount a run, and nobody looks for leaks in less.
WORK_UNITS = 4000
KNOWN = tuple(dict.fromkeys([*TOOLS, *VERDICT_TOOLS]))


@dataclass(frozen=True)
class Size:
    """How much is measured: pairs of runs of `units` of the work (None: WORK_UNITS), repeats
    of the spike, and the CPU time after which a run is given up."""

    pairs: int
    repeats: int
    units: int | None
    run_seconds: float


@dataclass(frozen=True)
class Findings:
    """All that was measured. `work` is what the costs are of; `left_out` are the scenarios that
    nobody was asked about, with the reasons."""

    work: str
    pairs: int
    costs: tuple[tool_costs.ToolCost, ...]
    spikes: tuple[spikes.SpikeErrors, ...]
    tallies: tuple[scoreboard.ToolTally, ...]
    left_out: tuple[str, ...] = ()


def require_known_tools(tools: Iterable[str]) -> None:
    """Stop at the name of a tool that there is not.

    Raises:
        BadInput: naming those that there are.
    """
    if unknown := set(tools) - set(KNOWN):
        raise BadInput(f"no tool {min(unknown)!r}; there are: {', '.join(KNOWN)}")


def measure_beside_tools(
    catalogue: Catalogue,
    names: Iterable[str],
    tools: Iterable[str],
    size: Size,
    tell: Callable[[str], None],
) -> Findings:
    """Compare the tools of these names; on the scenarios of these names, where it is verdicts.

    Raises:
        BadInput: a scenario that there is not.
        NotMeasured: this machine cannot be measured on.
    """
    chosen = set(tools)
    seconds = size.run_seconds
    (job,) = plan(catalogue, PlanRequest([WORK], Variant.BUGGY, units=size.units or WORK_UNITS))
    jobs, left_out = scoreboard.scoreboard_jobs(catalogue, names)
    rules = [rule for name, rule in VERDICT_TOOLS.items() if name in chosen]
    with open_tool_runner(catalogue, seconds) as made:
        listed = [tool for name, tool in TOOLS.items() if name in chosen]
        cost = tuple(tool_costs.measure_tool_costs(made, job, size.pairs, listed, tell))
        answers = list(scoreboard.ask_tools(made, jobs, rules, tell))
    with spikes.open_spike_runner(seconds) as (made, spike):
        listed = [tool for name, tool in PEAK_TOOLS.items() if name in chosen]
        missed = tuple(spikes.measure_spikes(made, spike, size.repeats, listed, tell))
    tallies = tuple(scoreboard.tallies(rules, answers))
    work = f"{job.scenario.name}/{job.variant}"
    return Findings(work, size.pairs, cost, missed, tallies, tuple(left_out))
