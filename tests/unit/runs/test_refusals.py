"""Whatever stands in a file that people may edit, or on a pipe that programs may write to: it is
read, or refused with one line that names the file and a remedy."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toys
from leaklab import reports
from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.scenario_file import read_scenario
from leaklab.model.errors import BadInput
from leaklab.model.job import Job, Limits
from leaklab.model.result import Result
from leaklab.model.scenario import Scenario
from leaklab.reports.runs import Detail, runs
from leaklab.runs import resume, store
from leaklab.runs.sessions import PLAN, PLAN_SCHEMA, Plan, plan_of
from leaklab.sandbox import protocol

# The same examples on every machine, at any load.
FIXED = settings(derandomize=True, database=None, deadline=None, max_examples=60)
LIMITS = Limits(memory_bytes=300 << 20, time_seconds=20)
REMEDY = re.compile(
    r"[;:,] (fix|say|give|name|remove|write|save|update|run|allowed:|did you mean|at least)"
)

whole = st.integers(-5, 5) | st.sampled_from([99, 2**31, 2**63, 2**64, 10**30, -(10**30)])
leaves = (
    st.none()
    | st.booleans()
    | whole
    | st.floats(allow_nan=False)
    | st.text("aé\n\0\x1b'\"[", max_size=3)
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab\n.", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a document: its container, and its key or index there."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(inner):
        yield tree, key
        if isinstance(value, dict | list):
            yield from places(value)


@st.composite
def mutated(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """A valid document with one or two values dropped, replaced or added."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 2))):
        holder, key = draw(st.sampled_from(list(places(changed)) or [(changed, "a")]))
        change = draw(st.sampled_from(["drop", "replace", "replace", "add"]))
        if change == "drop":
            holder.pop(key, None) if isinstance(holder, dict) else holder.pop(key)
        elif change == "add" and isinstance(holder, dict):
            holder[draw(st.text("ab_", max_size=3))] = draw(trees)
        else:
            holder[key] = draw(trees)
    return changed


