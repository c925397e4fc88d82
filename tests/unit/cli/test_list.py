"""`leaklab list --json` is as docs/reference/output.md describes it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leaklab.catalogue.folders import builtin_root, open_catalogue
from leaklab.catalogue.truth import ground_truths
from leaklab.cli.exit_codes import run_command
from leaklab.cli.main import cli

ROOT = builtin_root()
REFERENCE = (ROOT / "docs" / "reference" / "output.md").read_text(encoding="utf-8")
TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "list",
    dict: "object",
    type(None): "null",
}
# Its keys are those of each scenario.
OPAQUE = "options"


@pytest.fixture
def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert 0 == run_command(cli, ["list", "--json"])
    scenarios: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return scenarios


def documented() -> dict[str, set[str]]:
    """The types of each key in the table of the reference."""
    section = REFERENCE.partition("\n### list\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| ([a-z ]+) \|", section, re.M)
    return {key: set(types.split(" or ")) for keys, types in rows for key in split(keys)}


def split(keys: str) -> list[str]:
    return re.findall(r"`([^`]+)`", keys)


def typed_keys(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key of a JSON object, and of those in it, with the type of its value."""
    for key, value in table.items():
        yield f"{prefix}{key}", TYPES[type(value)]
        inner = value if isinstance(value, list) else [value]
        for part in inner:
            if isinstance(part, dict) and key != OPAQUE:
                yield from typed_keys(part, f"{prefix}{key}.")


def test_the_reference_has_each_key_of_the_output_and_no_other(
    listed: list[dict[str, Any]],
) -> None:
    keys = {key for scenario in listed for key, _ in typed_keys(scenario)}
    assert keys == set(documented())


def test_each_value_has_a_type_that_the_reference_gives(listed: list[dict[str, Any]]) -> None:
    types = documented()
    pairs = {pair for scenario in listed for pair in typed_keys(scenario)}
    assert set() == {(key, kind) for key, kind in pairs if kind not in types[key]}


def test_the_culprit_of_each_leak_is_the_line_that_it_declares(
    listed: list[dict[str, Any]],
) -> None:
    for scenario in listed:
        for program in scenario["variants"]:
            assert (ROOT / program["file"]).is_file()
            assert program["leaks"] is (program["variant"] == "buggy")
            assert bool(program["culprit"]) is program["leaks"]
            if program["leaks"]:
                file, _, number = program["culprit"].partition(":")
                line = (ROOT / file).read_text().splitlines()[int(number) - 1]
                assert scenario["buggy"]["culprit"] in line
                assert (scenario["resource"], scenario["pattern"]) == (
                    program["resource"],
                    program["pattern"],
                )


def test_each_scenario_has_one_program_for_the_learner(listed: list[dict[str, Any]]) -> None:
    for scenario in listed:
        learner = scenario["exercise_variant"] or scenario["variants"][0]["variant"]
        programs = [p["variant"] for p in scenario["variants"] if p["is_exercise"]]
        assert [learner] == programs


def test_a_culprit_that_is_not_in_the_program_has_no_line(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios" / "grow"
    folder.mkdir(parents=True)
    (tmp_path / "scenarios" / "__init__.py").touch()
    toy = Path(__file__).parents[2] / "catalogue" / "scenarios" / "grow"
    (folder / "scenario.toml").write_text((toy / "scenario.toml").read_text())
    (folder / "buggy.py").write_text("")
    catalogue = open_catalogue(tmp_path)
    buggy, fixed = ground_truths(catalogue, catalogue.load("grow"))
    assert (True, None, False) == (buggy.leaks, buggy.culprit, buggy.is_exercise)
    assert (False, None, None) == (fixed.leaks, fixed.culprit, fixed.resource)
