import errno
import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toys
from leaklab.model.errors import BadInput, NotSaved
from leaklab.model.measurement import EndReason
from leaklab.model.result import RESULT_SCHEMA, Result
from leaklab.model.scenario import Resource, Variant
from leaklab.model.signals import Signal
from leaklab.model.verdicts import Conclusion, ReasonKind
from leaklab.runs import store
from leaklab.runs.sessions import Session


def test_a_failed_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    session = Session(tmp_path)
    kept = session.save(toys.result())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotSaved, match=r"inline\.2\.json could not be saved: No space left.*--res"):
        session.save(toys.result(repeat=2))
    assert store.read_result(kept) == toys.result()
    assert [p.name for p in tmp_path.iterdir()] == ["grow-4096.buggy.inline.1.json"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".grow-4096.buggy.inline.1.json.1").write_text("of a save that was killed")
    (tmp_path / "grow-4096.buggy.inline.1.json").write_text("half")
    (tmp_path / "grow-4096.buggy.inline.1-2.json").mkdir()
    saved = store.save(tmp_path, toys.result())
    assert saved.name == "grow-4096.buggy.inline.1-3.json"
    assert store.read_result(saved) == toys.result()
    assert (tmp_path / "grow-4096.buggy.inline.1.json").read_text() == "half"
    assert len(list(tmp_path.iterdir())) == 4


DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("name", ["a.buggy.inline.1.json", "a_b.fixed.forkserver.12-3.json"])
def test_the_name_of_a_file_identifies_its_run(name: str) -> None:
    parsed = store.parse_name(name)
    assert parsed
    assert parsed.text == name


@pytest.mark.parametrize("name", ["plan.json", ".a.b.c.1.json", "a.b.c.x.json", "a.b.c.1.json.1"])
def test_other_file_names_identify_no_run(name: str) -> None:
    assert store.parse_name(name) is None


def test_a_saved_file_has_the_user_s_default_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        saved = store.save(tmp_path, toys.result())
    finally:
        os.umask(before)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o640


def save_as(results: Path, session: str, *made: Result) -> None:
    (results / session).mkdir()
    for one in made:
        name = f"{one.scenario}.{one.variant}.{one.mode}.{one.repeat}.json"
        (results / session / name).write_bytes(store.encode_result([one])[1:-1])


@pytest.mark.parametrize("selector", ["grow-4096/buggy", "grow-4096/buggy/inline"])
def test_the_newest_run_is_of_the_last_session_and_its_last_repeat(
    tmp_path: Path, selector: str
) -> None:
    save_as(tmp_path, "20260102-000000-1", toys.result(repeat=9), toys.result(repeat=11))
    save_as(tmp_path, "20260101-000000-1", toys.result(repeat=99))
    assert [11] == [r.repeat for r in store.find_results(tmp_path, selector)]


def test_a_result_saved_beside_an_incomplete_file_is_newer(tmp_path: Path) -> None:
    save_as(tmp_path, "20260101-000000-1")
    folder = tmp_path / "20260101-000000-1"
    (folder / "grow-4096.buggy.inline.1.json").write_text("half")
    (folder / "plan.json").write_text("none of the results")
    saved = store.save(folder, toys.result())
    assert store.find_results(tmp_path, "grow-4096/buggy") == [store.read_result(saved)]


def test_the_newest_run_is_a_completed_one(tmp_path: Path) -> None:
    stopped = toys.result(repeat=2, end_reason=EndReason.TIME_LIMIT)
    save_as(tmp_path, "20260101-000000-1", toys.result(), stopped)
    save_as(tmp_path, "20260102-000000-1", toys.result(repeat=3, end_reason=EndReason.DIED))
    assert [1] == [r.repeat for r in store.find_results(tmp_path, "grow-4096/buggy")]


@pytest.mark.parametrize("selector", ["grow-4096", "*/*", "grow-4096/bug", "a/b/c/d", "/"])
def test_a_selector_names_scenario_and_variant_in_full(tmp_path: Path, selector: str) -> None:
    save_as(tmp_path, "20260101-000000-1", toys.result())
    with pytest.raises(BadInput):
        store.find_results(tmp_path, selector)


def test_a_selector_too_long_for_a_path_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="File name too long"):
        store.find_results(tmp_path, "x" * 5000)


