"""Documents are correct: their commands, links, tables and examples are checked."""

import functools
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from itertools import pairwise
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
from leaklab.cli.main import COMMAND_PATHS, cli, load_command

ROOT = Path(__file__).parents[1]
HARNESS = ROOT / "harness" / "leaklab"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
CATALOGUE = (ROOT / "docs" / "reference" / "catalogue.md").read_text(encoding="utf-8")
FIRST_HUNT = (ROOT / "docs" / "tutorial" / "first-hunt.md").read_text(encoding="utf-8")
# The commands' reference is generated, and a test compares it with their help pages as a whole. The
# changelog and the measurements name commands and files by the names they had at the time.
DATED = {ROOT / "CHANGELOG.md", *ROOT.glob("docs/measurements/*.md")}
DOCUMENTS = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")}
    - {*DATED, ROOT / "docs" / "reference" / "commands.md"}
)
LESSONS = sorted(ROOT.glob("scenarios/*/README.md"))
FOLDERS = ("docs", "scenarios", "fixtures", "tests", "benchmarks", "harness")
MARKDOWN = sorted(
    {*ROOT.glob("*.md"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*.md"))}
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PACKAGES = [path.parent.name for path in HARNESS.glob("*/__init__.py")]
IMPORTED = re.compile(r"^ *(?:from|import) leaklab(?:\.| import )(\w+)", re.M)
HEADINGS = ["Context", "Decision", "Figures", "Rejected", "Status"]
DESIGN = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
MAX_LINE_LENGTH = 120
MAX_DESIGN_LINES = 120
MAX_README_LINES = 150
SOURCES = sorted(
    # This file names the banned words to test for them.
    {path for name in FOLDERS for path in (ROOT / name).rglob("*.py")} - {Path(__file__)}
)
BANNED_LIST = re.compile(r"<!-- banned words: begin -->(.*)<!-- banned words: end -->", re.S)
PROSE_TOKENS = {
    number
    for name in ("COMMENT", "STRING", "FSTRING_MIDDLE")  # the last one since Python 3.12
    if (number := getattr(tokenize, name, None)) is not None
}

FENCED = re.compile(r"^(`{3,})[^`\n]*\n(.*?)^\1 *$", re.M | re.S)
SPAN = re.compile(r"`([^`]+)`")
# In the text, or in a definition on a line of its own.
LINK = re.compile(r"(?:\]\(|^\[[^\]]+\]: )(?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?(?:\)|$)", re.M)
HEADING = re.compile(r"^#+ +(.+?) *$", re.M)
# A path with a folder in it; a name without a folder may belong to any folder.
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.(?:md|py|toml|txt|yml)")
PLACEHOLDER = re.compile(r"<\w+>")
COMMENT = re.compile(r"(?:^|\s)#.*")
CALL = re.compile(r"(?:^|(?<=[\s(/]))(leaklab|make)(?=\s|$)([^|;&<>()$\"']*)")
EXAMPLE = re.compile(r"`(scenarios/open_orders/[\w.]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", re.M | re.S)


class Call(NamedTuple):
    """A command line in a document: the program and its arguments."""

    program: str
    arguments: tuple[str, ...]


def blocks(text: str) -> list[str]:
    return [block for _, block in FENCED.findall(text)]


def spans(text: str) -> list[str]:
    """Return the inline code of a text, each piece on one line."""
    return [" ".join(span.split()) for span in SPAN.findall(FENCED.sub("", text))]


def typed(block: str) -> list[str]:
    """Return the input in a block: the lines after a prompt, or all lines without a prompt."""
    lines = block.splitlines()
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [COMMENT.sub("", line) for line in prompted or lines]


def calls(text: str) -> Iterator[Call]:
    """Yield every call of `leaklab` and `make` in the code of a text."""
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
            yield Call("leaklab", (*about[0].arguments, *options))


def unknown(call: Call) -> set[str]:
    """The words of a call that its program does not show in its help; what comes after `--` is
    another's. Earlier names work, and no document may use them."""
    if "--" in call.arguments:
        call = Call(call.program, call.arguments[: call.arguments.index("--")])
    names = [word for word in call.arguments if re.fullmatch(r"[a-z][a-z-]*", word)]
    if call.program == "make":
        return set(names) - set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M))
    path = " ".join(names[:2] if names[:1] in (["selftest"], ["learn"]) else names[:1])
    if path and path not in {*COMMAND_PATHS, "selftest", "learn"}:
        return {path}
    command = load_command(path) if path else cli
    given = {word.partition("=")[0] for word in call.arguments if re.match(r"--?[a-z]", word)}
    return given - options_of(cli) - options_of(command)


def options_of(command: click.Command) -> set[str]:
    """The options that the help page of a command shows."""
    context = click.Context(command, **cli.context_settings)
    options = [p for p in command.get_params(context) if isinstance(p, click.Option)]
    shown = [option for option in options if not option.hidden]
    return {name for option in shown for name in (*option.opts, *option.secondary_opts)}


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
def test_a_call_is_recognised_in_every_notation(text: str, expected: list[Call]) -> None:
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
        ("leaklab selftest soak --repeat 2", set()),
        ("leaklab selftest soak --rounds 2", {"--rounds"}),
        ("leaklab soak --repeat 2", {"soak"}),
        ("leaklab selftest peers", {"selftest peers"}),
        ("leaklab run --name word_index", {"--name"}),
        ("make peers", {"peers"}),
        ("leaklab selftest run", {"selftest run"}),
        ("leaklab list --jobs 2", {"--jobs"}),
        ("leaklab watch --for 9 -- prog --jobs 2", set()),
    ],
)
def test_the_mistake_in_a_call_is_named(line: str, expected: set[str]) -> None:
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
    named = {span for span in spans(text) if FILE.fullmatch(span)} - dict(
        EXAMPLE.findall(text)
    ).keys()
    lost = {name for name in named if not any((root / name).exists() for root in (ROOT, HARNESS))}
    assert set() == lost


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    links = LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8")))
    assert [] == [
        f"{name}#{anchor}" for name, anchor in links if not exists(path.parent / name, anchor, path)
    ]


