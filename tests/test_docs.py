"""Documents say what is so: their commands, links, tables and examples are held to the real."""

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from leaklab.catalogue import checksums
from leaklab.catalogue.folders import Catalogue, open_catalogue
from leaklab.catalogue.lint import MAX_DIFF_LINES, MAX_TITLE, MIN_DECLARED_UNITS, lint
from leaklab.catalogue.scenario_file import NOT_KEYS, TABLES
from leaklab.cli import exit_codes, reference
from leaklab.cli.commands import continuous, soak
from leaklab.cli.main import COMMANDS, cli, load_command

ROOT = Path(__file__).parents[1]
HARNESS = ROOT / "harness" / "leaklab"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
# The reference is made of what the commands say, and is compared with that as a whole.
DOCUMENTS = sorted(
    {ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "DESIGN.md", *ROOT.glob("docs/*.md")}
    - {ROOT / "docs" / "commands.md"}
)
LESSONS = sorted(ROOT.glob("scenarios/*/README.md"))

FENCED = re.compile(r"^(`{3,})[^`\n]*\n(.*?)^\1 *$", re.M | re.S)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]+)")
# A path with a folder in it; one word alone may be meant in any folder.
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.(?:md|py|toml|txt|yml)")
PLACEHOLDER = re.compile(r"<\w+>")
COMMENT = re.compile(r"(?:^|\s)#.*")
CALL = re.compile(r"(?:^|(?<=[\s(/]))(leaklab|make)(?=\s|$)([^|;&<>()$\"']*)")
EXAMPLE = re.compile(r"`(scenarios/open_orders/[\w.]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", re.M | re.S)


class Call(NamedTuple):
    """A command line that a document shows: the program, and the words that follow."""

    program: str
    words: tuple[str, ...]


def blocks(text: str) -> list[str]:
    return [block for _, block in FENCED.findall(text)]


def spans(text: str) -> list[str]:
    """The inline code of a text, each piece on one line."""
    return [" ".join(span.split()) for span in SPAN.findall(FENCED.sub("", text))]


def typed(block: str) -> list[str]:
    """What a person types of a block: the lines after a prompt, or all lines without a prompt."""
    lines = block.splitlines()
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [COMMENT.sub("", line) for line in prompted or lines]


def calls(text: str) -> Iterator[Call]:
    """Every call of `leaklab` and `make` in the code of a text."""
    for line in [*(line for block in blocks(text) for line in typed(block)), *spans(text)]:
        for program, arguments in CALL.findall(PLACEHOLDER.sub("NAME", line)):
            yield Call(program, tuple(word.strip("[]") for word in arguments.split()))


def beside_calls(text: str) -> Iterator[Call]:
    """What a table's row names beside its one call of `leaklab`, as if it stood in the call."""
    for line in (line for line in text.splitlines() if line.startswith("|")):
        about = [call for call in calls(line) if call.program == "leaklab"]
        if len(about) == 1:
            options = [
                word for span in spans(line) if span.startswith("-") for word in span.split()
            ]
            yield Call("leaklab", (*about[0].words, *options))


def unknown(call: Call) -> set[str]:
    """The words of a call that its program does not know; what comes after `--` is another's."""
    if "--" in call.words:
        call = Call(call.program, call.words[: call.words.index("--")])
    names = [word for word in call.words if re.fullmatch(r"[a-z][a-z-]*", word)]
    if call.program == "make":
        return set(names) - set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
    if names and names[0] not in COMMANDS:
        return {names[0]}
    command = load_command(names[0]) if names else cli
    given = {word.partition("=")[0] for word in call.words if re.match(r"--?[a-z]", word)}
    return given - options_of(cli) - options_of(command)


def options_of(command: click.Command) -> set[str]:
    context = click.Context(command, **cli.context_settings)
    return {name for parameter in command.get_params(context) for name in parameter.opts}


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert exit_codes.run_command(cli, arguments) == 0
    return capsys.readouterr().out


LIST = Call("leaklab", ("list",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\nmake lint   # and make nothing\n```", [Call("make", ("lint",))]),
        ("```\n$ leaklab list\nleaklab said this\n```", [LIST]),
        ("`make soak N=1`, and `leaklab\nlist`", [Call("make", ("soak", "N=1")), LIST]),
        ("`cd x && .venv/bin/leaklab list | tail`, `eval $(leaklab list)`", [LIST, LIST]),
        ("| `leaklab run [NAME…] --jobs 2` |", [Call("leaklab", ("run", "NAME…", "--jobs", "2"))]),
        ("`leaklab show <name> --json`", [Call("leaklab", ("show", "NAME", "--json"))]),
        ("make this, `python -m leaklab.cli`, `leaklab: no`, `remake that`, `leaklab/cli`", []),
    ],
)
def test_a_call_is_seen_in_every_way_of_writing_it(text: str, expected: list[Call]) -> None:
    assert expected == list(calls(text))


def test_an_option_in_a_tables_row_belongs_to_the_command_there() -> None:
    (call,) = beside_calls(
        "| `leaklab list` | all, or with `--json` for machines |\n| `--x` | no |"
    )
    assert Call("leaklab", ("list", "--json")) == call


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("make lint test N=1 -n", set()),
        ("make linnt", {"linnt"}),
        ("leaklab run word_index -o dump=x --repeat=3 --debug -h", set()),
        ("leaklab --version", set()),
        ("leaklab ran", {"ran"}),
        ("leaklab list --jobs 2", {"--jobs"}),
        ("leaklab watch --for 9 -- prog --jobs 2", set()),
    ],
)
def test_what_a_call_gets_wrong_is_named(line: str, expected: set[str]) -> None:
    program, *arguments = line.split()
    assert expected == unknown(Call(program, tuple(arguments)))


