"""What a pipe is told while runs are made."""

import re

import pytest

import toys
from leaklab.cli.progress import PlainProgress
from leaklab.model.errors import NotMeasured


def test_a_run_that_ends_is_one_line_with_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    listener, job = PlainProgress(), toys.job()
    listener.run_started(job, 3, 10)
    listener.judged(toys.result())
    assert "" == capsys.readouterr().err
    listener.run_ended(job)
    line = capsys.readouterr().err
    assert re.fullmatch(r"\[3/10\] grow-4096/buggy/inline: leak, .+ s\n", line)


def test_a_run_that_failed_is_one_line_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    listener, job = PlainProgress(), toys.job()
    listener.run_started(job, 1, 1)
    listener.failed(job, NotMeasured("there was no room"))
    listener.run_ended(job)
    assert "leaklab: there was no room\n" == capsys.readouterr().err


def test_runs_under_way_at_the_same_time_keep_their_own_verdicts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listener = PlainProgress()
    jobs = [toys.job(repeat=1), toys.job(repeat=2)]
    for number, job in enumerate(jobs, 1):
        listener.run_started(job, number, 2)
    for job in reversed(jobs):
        listener.judged(toys.result(repeat=job.repeat))
    for job in jobs:
        listener.run_ended(job)
    assert ["[1/2]", "[2/2]"] == re.findall(r"^\[\d/\d\]", capsys.readouterr().err, re.M)