def test_the_message_on_a_selector_without_a_match_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'leaklab run grow-4096' measures it first"):
        store.find_results(tmp_path, "grow-4096/fixed")
    with pytest.raises(BadInput, match="write scenario/variant, for example grow-4096/fixed"):
        store.find_results(tmp_path, "grow-4096")


def test_the_message_on_a_selector_with_a_typing_error_names_the_nearest(tmp_path: Path) -> None:
    save_as(tmp_path, "20260101-000000-1", toys.result())
    with pytest.raises(BadInput, match="did you mean 'grow-4096/buggy'"):
        store.find_results(tmp_path, "grow-496/buggy")


def test_a_result_of_schema_5_has_the_present_kinds_of_reasons(tmp_path: Path) -> None:
    record = msgspec.json.decode(store.encode_result([toys.result()]))[0]
    old = [{"kind": "not-in-all"}, {"kind": "would-escape", "rate": 2.0}, {"kind": "level"}]
    record["verdict"]["reasons"] = old
    path = tmp_path / "old.json"
    path.write_bytes(msgspec.json.encode({**record, "schema": 5}))
    kinds = [reason.kind for reason in store.read_result(path).verdict.reasons]
    assert [ReasonKind.NOT_IN_TOTAL, ReasonKind.DETECTION_LIMIT, ReasonKind.LEVEL] == kinds


def test_a_newer_schema_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_text('{"schema": 99}')
    with pytest.raises(BadInput, match=r"new\.json has schema 99.*update leaklab"):
        store.read_result(path)


def test_an_incomplete_result_is_named(tmp_path: Path) -> None:
    path = tmp_path / "half.json"
    path.write_bytes(store.encode_result([toys.result()])[1:500])
    with pytest.raises(BadInput, match=r"half\.json is not a saved result, or is incomplete"):
        store.read_result(path)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=9),
        lambda inner: st.dictionaries(st.text(max_size=9), inner, max_size=4),
    ).map(msgspec.json.encode)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_garbage_is_refused_in_one_clear_error(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "garbage.json"
    path.write_bytes(garbage)
    with pytest.raises(BadInput, match=r"garbage\.json"):
        store.read_result(path)


def test_a_result_of_an_older_leaklab_is_read() -> None:
    # Saved by the last leaklab that wrote schema 3.
    result = store.read_result(DATA / "result-of-schema-3.json")
    assert result.verdict.conclusion is Conclusion.UNDECIDED
    assert result.verdict.others[Resource.DESCRIPTORS] is Conclusion.UNDECIDED
    by_signal = {estimate.signal: estimate for estimate in result.verdict.estimates}
    assert by_signal[Signal.THREADS].conclusion is Conclusion.CLEAN
    assert "raise --units" in result.verdict.reasons[0].text
    assert RESULT_SCHEMA == result.schema
    assert all(p.verdict and p.verdict.estimates[0].reason.text for p in result.processes)


@pytest.mark.parametrize("variant", [Variant.BUGGY, Variant.FIXED])
def test_a_result_of_schema_2_is_read(tmp_path: Path, variant: Variant) -> None:
    record = msgspec.json.decode((DATA / "result-of-schema-3.json").read_bytes())
    for new in "expected_leak scope budget_seconds tree tree_peak_pss_anon_bytes".split():
        del record[new]
    path = tmp_path / "old.json"
    growth = "unbounded" if variant is Variant.BUGGY else "none"
    old = {**record, "schema": 2, "variant": variant, "expected_growth": growth}
    path.write_bytes(msgspec.json.encode(old))
    assert store.read_result(path).is_known_to_leak is (variant is Variant.BUGGY)


def test_an_upgraded_result_that_is_saved_again_is_read(tmp_path: Path) -> None:
    result = store.read_result(DATA / "result-of-schema-3.json")
    assert result == store.read_result(store.save(tmp_path, result))


def test_refusals_of_older_results_are_only_those_without_a_field(tmp_path: Path) -> None:
    record = msgspec.json.decode((DATA / "result-of-schema-3.json").read_bytes())
    record["controls"]["refused"] = ["aslr_off", "memory cgroup: none is delegated here"]
    path = tmp_path / "old.json"
    path.write_bytes(msgspec.json.encode(record))
    assert ["memory cgroup: none is delegated here"] == store.read_result(path).controls.refused
