"""What to conclude from measurements of the lab itself."""

from dataclasses import replace

from leaklab.features.quality.agent_cost import AgentCost
from leaklab.features.quality.beside_tools import Findings
from leaklab.features.quality.detection_limit import Detection, DurationSpread
from leaklab.features.quality.observer_cost import Enforcer, Load, ObserverCost
from leaklab.features.quality.scoreboard import ToolTally
from leaklab.features.quality.tool_costs import Interval, ToolCost
from leaklab.model.scenario import Mode
from leaklab.model.units import MIB
from leaklab.reports.conclusions import (
    agent_conclusion,
    detection_conclusion,
    observer_conclusion,
    tools_conclusion,
)
from leaklab.verdict.confusion import Answer, JudgedRun

SOME = ObserverCost(Load(0, 10 * MIB), Enforcer.CGROUP, 10, 0.008, 0.03, 0.015, 0.05, 0.1, 0.1)
OVERHEAD = AgentCost("a/buggy", 15, 0.5, 1.01, 0.99, 1.04, 700 << 10, 600 << 10, 2 << 20)


def detection(*answers: Answer, leaks: bool) -> Detection:
    runs = [(n, JudgedRun("a", Mode.INLINE, leaks, answer, "")) for n, answer in enumerate(answers)]
    return Detection(
        "a", "A", leaks, tuple(runs), DurationSpread(0.1, 0.2), DurationSpread(0.1, 0.2)
    )


def test_of_the_observer_the_worst_share_counts() -> None:
    costly = replace(SOME, pss_share=0.05, sampling_share=0.01)
    text = observer_conclusion([SOME, costly])
    assert "at most 5.00% of one CPU" in text
    assert "in 1 of 2 measurements" in text
    assert text.endswith("Counting processes took at most 1.00% where cgroups enforce the limits.")


def test_without_a_cgroup_nothing_is_said_of_cgroups() -> None:
    assert "cgroup" not in observer_conclusion([replace(SOME, enforcer=Enforcer.OBSERVER)])


def test_of_the_agent_the_worst_program_counts() -> None:
    text = agent_conclusion([OVERHEAD, replace(OVERHEAD, high=1.2)])
    assert "by at most 1.200 " in text
    assert text.endswith("1 of 2 programs met the goals.")


def test_beside_other_tools_verdicts_and_missed_goals_are_named() -> None:
    tally = ToolTally("leaklab", right=26, false_alarms=("a/fixed",))
    cost = ToolCost("leaklab", work=Interval(1.0, 0.9, 1.5))
    text = tools_conclusion(Findings("a/buggy", 10, (cost,), (), (tally,)))
    assert text.startswith("Of the variants that it judged, leaklab was right about 26, called 1 ")
    assert "the CPU ratio's interval ends at 1.5000" in text


def test_beside_other_tools_all_goals_may_be_met() -> None:
    assert tools_conclusion(Findings("a", 10, (), (), ())) == "It met all of its goals."


def test_of_the_detection_limit_leaks_and_clean_programs_are_counted() -> None:
    detections = [
        detection(Answer.LEAK, Answer.LEAK, leaks=True),
        detection(Answer.LEAK, Answer.UNDECIDED, leaks=True),
        detection(Answer.CLEAN, Answer.LEAK, Answer.UNDECIDED, leaks=False),
    ]
    assert detection_conclusion(detections) == (
        "Of the 2 smallest leaks, 1 were detected in every run, each within 5 s. "
        "In 3 runs of clean programs there were 1 false alarms and 1 undecided verdicts."
    )


def test_only_what_was_run_is_concluded_of() -> None:
    assert "clean" not in detection_conclusion([detection(Answer.LEAK, leaks=True)])
