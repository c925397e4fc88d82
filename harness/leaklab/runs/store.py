"""Saved results: one JSON file a run, written atomically when the run ends.

    results/20261121-074226-1234/word_index.buggy.inline.1.json

No file is ever overwritten. If the name is taken, the result is saved beside the existing file as
`word_index.buggy.inline.1-2.json`. The folder is that of a session, see `sessions.py`.
"""

import contextlib
import difflib
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
    """The parts of a saved file's name; `copy` counts the files of one run, from 1."""

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
    """Return the name under which a result is saved."""
    return Name(result.scenario, result.variant, result.mode, result.repeat, copy)


def parse_name(text: str) -> Name | None:
    """Parse a file's name; return None if it is not the name of a result."""
    if not (match := _NAME.fullmatch(text)):
        return None
    return Name(match[1], match[2], match[3], int(match[4]), int(match[5] or 1))


def save(folder: Path, result: Result) -> Path:
    """Save one result atomically under the first free name, and return its path.

    Only one process at a time may save into a folder, by one of its threads.

    Raises:
        OSError: The result could not be written; existing files are unchanged.
    """
    names = (folder / result_name(result, copy).text for copy in itertools.count(1))
    target = next(path for path in names if not os.path.lexists(path))
    write_result(target, msgspec.json.format(encode_result([result])[1:-1], indent=1))
    return target


def write_result(target: Path, text: bytes) -> None:
    """Write a file atomically: a hidden file beside it is written and renamed.

    Raises:
        OSError: The file could not be written.
    """
    hidden = (target.with_name(f".{target.name}.{n}") for n in itertools.count(1))
    temporary = next(path for path in hidden if not os.path.lexists(path))
    try:
        with temporary.open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def encode_result(results: list[Result]) -> bytes:
    """Encode results as a JSON list."""
    return msgspec.json.encode(results)


def read_result(path: Path) -> Result:
    """Read one saved result.

    Raises:
        BadInput: The file is missing, incomplete, of a newer schema, or not a result.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; name another file") from error
    try:
        schema = require_known_schema(path, text, RESULT_SCHEMA)
        document = upgraded(msgspec.json.decode(text), schema)
        return msgspec.convert(document, Result)
    # msgspec.MsgspecError is a ValueError; the others come from a document that does not match its
    # schema.
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        problem = f"{path} is not a saved result, or is incomplete: {error}"
        raise BadInput(f"{problem}; name another file, or run it again") from error


def require_known_schema(path: Path, text: bytes, known: int) -> int:
    """Return the schema of a saved document, and check that this leaklab knows it.

    Raises:
        BadInput: The schema is newer than `known`.
        ValueError: The text is not a JSON object with a valid schema.
    """
    schema = msgspec.json.decode(text, type=_Versioned).schema
    if schema > known:
        raise BadInput(f"{path} has schema {schema}, newer than {known}: update leaklab")
    return schema


def find_results(results: Path, selector: str) -> list[Result]:
    """Read the results that a selector names.

    Args:
        results: The folder of sessions.
        selector: A saved file; a session's folder; or `scenario/variant[/mode]` for the newest
            saved run of that name that completed.

    Raises:
        BadInput: The selector names no result, or it cannot be read.
    """
    path = Path(selector)
    try:
        if path.is_file():
            return [read_result(path)]
        if path.is_dir():
            return _all_in(path)
        return [_newest(results, selector)]
    except OSError as error:
        problem = f"{cut(selector)} cannot be read: {error.strerror}"
        raise BadInput(f"{problem}; name another file or folder") from error


def _all_in(session: Path) -> list[Result]:
    results = [read_result(file) for file in sorted(session.glob(RESULTS))]
    if not results:
        raise BadInput(f"{session} has no saved results; name another folder")
    return judge_pairs(results)


def _newest(results: Path, selector: str) -> Result:
    wanted = selector.split("/")
    if len(wanted) in (2, 3):
        for file in _newest_first(results, wanted):
            result = read_result(file)
            if result.end_reason is EndReason.COMPLETED:
                return result
    problem = f"{cut(selector)!r} is not a saved file or folder, and {results} has no completed run"
    raise BadInput(f"{problem} of that name; {_remedy(results, selector)}")


def _remedy(results: Path, selector: str) -> str:
    """Say which saved result may be meant, or how to get one."""
    names = {n for f in results.glob(f"*/{RESULTS}") if (n := parse_name(f.name))}
    saved = {f"{n.scenario}/{n.variant}" for n in names} | {
        f"{n.scenario}/{n.variant}/{n.mode}" for n in names
    }
    close = difflib.get_close_matches(selector, sorted(saved), n=1)
    if close and close[0] != selector:
        return f"did you mean {close[0]!r}?"
    scenario, _, variant = selector.partition("/")
    if not variant:
        return f"write scenario/variant, for example {scenario}/fixed"
    return f"'leaklab run {cut(scenario)}' measures it first"


def _newest_first(results: Path, wanted: list[str]) -> Iterator[Path]:
    """Yield files of a scenario, variant and mode, newest session first, then highest repeat."""
    for session in sorted((p for p in results.glob("*") if p.is_dir()), reverse=True):
        named = ((parse_name(file.name), file) for file in session.glob(RESULTS))
        matching = [
            (name.repeat, name.copy, file)
            for name, file in named
            if name and [name.scenario, name.variant, name.mode][: len(wanted)] == wanted
        ]
        yield from (file for *_, file in sorted(matching, reverse=True))
