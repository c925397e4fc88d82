"""A folder is removed, or its name can be used again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from leaklab.sandbox.removal import remove_tree


def test_a_folder_of_any_depth_is_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    remove_tree(top)
    assert not top.exists()


def test_a_folder_without_rights_is_removed(tmp_path: Path) -> None:
    (tmp_path / "top" / "locked" / "below").mkdir(parents=True)
    (tmp_path / "top" / "locked").chmod(0)
    remove_tree(tmp_path / "top")
    assert not (tmp_path / "top").exists()


def test_what_cannot_be_removed_is_moved_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: None)
    (tmp_path / "top").mkdir()
    remove_tree(tmp_path / "top")
    assert ["top-left-1"] == [path.name for path in tmp_path.iterdir()]
