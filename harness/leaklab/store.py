"""Saved results: one JSON file a run, written atomically as the run ends.

    results/20261121-074226-1234/word_index.buggy.inline.1.json

A session's folder is named by its start (UTC) and the harness's pid. Nothing is ever overwritten.
"""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from leaklab.errors import BadInput, NotMeasured
from leaklab.record import SCHEMA, Result


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
            NotMeasured: it could not be written; what was saved before is untouched.
        """
        name = f"{result.scenario}.{result.variant}.{result.mode}.{result.repeat}.json"
        target = self.folder / name
        try:
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as file:
                file.write(msgspec.json.format(encode([result])[1:-1], indent=1))
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(target)
        except OSError as error:
            raise NotMeasured(f"{target} could not be saved: {error.strerror}") from error
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
            newest saved run of it.

    Raises:
        BadInput: nothing is there.
    """
    path = Path(selector)
    if path.is_file():
        return [read(path)]
    if path.is_dir():
        found = [read(file) for file in sorted(path.glob("*.json"))]
        if not found:
            raise BadInput(f"{path} holds no saved results")
        return found
    newest = next(_newest_first(results, selector), None)
    if newest is None:
        raise BadInput(
            f"{selector!r} is no saved file or folder, and nothing like it is saved in {results}; "
            "write scenario/variant, or run it first"
        )
    return [read(newest)]


def _newest_first(results: Path, selector: str) -> Iterator[Path]:
    stem = selector.replace("/", ".")
    sessions = sorted((p for p in results.glob("*") if p.is_dir()), reverse=True)
    for session in sessions:
        yield from sorted(session.glob(f"{stem}.*.json"), reverse=True)
