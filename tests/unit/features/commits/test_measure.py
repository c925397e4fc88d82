import json
from collections.abc import Callable
from pathlib import Path

import pytest

from leaklab.features.commits.asv import Asv, AsvOutput
from leaklab.features.commits.measure import publish

Step = tuple[str, float, float]


class Publisher(Asv):
    """An asv that has published its site already."""

    def run(self, *arguments: str) -> AsvOutput:
        return AsvOutput(0, [])


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., list[str]]:
    """Return the labels of the regressions that remain of those from asv."""

    def labels(*steps: Step) -> list[str]:
        names = {name.partition("(")[0] for name, _, _ in steps}
        results = [[name, "", {}, 0, 0, 0, [[None, 1, was, became]]] for name, was, became in steps]
        site = tmp_path / ".asv" / "html"
        site.mkdir(parents=True)
        (site / "regressions.json").write_text(json.dumps({"regressions": results}))
        units = {name: {"unit": "bytes"} for name in names}
        index = {"revision_to_hash": {"1": "a" * 40}, "benchmarks": units}
        (site / "index.json").write_text(json.dumps(index))
        steps_found = publish(Publisher(tmp_path, {}, lambda _: None))
        return [f"{step.benchmark.label} {step.benchmark.metric}" for step in steps_found]

    return labels


def test_every_step_of_a_number_is_a_regression(published: Callable[..., list[str]]) -> None:
    assert ["a/buggy/fork peak_rss"] == published(("peak_rss.track_a('buggy', 'fork')", 0.0, 1.0))


def test_a_step_of_a_verdict_is_a_regression_if_it_became_an_undeclared_leak(
    published: Callable[..., list[str]],
) -> None:
    assert ["a/fixed/fork verdict", "c/program/fork verdict"] == published(
        ("verdict.track_a('fixed', 'fork')", 0.0, 2.0),
        ("verdict.track_a('fixed', 'spawn')", 0.0, 1.0),
        ("verdict.track_b('buggy', 'fork')", 0.0, 2.0),
        ("verdict.track_c('program', 'fork')", 1.0, 2.0),
    )
