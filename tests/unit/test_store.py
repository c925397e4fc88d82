from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toys
from leaklab import store
from leaklab.errors import BadInput, NotMeasured


def test_a_folder_that_cannot_be_made_is_known_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where a folder should be")
    with pytest.raises(NotMeasured, match=r"cannot be saved in .*--results"):
        store.Session(tmp_path / "results")


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    session = store.Session(tmp_path)
    kept = session.save(toys.result())
    (session.folder / "grow-4096.buggy.inline.2.json").mkdir()
    with pytest.raises(NotMeasured, match="could not be saved"):
        session.save(toys.result(repeat=2))
    assert store.read(kept) == toys.result()


def test_the_newest_run_of_a_variant_is_found_by_its_name(tmp_path: Path) -> None:
    for number, folder in enumerate(["20260101-000000-1", "20260102-000000-1"]):
        session = store.Session(tmp_path)
        saved = session.save(toys.result(seed=number))
        (tmp_path / folder).mkdir()
        saved.rename(tmp_path / folder / saved.name)
        session.folder.rmdir()
    assert [1] == [r.seed for r in store.find(tmp_path, "grow-4096/buggy")]
    assert [1] == [r.seed for r in store.find(tmp_path, "grow-4096/buggy/inline")]


def test_a_selector_that_finds_nothing_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="write scenario/variant"):
        store.find(tmp_path, "grow-4096/fixed")


def test_a_newer_schema_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_text('{"schema": 99}')
    with pytest.raises(BadInput, match=r"new\.json has schema 99.*update leaklab"):
        store.read(path)


def test_half_a_result_is_named(tmp_path: Path) -> None:
    path = tmp_path / "half.json"
    path.write_bytes(store.encode([toys.result()])[1:500])
    with pytest.raises(BadInput, match=r"half\.json is no saved result, or only half"):
        store.read(path)


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=9),
        lambda inner: st.dictionaries(st.text(max_size=9), inner, max_size=4),
    ).map(msgspec.json.encode)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_garbage_is_refused_in_one_clear_error(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "garbage.json"
    path.write_bytes(garbage)
    with pytest.raises(BadInput, match=r"garbage\.json"):
        store.read(path)
