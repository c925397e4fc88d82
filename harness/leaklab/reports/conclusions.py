"""What to conclude from a measurement of the lab itself, in one paragraph."""

import textwrap
from collections.abc import Sequence

from leaklab.features.quality.accuracy import Rate
from leaklab.features.quality.agent_cost import AgentCost
from leaklab.features.quality.beside_tools import Findings
from leaklab.features.quality.detection_limit import MAX_SECONDS, Detection
from leaklab.features.quality.observer_cost import MAX_PSS_SHARE, Enforcer, ObserverCost
from leaklab.features.tools.registry import LEAKLAB
from leaklab.model.units import format_bytes
from leaklab.reports.tools import missed
from leaklab.verdict.confusion import Answer

# The longest line of a Markdown paragraph.
MAX_LINE_LENGTH = 118
# With fewer samples, most uneven series are undecided.
MIN_CONCLUSIVE_SAMPLES = 200


def accuracy_conclusion(rates: Sequence[Rate]) -> str:
    """Write the paragraph that says what follows from the rates."""
    long = [rate for rate in rates if rate.cell.samples >= MIN_CONCLUSIVE_SAMPLES]
    clean = [rate for rate in long if not rate.cell.truth.leaks]
    leaking = [rate for rate in long if rate.cell.truth.leaks]
    false_alarms, clean_series = sum(r.wrong for r in clean), sum(r.series for r in clean)
    missed_leaks, leaks = sum(r.wrong for r in leaking), sum(r.series for r in leaking)
    named = ", ".join(dict.fromkeys(f"`{r.cell.shape}`" for r in long if r.wrong)) or "none"
    return textwrap.fill(
        f"**What to conclude.** With {MIN_CONCLUSIVE_SAMPLES} samples or more, {false_alarms:,} of "
        f"{clean_series:,} clean series were judged to be leaks, and {missed_leaks:,} of {leaks:,} "
        f"leaks to be clean. The shapes with wrong verdicts: {named}. A leak that grows by less "
        "than the program varies can be judged to be clean; the verdict then names the growth "
        "that it does not exclude. A cache that fills evenly until just before the end looks like "
        "a leak, because the series is a line. More work decides every other undecided series. No "
        "verdict is certain with 20 samples.",
        MAX_LINE_LENGTH,
    )


def observer_conclusion(watched: Sequence[ObserverCost]) -> str:
    """Write what observing costs at most, and how often it met its goal.

    Args:
        watched: The cost of each load, at least one.
    """
    share = max(w.pss_share for w in watched)
    met = sum(w.meets_limits for w in watched)
    goal = f"its goal of {MAX_PSS_SHARE:.0%}, within one reading,"
    sentences = [
        (
            f"Reading PSS took at most {share:.2%} of one CPU, and met {goal} in {met} of "
            f"{len(watched)} measurements."
        )
    ]
    if confined := [w.sampling_share for w in watched if w.enforcer is not Enforcer.OBSERVER]:
        sentences.append(
            f"Counting processes took at most {max(confined):.2%} where cgroups enforce the limits."
        )
    return " ".join(sentences)


def tools_conclusion(findings: Findings) -> str:
    """Write how right leaklab was beside the other tools, and which of its goals it missed."""
    sentences = [
        f"Of the variants that it judged, leaklab was right about {t.right}, called "
        f"{len(t.false_alarms)} clean ones a leak, called {len(t.missed)} leaks clean, and left "
        f"{len(t.undecided)} undecided."
        for t in findings.tallies
        if t.rule == LEAKLAB and not t.trouble
    ]
    goals = missed(findings)
    outcome = f"It missed a goal: {'; '.join(goals)}." if goals else "It met all of its goals."
    return " ".join([*sentences, outcome])


def detection_conclusion(detections: Sequence[Detection]) -> str:
    """Write how surely the smallest leaks are detected, and how clean programs are judged."""
    leaks = [d for d in detections if d.leaks]
    clean = [d for d in detections if not d.leaks]
    sentences = []
    if leaks:
        always = sum(d.meets_limits for d in leaks)
        sentences.append(
            f"Of the {len(leaks)} smallest leaks, {always} were detected in every run, each within "
            f"{MAX_SECONDS:g} s."
        )
    if clean:
        alarms, undecided = (
            sum(d.count(answer) for d in clean) for answer in (Answer.LEAK, Answer.UNDECIDED)
        )
        sentences.append(
            f"In {sum(d.runs for d in clean):,} runs of clean programs there were {alarms} false "
            f"alarms and {undecided} undecided verdicts."
        )
    return " ".join(sentences)


def agent_conclusion(overheads: Sequence[AgentCost]) -> str:
    """Write what the agent costs a program at most, and how often it met its goals.

    Args:
        overheads: The cost of each run, at least one.
    """
    sampling, agent = (
        format_bytes(max(amounts))
        for amounts in (
            [o.added_bytes for o in overheads],
            [o.agent_bytes for o in overheads],
        )
    )
    met = sum(o.meets_limits for o in overheads)
    return (
        f"Sampling multiplied a program's CPU time by at most {max(o.high for o in overheads):.3f} "
        f"(the upper end of the 95 % intervals) and added {sampling} of memory; the whole agent "
        f"takes {agent} more than a bare interpreter. {met} of {len(overheads)} programs met the "
        "goals."
    )