@pytest.mark.parametrize("path", DOCUMENTS + LESSONS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_target_and_option_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    wrong = {call: unknown(call) for call in [*calls(text), *beside_calls(text)]}
    assert {} == {call: arguments for call, arguments in wrong.items() if arguments}


@pytest.mark.parametrize("path", DOCUMENTS + LESSONS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_that_a_document_links_or_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    linked = {name for name in LINK.findall(text) if not (path.parent / name).exists()}
    named = {span for span in spans(text) if FILE.fullmatch(span)} - dict(
        EXAMPLE.findall(text)
    ).keys()
    lost = {name for name in named if not any((root / name).exists() for root in (ROOT, HARNESS))}
    assert (set(), set()) == (linked, lost)


def test_make_help_names_every_target_that_explains_itself() -> None:
    explained = re.findall(r"^([a-z-]+):.*## (.*)$", MAKEFILE, re.M)
    listed = [line.split(maxsplit=2) for line in make_help()]
    assert [["make", target, text] for target, text in explained] == listed


def test_make_help_fits_80_columns() -> None:
    assert [] == [line for line in make_help() if len(line) > 80]


@functools.cache
def make_help() -> list[str]:
    # A make that starts these tests must not pass its own flags on.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", "help"]
    completed = subprocess.run(
        command, cwd=ROOT, env=ours, capture_output=True, text=True, check=True
    )
    return completed.stdout.splitlines()


REMEDY = f"run: python -m {reference.__name__}"


def test_the_checksums_of_the_programs_are_up_to_date() -> None:
    result = (ROOT / "scenarios" / checksums.CHECKSUM_FILE).read_text(encoding="utf-8")
    assert checksums.checksums_text(ROOT) == result, REMEDY


def test_the_reference_is_up_to_date() -> None:
    assert reference.commands() == REFERENCE, REMEDY


def test_the_table_of_the_catalogue_is_up_to_date() -> None:
    assert reference.with_catalogue(README) == README, REMEDY


def test_both_are_written_and_the_rest_of_the_readme_stays(tmp_path: Path) -> None:
    mark = "<!-- catalogue: end -->"
    (tmp_path / "docs").mkdir()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "README.md").write_text(README.replace(mark, f"an old row\n{mark}"))
    reference.write_documents(tmp_path)
    assert REFERENCE == (tmp_path / "docs" / "commands.md").read_text()
    assert README == (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_reference_has_what_a_command_says_to_help(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = printed(capsys, *name.split(), "--help")
    assert f"## {f'leaklab {name}'.strip()}\n\n```\n{page}```\n" in REFERENCE


def test_the_first_session_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"$ leaklab list\n{printed(capsys, 'list')}```" in README


def test_contributing_has_the_numbers_that_the_code_has() -> None:
    text = " ".join(CONTRIBUTING.split())
    for arguments in (
        f"at most {MAX_DIFF_LINES} changed lines",
        f"`title` has at most {MAX_TITLE} characters",
        f"at least {MIN_DECLARED_UNITS}, and whatever fills",
        f"growth that became {default_of(continuous.command, 'factor')} times as large",
        f"({default_of(soak.command, 'rounds')} rounds in every mode it declares",
    ):
        assert arguments in text


def default_of(command: click.Command, name: str) -> object:
    (result,) = (p.default for p in command.params if p.name == name)
    return result


def test_contributing_names_every_key_of_scenario_toml() -> None:
    fields = {key for table in TABLES.values() for key in table.__struct_fields__}
    keys = fields - {*NOT_KEYS}
    code = " ".join([*blocks(CONTRIBUTING), *spans(CONTRIBUTING)])
    assert set() == keys - set(re.findall(r"\w+", code))


@pytest.fixture
def example(tmp_path: Path) -> Catalogue:
    """The catalogue that CONTRIBUTING.md makes before the reader's eyes."""
    files = dict(EXAMPLE.findall(CONTRIBUTING))
    folder = "scenarios/open_orders"
    *alike, _ = files[f"{folder}/fixed.py"].splitlines(keepends=True)
    files[f"{folder}/buggy.py"] = "".join([*alike, files[f"{folder}/buggy.py"]])
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "harness" / "leaklab").mkdir(parents=True)  # a checkout of the lab's
    for name, text in {"scenarios/__init__.py": "", **files}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return open_catalogue(tmp_path)


def test_the_example_of_a_scenario_has_no_problems_and_is_tracked(example: Catalogue) -> None:
    (scenario,) = example.load_all()
    assert ([], True) == (lint(example, scenario), scenario.bench)


@pytest.mark.process
@pytest.mark.parametrize("text", ["check", "run --mode all --jobs 2"])
def test_the_example_of_a_scenario_is_as_it_declares(example: Catalogue, text: str) -> None:
    command = [sys.executable, "-m", "leaklab", *text.split(), "--catalogue", str(example.root)]
    completed = subprocess.run(
        command, cwd=example.root, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
