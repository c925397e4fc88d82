"""Documents of measurements: the conclusions stand first, and the log gets an entry."""

from pathlib import Path

import pytest

from leaklab.cli.measurements import (
    MAX_MARKDOWN_LINE,
    MeasuredSection,
    first_sentence,
    log_measurement,
    with_opening,
    write_section,
)
from leaklab.model.errors import NotMeasured

WHERE = "`leaklab selftest x` at 0123456789ab, on Linux 6.18, 2 CPUs, 2026-11-29"
TABLE = "| a | b |\n| --- | --- |\n| 1 | 2 |"


def section(name: str, conclusion: str, tables: str = TABLE) -> MeasuredSection:
    return MeasuredSection(name, name.title(), conclusion, WHERE, tables)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "figures.md"


def test_a_document_begins_with_the_conclusions_of_its_sections(path: Path) -> None:
    write_section(path, "# Title\n", section("first", "It is fast."))
    write_section(path, path.read_text(), section("second", "It is right."))
    head = path.read_text().split("<!-- first: begin -->")[0]
    assert head.startswith(
        "# Title\n\n<!-- conclusion: begin -->\n**What to conclude.** It is fast"
    )
    assert "It is fast. It is right." in head


def test_a_section_that_is_written_again_renews_the_opening(path: Path) -> None:
    write_section(path, "# Title\n", section("first", "It is slow."))
    write_section(path, path.read_text(), section("first", "It is fast."))
    assert (0, 2) == (path.read_text().count("slow"), path.read_text().count("It is fast."))


def test_a_section_of_an_earlier_version_has_no_conclusion() -> None:
    old = f"# Title\n\n<!-- first: begin -->\n## First\n\n{WHERE}\n\n{TABLE}\n<!-- first: end -->\n"
    assert "**What to conclude.**\n<!-- conclusion: end -->" in with_opening(old)
    assert with_opening(old).endswith(old.removeprefix("# Title\n"))


def test_long_lines_are_wrapped_and_tables_are_not(path: Path) -> None:
    row = f"| {'x ' * MAX_MARKDOWN_LINE}|"
    write_section(path, "# Title\n", section("first", "It is fast. " * 20, tables=row))
    long = [line for line in path.read_text().splitlines() if len(line) > MAX_MARKDOWN_LINE]
    assert [row] == long


def test_the_log_gets_date_command_commit_and_first_sentence(path: Path) -> None:
    log = path.with_name("log.md")
    log.write_text("# Log\n")
    for _ in range(2):
        log_measurement(path, WHERE, "**What to conclude.** It takes 1.5 s. And more.")
    entry = (
        "* 2026-11-29: `leaklab selftest x` at 0123456789ab, on Linux 6.18, 2 CPUs: It takes 1.5 s."
    )
    assert f"# Log\n\n{entry}\n\n{entry}\n" == log.read_text()


def test_where_there_is_no_log_none_is_made(path: Path) -> None:
    write_section(path, "# Title\n", section("first", "It is fast."))
    assert [path] == list(path.parent.iterdir())


def test_a_log_that_cannot_be_written_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.with_name("log.md").write_text("# Log\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NotMeasured, match=r"log\.md cannot be written: Permission denied"):
        log_measurement(path, WHERE, "It is fast.")


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("**What to conclude.** One of\ntwo. Three.", "One of two."),
        ("It took 1.5 s, or so", "It took 1.5 s, or so"),
    ],
)
def test_the_first_sentence_ends_before_the_next(paragraph: str, expected: str) -> None:
    assert expected == first_sentence(paragraph)