def exists(target: Path, anchor: str, source: Path) -> bool:
    """Whether a link resolves; one without a file's name is to a heading of its own file."""
    if not anchor:
        return target.exists()
    document = source if target == source.parent else target
    return document.is_file() and anchor in anchors(document.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    headings = [
        re.sub(r"[^\w\- ]", "", heading.lower())
        for heading in HEADING.findall(FENCED.sub("", text))
    ]
    return {heading.replace(" ", "-") for heading in headings}


def test_an_anchor_is_made_of_a_heading_as_github_does() -> None:
    assert {"over-time-leaklab-watch", "a-b"} == anchors("# Over time: `leaklab watch`\n\n## A-b\n")


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [path.name.split("-")[0] for path in DECISIONS]
    assert [f"{number:03}" for number in range(1, len(DECISIONS) + 1)] == numbers


@pytest.mark.parametrize("path", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_has_its_number_the_five_headings_and_a_page_at_most(path: Path) -> None:
    title, *lines = path.read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix("## ") for line in lines if line.startswith("#")]
    assert HEADINGS == headings
    assert title.startswith(f"# {path.name[:3]} ")
    assert 15 <= len(lines) + 1 <= 40


@pytest.mark.parametrize("path", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_has_a_dated_figure_or_says_why_not(path: Path) -> None:
    figures = path.read_text(encoding="utf-8").partition("## Figures")[2].partition("## ")[0]
    assert "No figure applies" in figures or re.search(r"\b20\d\d-\d\d-\d\d\b", figures)


def test_the_index_lists_each_decision_by_its_title() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\* \[(\d+)\]\((.+)\) (.+)$", index, re.M)
    titles = [path.read_text(encoding="utf-8").splitlines()[0] for path in DECISIONS]
    assert [path.name for path in DECISIONS] == [name for _, name, _ in listed]
    assert titles == [f"# {number} {title}" for number, _, title in listed]


def test_the_picture_of_the_design_has_the_packages_and_no_others() -> None:
    nodes = re.findall(r"^ +(\w+)\[", picture(), re.M)
    assert sorted(PACKAGES) == sorted(nodes)
    assert set(nodes) == {name for arrow in arrows() for name in arrow}


def test_an_arrow_of_the_picture_is_an_import_and_every_import_follows_arrows() -> None:
    imports = {(name, other) for name in PACKAGES for other in imported_by(name) - {name}}
    assert set() == arrows() - imports
    assert set() == {(name, other) for name, other in imports if other not in below(name)}


def picture() -> str:
    (picture,) = (block for block in blocks(DESIGN) if block.startswith("flowchart"))
    return picture


def arrows() -> set[tuple[str, str]]:
    """The arrows of the picture; a line may have several, one after the other."""
    chains = [re.findall(r"\w+", line) for line in picture().splitlines() if "-->" in line]
    return {pair for chain in chains for pair in pairwise(chain)}


def below(package: str) -> set[str]:
    """The packages to which a way of arrows leads."""
    direct = {end for start, end in arrows() if start == package}
    return direct.union(*map(below, direct))


def imported_by(package: str) -> set[str]:
    """The packages of the harness that a package's modules import."""
    texts = [path.read_text(encoding="utf-8") for path in (HARNESS / package).rglob("*.py")]
    names = {name for text in texts for name in IMPORTED.findall(text)}
    return names & set(PACKAGES)


def test_every_module_on_the_way_of_a_job_exists() -> None:
    named = {span for span in spans(DESIGN) if span.split("/")[0] in PACKAGES}
    paths = [HARNESS / name for name in named]
    assert [] == [str(p) for p in paths if not (p.is_dir() or p.with_suffix(".py").is_file())]
    assert {"cli", "catalogue", "runs", "sandbox", "agent", "observer", "verdict", "model"} <= {
        name.split("/")[0] for name in named
    }


def test_the_glossary_is_in_alphabetical_order() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = [word.casefold() for word in re.findall(r"^\*\*([^*]+)\*\*", glossary, re.M)]
    assert sorted(set(terms)) == terms


def test_the_design_is_short() -> None:
    assert len(DESIGN.splitlines()) <= MAX_DESIGN_LINES


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_lines_are_short(path: Path) -> None:
    # What a program prints is shown as it was printed, also where that is wide.
    lines = FENCED.sub("", path.read_text(encoding="utf-8")).splitlines()
    if path.parent.name == "measurements":
        # A command writes these tables, and a row of a table cannot be broken.
        lines = [line for line in lines if not line.startswith("|")]
    assert [] == [line for line in lines if len(line) > MAX_LINE_LENGTH]


BANNED = set(re.findall(r"`([a-z ]+)`", "".join(BANNED_LIST.findall(CONTRIBUTING))))


def test_contributing_lists_the_banned_words() -> None:
    assert {"so many", "dear", "whose", "nobody", "past both"} < BANNED


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_document_has_no_banned_word(path: Path) -> None:
    assert set() == banned_in(BANNED_LIST.sub("", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_program_has_no_banned_word_in_its_prose(path: Path) -> None:
    assert set() == banned_in(prose_of(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1  # So\n# many of them\n", {"so many"}),
        ('"""It is dear."""\n', {"dear"}),
        ("f'{a} whose'\n", {"whose"}),
        ("whose = mended = 'endear amend'\n", set()),
    ],
)
def test_a_banned_word_is_noticed_as_a_word_of_prose(text: str, expected: set[str]) -> None:
    assert expected == banned_in(prose_of(text))


def banned_in(text: str) -> set[str]:
    """The banned words of a text, wherever its lines are broken."""
    line = " ".join(text.lower().split())
    return {word for word in BANNED if re.search(rf"\b{word}\b", line)}


def prose_of(source: str) -> str:
    """The comments and strings of a program, without the marks of comments."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return "\n".join(token.string.lstrip("# ") for token in tokens if token.type in PROSE_TOKENS)


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
    assert reference.catalogue_page() == CATALOGUE, REMEDY


def test_both_references_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "reference"
    folder.mkdir(parents=True)
    (folder / "catalogue.md").write_text("an old table\n")
    (tmp_path / "scenarios").mkdir()
    reference.write_documents(tmp_path)
    assert REFERENCE == (folder / "commands.md").read_text()
    assert CATALOGUE == (folder / "catalogue.md").read_text()


def test_the_readme_is_read_in_a_minute() -> None:
    assert MAX_README_LINES >= len(README.splitlines())


@pytest.mark.parametrize("name", ["", *COMMAND_PATHS])
def test_the_reference_contains_the_help_of_every_command(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = printed(capsys, *name.split(), "--help")
    assert f"## {f'leaklab {name}'.strip()}\n\n```\n{page}```\n" in REFERENCE


def test_the_tutorial_lists_the_whole_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert f"$ leaklab list\n{printed(capsys, 'list')}```" in FIRST_HUNT


def test_contributing_has_the_numbers_that_the_code_has() -> None:
    text = " ".join(CONTRIBUTING.split())
    for arguments in (
        f"at most {MAX_DIFF_LINES} changed lines",
        f"`title` has at most {MAX_TITLE} characters",
        f"at least {MIN_DECLARED_UNITS}, and whatever fills",
        f"growth that became {default_of(continuous.command, 'factor')} times as large",
        f"({default_of(soak.command, 'repeat')} rounds in every mode it declares",
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
    """The catalogue that CONTRIBUTING.md builds."""
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
def test_the_example_of_a_scenario_has_the_declared_verdicts(example: Catalogue, text: str) -> None:
    command = [sys.executable, "-m", "leaklab", *text.split(), "--catalogue", str(example.root)]
    completed = subprocess.run(
        command, cwd=example.root, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
