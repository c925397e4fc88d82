"""Saved results: one JSON file a run, written atomically as the run ends.

    results/20261121-074226-1234/word_index.buggy.inline.1.json

A session's folder is named by its start (UTC) and the harness's pid. Nothing is ever overwritten.
"""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from leaklab.errors import BadInput, NotMeasured, NotSaved
from leaklab.record import SCHEMA, Ended, Result
from leaklab.units import cut


class Session:
    """The folder into which one `leaklab run` saves."""

    def __init__(self, results: Path) -> None:
        """Make the folder now, so that a place that cannot be written is known before any work.

        Raises:
            NotMeasured: it cannot be made.
        """
        started = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        self.folder = results / f"{started}-{os.getpid()}"
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise NotMeasured(
                f"results cannot be saved in {results}: {error.strerror}; name another --results"
            ) from error

    def save(self, result: Result) -> Path:
        """Save one result, all of it or nothing.

        Raises:
            NotSaved: it could not be written; what was saved before is untouched.
        """
        name = f"{result.scenario}.{result.variant}.{result.mode}.{result.repeat}.json"
        target = self.folder / name
        half = self.folder / f".{name}"
        try:
            with half.open("xb") as file:
                file.write(msgspec.json.format(encode([result])[1:-1], indent=1))
                file.flush()
                os.fsync(file.fileno())
            half.replace(target)
        except OSError as error:
            words = f"{target} could not be saved: {error.strerror}; make room, or name another"
            raise NotSaved(f"{words} --results") from error
        finally:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
        return target


def encode(results: list[Result]) -> bytes:
    """Results as a JSON list."""
    return msgspec.json.encode(results)


def read(path: Path) -> Result:
    """Read one saved result.

    Raises:
        BadInput: it is missing, no JSON, cut short, of a newer schema, or not a result at all.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    try:
        schema = msgspec.json.decode(text, type=dict).get("schema")
        if isinstance(schema, int) and schema > SCHEMA:
            raise BadInput(f"{path} has schema {schema}, newer than {SCHEMA}: update leaklab")
        return msgspec.json.decode(text, type=Result)
    except msgspec.MsgspecError as error:
        raise BadInput(f"{path} is no saved result, or only half of one: {error}") from error


def find(results: Path, selector: str) -> list[Result]:
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
            return [read(path)]
        if path.is_dir():
            return _all_in(path)
        return [_newest(results, selector)]
    except OSError as error:
        raise BadInput(f"{cut(selector)} cannot be read: {error.strerror}") from error


def _all_in(session: Path) -> list[Result]:
    found = [read(file) for file in sorted(session.glob("*.json"))]
    if not found:
        raise BadInput(f"{session} holds no saved results")
    return found


def _newest(results: Path, selector: str) -> Result:
    wanted = selector.split("/")
    if len(wanted) in (2, 3):
        for file in _newest_first(results, wanted):
            result = read(file)
            if result.ended is Ended.COMPLETED:
                return result
    raise BadInput(
        f"{cut(selector)!r} is no saved file or folder, and no completed run of that name is saved "
        f"in {results}; write scenario/variant, or run it first"
    )


def _newest_first(results: Path, wanted: list[str]) -> Iterator[Path]:
    """Files of that scenario, variant and mode; the session's start decides, then the repeat."""
    for session in sorted((p for p in results.glob("*") if p.is_dir()), reverse=True):
        named = ((file.name.split("."), file) for file in session.glob("[!.]*.json"))
        found = [
            (int(repeat), file)
            for (*name, repeat, _), file in named
            if repeat.isdecimal() and name[: len(wanted)] == wanted
        ]
        yield from (file for _, file in sorted(found, reverse=True))
