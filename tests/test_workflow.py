"""The workflow for GitHub: its targets, triggers and permissions."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with asv, without types

ROOT = Path(__file__).parents[1]
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
SCRIPTS = [step["run"] for step in STEPS if "run" in step]
MAKES = [script for script in SCRIPTS if script.startswith("make ")]
ON = True  # as YAML reads an `on`


def arguments_of_leaklab(script: str, venv: Path, **environment: str) -> list[str]:
    """Return the arguments with which a step starts leaklab, as GitHub's shell and make pass them.

    A script that prints its arguments is run in place of leaklab.
    """
    messages = venv / "bin" / "leaklab"
    messages.parent.mkdir(parents=True)
    messages.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    messages.chmod(0o755)
    (venv / ".ready").touch()
    completed = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": f"--silent VENV={venv}", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout.splitlines()


def test_the_workflow_runs_on_pushes_to_main_and_on_pull_requests() -> None:
    assert {"push": {"branches": ["main"]}, "pull_request": None} == WORKFLOW[ON]


def test_the_workflow_may_only_read_the_repository() -> None:
    assert {"contents": "read"} == WORKFLOW["permissions"]
    assert [] == [name for name, job in JOBS.items() if "permissions" in job]


def test_lint_and_tests_always_run_and_the_comparison_on_pull_requests() -> None:
    conditions = {name: job.get("if") for name, job in JOBS.items()}
    on_pull_requests = "github.event_name == 'pull_request'"
    assert {"checks": None, "debian": None, "compare": on_pull_requests} == conditions


def test_a_newer_push_cancels_only_older_runs_of_its_pull_request() -> None:
    assert {
        "group": "${{ github.workflow }}-${{ github.event.pull_request.number || github.run_id }}",
        "cancel-in-progress": True,
    } == WORKFLOW["concurrency"]


@pytest.mark.parametrize("script", MAKES)
def test_every_target_that_the_workflow_calls_exists(script: str) -> None:
    called = re.findall(r"\bmake ([a-z-]+)", script)
    known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert called
    assert set(called) <= set(known)


@pytest.mark.parametrize("script", SCRIPTS)
def test_names_chosen_by_contributors_are_never_part_of_a_script(script: str) -> None:
    assert "${{" not in script


def test_every_job_has_a_timeout() -> None:
    assert [] == [name for name, job in JOBS.items() if "timeout-minutes" not in job]


def test_every_action_has_a_pinned_version() -> None:
    actions = [step["uses"] for step in STEPS if "uses" in step]
    assert [] == [action for action in actions if not re.search(r"@(v\d+|[0-9a-f]{40})$", action)]


@pytest.mark.parametrize(
    ("job", "python"), [("checks", "${{ matrix.python }}"), ("compare", "3.11"), ("debian", None)]
)
def test_a_job_has_the_whole_history_no_credentials_and_its_python(
    job: str, python: str | None
) -> None:
    steps = JOBS[job]["steps"]
    given = {step["uses"].partition("@")[0]: step["with"] for step in steps if "uses" in step}
    expected: dict[str, Any] = {
        "actions/checkout": {"fetch-depth": 0, "persist-credentials": False}
    }
    if python:
        expected["actions/setup-python"] = {
            "python-version": python,
            "cache": "pip",
            "cache-dependency-path": "constraints.txt",
        }
    assert expected == given


def test_the_whole_suite_runs_on_every_supported_python() -> None:
    assert ["3.11.7", "3.12", "3.13"] == JOBS["checks"]["strategy"]["matrix"]["python"]
    assert "debian:12" == JOBS["debian"]["container"]["image"]
    assert {"PYTHON": "python"} == JOBS["checks"]["env"]


def test_a_pull_request_is_compared_with_its_base_and_the_table_is_the_summary(
    tmp_path: Path,
) -> None:
    (step,) = (step for step in JOBS["compare"]["steps"] if "run" in step)
    arguments = arguments_of_leaklab(step["run"], tmp_path, GITHUB_STEP_SUMMARY="a summary")
    assert ["continuous", "--factor", "1.02", "--markdown", "a summary"] == arguments[:-3]
    assert ["--", "HEAD^1", "HEAD"] == arguments[-3:]


@pytest.mark.parametrize("branch", ["release/2", "x;id", "a`id`b"])
def test_a_branch_name_with_shell_characters_is_passed_on_unchanged(
    tmp_path: Path, branch: str
) -> None:
    arguments = arguments_of_leaklab('make continuous BASE="$BRANCH"', tmp_path, BRANCH=branch)
    assert ["--", branch, "HEAD"] == arguments[-3:]


@pytest.mark.parametrize(("text", "lines"), [("", []), ("ALL=1", ["--all"])])
def test_a_comparison_includes_all_scenarios_on_request(
    tmp_path: Path, text: str, lines: list[str]
) -> None:
    messages = arguments_of_leaklab(f"make continuous {text}", tmp_path, MARKDOWN="")
    assert ["continuous", "--factor", "1.02", *lines, "--", "main", "HEAD"] == messages


def test_the_local_ci_script_runs_what_the_workflow_runs() -> None:
    here = re.findall(r"^part (make .*)$", (ROOT / ".ci" / "run").read_text(), re.M)
    for job in ("checks", "debian"):
        there = [step.get("run", "") for step in JOBS[job]["steps"]]
        assert ["make setup", *(run for run in there if run.startswith("make "))] == here
