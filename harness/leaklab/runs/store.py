"""Saved results: one JSON file a run, written atomically as the run ends.

    results/20261121-074226-1234/word_index.buggy.inline.1.json

Nothing is ever overwritten: where a name is taken, the result is saved beside it as
`word_index.buggy.inline.1-2.json`. The folder is a session's, see `sessions.py`.
"""

import contextlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from leaklab.model.errors import BadInput
from leaklab.model.measurement import EndReason
from leaklab.model.result import RESULT_SCHEMA, Result
from leaklab.model.text import cut
from leaklab.runs.upgrade import upgraded
from leaklab.verdict.pairs import judge_pairs

RESULTS = "[!.]*.*.*.*.json"
_NAME = re.compile(r"([^.]+)\.([^.]+)\.([^.]+)\.([0-9]{1,9})(?:-([0-9]{1,9}))?\.json")


class _Versioned(msgspec.Struct):
    schema: Annotated[int, msgspec.Meta(ge=1)]


@dataclass(frozen=True)
class Name:
    """What the name of a saved file says; `copy` counts the files of one run, from 1."""

    scenario: str
    variant: str
    mode: str
    repeat: int
    copy: int = 1

    @property
    def text(self) -> str:
        """The name of the file."""
        copy = f"-{self.copy}" if self.copy > 1 else ""
        return f"{self.scenario}.{self.variant}.{self.mode}.{self.repeat}{copy}.json"


def result_name(result: Result, copy: int = 1) -> Name:
    """The name under which a result is saved."""
    return Name(result.scenario, result.variant, result.mode, result.repeat, copy)


def parse_name(text: str) -> Name | None:
    """What a file's name says; None where it is no result's."""
    if not (found := _NAME.fullmatch(text)):
        return None
    return Name(found[1], found[2], found[3], int(found[4]), int(found[5] or 1))


def save(folder: Path, result: Result) -> Path:
    """Save one result under the first of its names that is free; all of it, or nothing.

    One process at a time may save into a folder, and one of its threads.

    Raises:
        OSError: it could not be written; what was there before is untouched.
    """
    names = (folder / result_name(result, copy).text for copy in itertools.count(1))
    target = next(path for path in names if not os.path.lexists(path))
    write_result(target, msgspec.json.format(encode_result([result])[1:-1], indent=1))
    return target


def write_result(target: Path, text: bytes) -> None:
    """Write a new file by way of a hidden one beside it: it is there as a whole, or not at all.

    Raises:
        OSError: it could not be written.
    """
    hidden = (target.with_name(f".{target.name}.{n}") for n in itertools.count(1))
    half = next(path for path in hidden if not os.path.lexists(path))
    try:
        with half.open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        half.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
        raise


def encode_result(results: list[Result]) -> bytes:
    """Results as a JSON list."""
    return msgspec.json.encode(results)


def read_result(path: Path) -> Result:
    """Read one saved result.

    Raises:
        BadInput: it is missing, no JSON, cut short, of a newer schema, or not a result at all.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; name another") from error
    try:
        schema = require_known_schema(path, text, RESULT_SCHEMA)
        document = upgraded(msgspec.json.decode(text), schema)
        return msgspec.convert(document, Result)
    # msgspec.MsgspecError is a ValueError; the others are of what is no result of its schema.
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        words = f"{path} is no saved result, or only half of one: {error}"
        raise BadInput(f"{words}; name another, or run it again") from error


def require_known_schema(path: Path, text: bytes, known: int) -> int:
    """Stop before a saved document of a schema that this leaklab does not know; its schema.

    Raises:
        BadInput: it is newer.
        ValueError: it is no JSON object, or says no schema that there ever was.
    """
    schema = msgspec.json.decode(text, type=_Versioned).schema
    if schema > known:
        raise BadInput(f"{path} has schema {schema}, newer than {known}: update leaklab")
    return schema


def find_results(results: Path, selector: str) -> list[Result]:
    """The results that a selector names.

    Args:
        results: the folder of sessions.
        selector: a saved file; a session's folder; or `scenario/variant[/mode]`, which is the
            newest saved run of it that was completed.

    Raises:
        BadInput: nothing is there.
    """
    path = Path(selector)
    try:
        if path.is_file():
            return [read_result(path)]
        if path.is_dir():
            return _all_in(path)
        return [_newest(results, selector)]
    except OSError as error:
        raise BadInput(f"{cut(selector)} cannot be read: {error.strerror}; name another") from error


def _all_in(session: Path) -> list[Result]:
    found = [read_result(file) for file in sorted(session.glob(RESULTS))]
    if not found:
        raise BadInput(f"{session} holds no saved results; name another folder")
    return judge_pairs(found)


def _newest(results: Path, selector: str) -> Result:
    wanted = selector.split("/")
    if len(wanted) in (2, 3):
        for file in _newest_first(results, wanted):
            result = read_result(file)
            if result.end_reason is EndReason.COMPLETED:
                return result
    raise BadInput(
        f"{cut(selector)!r} is no saved file or folder, and no completed run of that name is saved "
        f"in {results}; write scenario/variant, or run it first"
    )


def _newest_first(results: Path, wanted: list[str]) -> Iterator[Path]:
    """Files of that scenario, variant and mode; the session's start decides, then the repeat."""
    for session in sorted((p for p in results.glob("*") if p.is_dir()), reverse=True):
        named = ((parse_name(file.name), file) for file in session.glob(RESULTS))
        found = [
            (name.repeat, name.copy, file)
            for name, file in named
            if name and [name.scenario, name.variant, name.mode][: len(wanted)] == wanted
        ]
        yield from (file for *_, file in sorted(found, reverse=True))
