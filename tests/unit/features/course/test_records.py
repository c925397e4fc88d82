from pathlib import Path

import pytest

from leaklab.features.course.records import WorkRecord, differences, take_record
from leaklab.model.errors import NotMeasured

ONE = WorkRecord(10, {"sell": 10}, {"sell": 7})


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def test_the_records_of_workers_are_added_and_removed(tmp_path: Path) -> None:
    write(tmp_path, "1", "token 5\n5\nsell 5 3\nprice 1 1")
    write(tmp_path, "2", "token 5\n4\nsell 4 4")
    record = take_record(tmp_path, "token", 5)
    assert record == WorkRecord(9, {"sell": 9, "price": 1}, {"sell": 7, "price": 1})
    assert list(tmp_path.iterdir()) == []


def test_the_record_of_the_rehearsal_is_not_counted(tmp_path: Path) -> None:
    write(tmp_path, "1", "token 1\n1\nsell 1 3")
    write(tmp_path, "2", "token 5\n5\nsell 5 7")
    assert take_record(tmp_path, "token", 5) == WorkRecord(5, {"sell": 5}, {"sell": 7})


def test_a_run_without_a_record_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="without the lab's count"):
        take_record(tmp_path, "token", 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "token",
        "forged 5\n5\nsell 5 7",
        "token 5\nmany\nsell 5 7",
        "token 5\n5\nsell 5",
        "token 5\n5\nsell five 7",
        "token 5",
        "\x00\x01",
    ],
)
def test_a_record_of_another_form_or_token_was_changed(tmp_path: Path, text: str) -> None:
    write(tmp_path, "1", text)
    with pytest.raises(NotMeasured, match="was changed by the program"):
        take_record(tmp_path, "token", 5)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (ONE, []),
        (WorkRecord(9, {"sell": 9}, {"sell": 7}), ["it did 9 of 10 units"]),
        (
            WorkRecord(10, {"sell": 3}, {"sell": 7}),
            ["sell was called 3 times, and 10 in the reference"],
        ),
        (WorkRecord(10, {}, {}), ["sell was called 0 times, and 10 in the reference"]),
        (
            WorkRecord(10, {"sell": 10}, {"sell": 8}),
            ["sell gives other results than in the reference"],
        ),
        (WorkRecord(10, {"sell": 10, "more": 2}, {"sell": 7, "more": 1}), []),
    ],
)
def test_work_is_that_of_the_reference(own: WorkRecord, words: list[str]) -> None:
    assert differences(own, ONE, None) == words


def test_what_differs_in_two_runs_of_the_reference_is_not_compared() -> None:
    own = WorkRecord(10, {"sell": 10, "poll": 3}, {"sell": 8, "poll": 1})
    first = WorkRecord(10, {"sell": 10, "poll": 5}, {"sell": 7, "poll": 1})
    again = WorkRecord(10, {"sell": 10, "poll": 6}, {"sell": 7, "poll": 1})
    assert differences(own, first, again) == ["sell gives other results than in the reference"]
