"""The environment of a measured process."""

from pathlib import Path

import pytest

from leaklab.sandbox.launch import MAX_SOCKET_PATH, SOCKET, fixed_environment

FOLDER = Path("/tmp/leaklab-12345678/run-00")  # noqa: S108  (a name only)


def test_only_path_is_inherited_from_the_caller() -> None:
    ours = {"PYTHONHASHSEED", "PYTHONPYCACHEPREFIX", "GLIBC_TUNABLES", "LC_ALL"}
    environment = fixed_environment(FOLDER, FOLDER / "bytecode")
    assert {"PATH", "HOME", "TMPDIR"} | ours == set(environment)


def test_temporary_files_are_in_the_scratch_folder() -> None:
    assert str(FOLDER / "tmp") == fixed_environment(FOLDER, FOLDER)["TMPDIR"]


def test_a_temporary_folder_too_deep_for_a_socket_is_not_named() -> None:
    room = MAX_SOCKET_PATH - len("/") - len("tmp") - len(SOCKET)
    just, deeper = (Path("/" + "x" * (length - 1)) for length in (room, room + 1))
    assert "TMPDIR" in fixed_environment(just, just)
    assert "TMPDIR" not in fixed_environment(deeper, deeper)


def test_a_longer_path_of_the_caller_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = set()
    for path in ("/bin", "/usr/local/bin:/usr/bin:/bin"):
        monkeypatch.setenv("PATH", path)
        lengths.add(len(fixed_environment(FOLDER, FOLDER)["PATH"]))
    assert 1 == len(lengths)
