"""The lines of logs of any size and kind."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklab.features.logs.sources import (
    MAX_LINE_BYTES,
    LineSplitter,
    follow_batches,
    read_batches,
)
from leaklab.model.errors import BadInput

MARKED = b"since_start"


def marked_lines(path: Path) -> list[bytes]:
    return [line for batch in read_batches(path) for line in batch.lines if MARKED in line]


@given(st.lists(st.sampled_from([b"a", b"\n", MARKED, b"b\n", b"since_", b"start"])))
def test_blocks_may_end_anywhere(blocks: list[bytes]) -> None:
    splitter = LineSplitter()
    batches = [*map(splitter.split, blocks), splitter.last()]
    every = b"".join(blocks).split(b"\n")
    assert [line for line in every if MARKED in line] == [
        line for batch in batches for line in batch.lines if MARKED in line
    ]
    assert sum(batch.passed for batch in batches) == len(every) - (not every[-1])


def test_a_line_without_end_takes_no_memory_and_the_next_one_is_read() -> None:
    splitter = LineSplitter()
    endless = MARKED * 10_000
    for _ in range(100):
        assert [] == splitter.split(endless).lines
        assert len(splitter._rest) <= MAX_LINE_BYTES
    assert [MARKED] == splitter.split(b"its end\n" + MARKED + b"\n").lines


def test_the_last_line_has_no_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x\nsince_start 1")
    *_, last = read_batches(log)
    assert ([b"since_start 1"], False) == (last.lines, last.ended)


def test_a_log_that_gzip_has_compressed_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log.gz"
    log.write_bytes(gzip.compress(b"since_start 1\n"))
    assert [b"since_start 1"] == marked_lines(log)


def test_half_of_a_compressed_log_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "log.gz"
    whole = gzip.compress(b"since_start 1\n" * 1000)
    log.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="its compressed part is damaged"):
        marked_lines(log)


@pytest.mark.parametrize(
    ("data", "converter"),
    [
        (bz2.compress(MARKED), "bzcat"),
        (lzma.compress(MARKED), "xzcat"),
        (bytes.fromhex("28b52ffd") + MARKED, "zstdcat"),
        (MARKED.decode().encode("utf-16"), "iconv -f UTF-16 -t UTF-8"),
    ],
    ids=["bzip2", "xz", "zstd", "UTF-16"],
)
def test_a_log_that_is_not_text_is_refused_with_the_program_that_converts_it(
    tmp_path: Path, data: bytes, converter: str
) -> None:
    log = tmp_path / "log"
    log.write_bytes(data)
    with pytest.raises(BadInput) as error:
        marked_lines(log)
    assert str(error.value) == f"{log} is not text: use '{converter} {log} | leaklab logs'"


@pytest.mark.parametrize(("name", "what"), [("none", "No such file"), (".", "Is a directory")])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, what: str) -> None:
    with pytest.raises(BadInput, match=f"{what}.*; name a log file, or - for standard input"):
        marked_lines(tmp_path / name)


def test_a_followed_log_is_read_on_after_its_rotation(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"since_start 1\n")

    def steps() -> Iterator[None]:
        yield
        with log.open("ab") as file:
            file.write(b"since_start 2\n")
        yield
        log.rename(tmp_path / "log.1")
        yield  # no file of this name for a moment
        log.write_bytes(b"since_start 3\n")
        yield
        log.write_bytes(b"since_start 4"[:0])
        yield
        log.write_bytes(b"s_start 5\n")
        yield

    script = steps()

    def wait(fd: int | None) -> bool:
        return fd is not None or next(script, "end") is None

    lines = [line for batch in follow_batches(log, wait) for line in batch.lines]
    assert [b"since_start 1", b"since_start 2", b"since_start 3"] == lines[:3]


def test_a_followed_log_is_read_on_while_the_service_still_writes_to_the_old_file(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"since_start 1\n")

    def steps() -> Iterator[None]:
        yield
        log.rename(tmp_path / "log.1")
        log.touch()
        yield
        with (tmp_path / "log.1").open("ab") as file:
            file.write(b"since_start 2\n")
        yield
        log.write_bytes(b"since_start 3\n")
        yield
        yield

    script = steps()

    def wait(fd: int | None) -> bool:
        return fd is not None or next(script, "end") is None

    lines = [line for batch in follow_batches(log, wait) for line in batch.lines]
    assert [b"since_start 1", b"since_start 2", b"since_start 3"] == lines
