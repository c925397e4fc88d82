"""The limit of a process: the lowest of its control groups, else the machine's memory."""

from pathlib import Path

import pytest

from leaklab.features.watch.memory_limit import CGROUP, MACHINE, memory_limit

MACHINE_BYTES = 1000
V2 = "24 1 0:22 / MOUNT rw - cgroup2 cgroup2 rw"
V1 = "24 1 0:22 / MOUNT rw - cgroup cgroup rw,memory"


def limit_in(tmp_path: Path, mounted: str, group: str, files: dict[str, str]) -> tuple[int, str]:
    """Return the limit of a process in `group`, where the groups have these files."""
    mount = tmp_path / "mount"
    for name, text in files.items():
        (mount / name).parent.mkdir(parents=True, exist_ok=True)
        (mount / name).write_text(text)
    for folder in ("self", "7"):
        (tmp_path / "proc" / folder).mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(group)
    (tmp_path / "proc" / "self" / "mountinfo").write_text(mounted.replace("MOUNT", str(mount)))
    limit = memory_limit(7, MACHINE_BYTES, tmp_path / "proc")
    return limit.memory_bytes, limit.source


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a/b/memory.max": "300\n"}, (300, CGROUP)),
        ({"a/b/memory.max": "max\n", "a/memory.max": "400\n"}, (400, CGROUP)),
        ({"a/b/memory.max": "300\n", "a/memory.max": "200\n"}, (200, CGROUP)),
        ({"a/b/memory.max": "2000\n"}, (MACHINE_BYTES, MACHINE)),
        ({"c/memory.max": "100\n"}, (MACHINE_BYTES, MACHINE)),
    ],
)
def test_the_lowest_limit_from_the_group_to_the_root_applies(
    tmp_path: Path, files: dict[str, str], expected: tuple[int, str]
) -> None:
    assert expected == limit_in(tmp_path, V2, "0::/a/b\n", files)


def test_version_1_has_a_hierarchy_for_memory(tmp_path: Path) -> None:
    files = {"a/memory.limit_in_bytes": "300\n", "b/memory.limit_in_bytes": "100\n"}
    groups = "5:pids:/b\n4:memory:/a\n0::/b\n"
    assert (300, CGROUP) == limit_in(tmp_path, V1, groups, files)


def test_a_mount_of_a_part_of_the_hierarchy_is_read_from_its_root(tmp_path: Path) -> None:
    mounted = V2.replace(" / ", " /a ", 1)
    assert (300, CGROUP) == limit_in(tmp_path, mounted, "0::/a/b\n", {"b/memory.max": "300\n"})


@pytest.mark.parametrize("blank", [" ", "\t", "\\"])
def test_a_mount_may_have_blanks_in_its_path(tmp_path: Path, blank: str) -> None:
    mount = str(tmp_path / f"a{blank}b" / "mount")
    escaped = mount.replace(blank, f"\\{ord(blank):03o}")
    mounted = V2.replace("MOUNT", escaped)
    place = tmp_path / f"a{blank}b"
    assert (300, CGROUP) == limit_in(place, mounted, "0::/a\n", {"a/memory.max": "300\n"})


@pytest.mark.parametrize("group", ["0::/other\n", "0::/../b\n", ""])
def test_a_group_that_is_not_mounted_has_no_visible_limit(tmp_path: Path, group: str) -> None:
    mounted = V2.replace(" / ", " /a ", 1)
    files = {"b/memory.max": "300\n"}
    assert (MACHINE_BYTES, MACHINE) == limit_in(tmp_path, mounted, group, files)