def toml_of(value: Any) -> str:
    """Return a value as TOML; keys with None are left out, because TOML has no null."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k)} = {toml_of(v)}" for k, v in value.items() if v is not None)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_of(v) for v in value if v is not None) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


def refused_or(read: Callable[[], Any], path: Path) -> Any:
    """Return the parsed value, or None if it was refused with one line."""
    try:
        return read()
    except BadInput as error:
        line = str(error)
        assert str(path) in line
        assert line.isprintable(), "it is not one line"
        assert REMEDY.search(line.removeprefix(str(path))), "it names no remedy"
        return None


SCENARIO = msgspec.to_builtins(toys.scenario(options={"size": 1, "share": 0.5, "text": "a"}))
RESULT = msgspec.to_builtins(toys.result(toys.scenario(units=12)))
PLANNED = msgspec.to_builtins(plan_of([toys.job(options={"a": 1})], LIMITS, Path("/root/of/toys")))
MESSAGES = [
    {"kind": "controls", "aslr_off": True, "huge_pages_off": True, "confined": True, "refused": []},
    {"kind": "baseline", "process": 0, "pid": 7, "rss_bytes": 1, "high_water_reset": True},
    {"kind": "finished", "units": 3, "after_collect": {"rss_bytes": 1}},
    {"kind": "died", "process": 2, "exitcode": -9},
]


class Toys(Catalogue):
    """A catalogue of one toy."""

    def names(self) -> list[str]:
        return ["grow-4096"]

    def load(self, name: str) -> Scenario:
        return toys.scenario(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@given(changed=mutated({k: v for k, v in SCENARIO.items() if k != "name"}))
@settings(FIXED, max_examples=100)
def test_a_scenario_that_is_not_refused_can_be_planned_and_the_plan_be_read(
    folder: Path, changed: dict[str, Any]
) -> None:
    path = folder / "scenario.toml"
    lines = (f"{json.dumps(k)} = {toml_of(v)}\n" for k, v in changed.items() if v is not None)
    path.write_text("".join(lines), encoding="utf-8")
    scenario = refused_or(lambda: read_scenario(folder), path)
    for variant in scenario.variants if scenario else ():
        options = scenario.options
        job = Job(
            scenario=scenario,
            variant=variant,
            mode=scenario.modes[0],
            units=scenario.units,
            seed=1,
            options=options,
        )
        planned = plan_of([job], LIMITS, folder)
        (folder / PLAN).write_bytes(msgspec.json.encode(planned))
        assert planned == resume.read_plan(folder)


@given(st.binary(max_size=60) | st.text("[]{}=.\"'\n-:#ab019_e", max_size=60).map(str.encode))
@settings(FIXED)
def test_bytes_that_are_not_a_scenario_are_refused(folder: Path, garbage: bytes) -> None:
    (folder / "scenario.toml").write_bytes(garbage)
    assert refused_or(lambda: read_scenario(folder), folder / "scenario.toml") is None


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000, "-" + "9" * 30, "9" * 30])
@pytest.mark.parametrize("key", ["schema", "units", "level", "options.size"])
def test_a_number_that_is_too_large_is_refused(folder: Path, key: str, number: str) -> None:
    known = [line for line in toys.TOML.splitlines() if not line.startswith(key)]
    text = "\n".join([*known, f"{key} = {number}", toys.PAIR])
    (folder / "scenario.toml").write_text(text)
    assert refused_or(lambda: read_scenario(folder), folder / "scenario.toml") is None


@given(changed=mutated(RESULT))
@settings(FIXED, max_examples=60)
def test_a_saved_result_that_is_not_refused_can_be_shown(
    folder: Path, changed: dict[str, Any]
) -> None:
    path = folder / "result.json"
    path.write_text(json.dumps(changed))
    result: Result | None = refused_or(lambda: store.read_result(path), path)
    if result:
        assert reports.plain(runs([result], Detail.PROCESSES))


@given(changed=mutated(PLANNED))
@settings(FIXED, max_examples=60)
def test_an_accepted_plan_gives_jobs_or_names_what_is_missing(
    folder: Path, changed: dict[str, Any]
) -> None:
    (folder / PLAN).write_text(json.dumps(changed))
    plan: Plan | None = refused_or(lambda: resume.read_plan(folder), folder / PLAN)
    try:
        jobs = resume.jobs_of_plan(plan, Toys(folder)) if plan else []
    except BadInput as error:
        assert re.search("no longer has .* as planned; put it back", str(error))  # noqa: PT017
    else:
        assert len(jobs) == (len(plan.runs) if plan else 0)


@given(changed=mutated(RESULT))
@settings(FIXED, max_examples=60)
def test_a_changed_result_is_counted_or_named_when_a_session_is_resumed(
    folder: Path, changed: dict[str, Any]
) -> None:
    session = folder / "session"
    session.mkdir(exist_ok=True)
    plan = plan_of([toys.job(toys.scenario(units=12))], LIMITS, folder)
    path = session / "grow-4096.buggy.inline.1.json"
    path.write_text(json.dumps(changed))
    reopened, strange = resume.reopen(session, plan)
    with reopened:
        assert len(reopened.made) + len(strange) == 1
    assert all(line.isprintable() and str(path) in line for line in strange)


@given(st.binary(max_size=60) | trees.map(lambda tree: json.dumps(tree).encode()))
@settings(FIXED)
def test_a_document_that_is_neither_plan_nor_result_is_refused_as_both(
    folder: Path, garbage: bytes
) -> None:
    path = folder / PLAN
    path.write_bytes(garbage)
    assert refused_or(lambda: resume.read_plan(folder), path) is None
    assert refused_or(lambda: store.read_result(path), path) is None


@pytest.mark.parametrize("schema", [None, 0, -1, 10**30, 99, 99.0, 1.5, "2", True, [2]])
def test_a_document_with_an_unknown_schema_is_refused(folder: Path, schema: object) -> None:
    for document, path in ((PLANNED, folder / PLAN), (RESULT, folder / "result.json")):
        path.write_text(json.dumps({**document, "schema": schema}))
    assert refused_or(lambda: resume.read_plan(folder), folder / PLAN) is None
    assert (
        refused_or(lambda: store.read_result(folder / "result.json"), folder / "result.json")
        is None
    )


def test_a_document_without_a_schema_is_refused(folder: Path) -> None:
    (folder / PLAN).write_text(json.dumps({k: v for k, v in PLANNED.items() if k != "schema"}))
    assert refused_or(lambda: resume.read_plan(folder), folder / PLAN) is None
    (folder / PLAN).write_text(json.dumps({**PLANNED, "schema": PLAN_SCHEMA}))
    assert resume.read_plan(folder)


@given(changed=st.sampled_from(MESSAGES).flatmap(mutated))
@settings(FIXED, max_examples=60)
def test_only_complete_messages_on_the_pipe_are_read(changed: dict[str, Any]) -> None:
    message = protocol.parse_message(repr(changed).encode())
    if message is not None:
        fields = msgspec.to_builtins(message)
        plain = {k: v for k, v in changed.items() if isinstance(v, int | str) and k in fields}
        assert plain == {k: fields[k] for k in plain}
        assert plain["kind"] in {message["kind"] for message in MESSAGES}


@given(st.binary(max_size=60) | st.text("{}[]()'\":,.-+\\ abf019\n", max_size=60).map(str.encode))
@settings(FIXED)
def test_noise_on_the_pipe_is_ignored(noise: bytes) -> None:
    assert protocol.parse_message(noise) is None
