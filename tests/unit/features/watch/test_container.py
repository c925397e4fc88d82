"""The memory of a process's control group, in both versions."""

from pathlib import Path

import pytest

from leaklab.features.watch.container import ContainerReading, container_growth, container_reading

V2 = "24 1 0:22 / MOUNT rw - cgroup2 cgroup2 rw"
V1 = "24 1 0:22 / MOUNT rw - cgroup cgroup rw,memory"
STAT_V2 = "anon 100\nfile 70\nkernel 5\nshmem 20\nfile_mapped 3\n"
STAT_V1 = "cache 1\nrss 2\nshmem 3\ntotal_cache 70\ntotal_rss 100\ntotal_shmem 20\n"
EXPECTED = ContainerReading(anon_bytes=100, file_bytes=50, shmem_bytes=20)


def reading_in(tmp_path: Path, mounted: str, stat: str, group: str = "a/b") -> object:
    """Return the reading for a process in the group a/b, where `group` has this memory.stat."""
    mount = tmp_path / "mount"
    (mount / group).mkdir(parents=True)
    (mount / group / "memory.stat").write_text(stat)
    for folder in ("self", "7"):
        (tmp_path / "proc" / folder).mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text("4:memory:/a/b\n0::/a/b\n")
    (tmp_path / "proc" / "self" / "mountinfo").write_text(mounted.replace("MOUNT", str(mount)))
    return container_reading(7, tmp_path / "proc")


@pytest.mark.parametrize(("mounted", "stat"), [(V2, STAT_V2), (V1, STAT_V1)])
def test_anonymous_memory_cache_and_tmpfs_are_counted_separately(
    tmp_path: Path, mounted: str, stat: str
) -> None:
    assert EXPECTED == reading_in(tmp_path, mounted, stat)


def test_a_group_that_does_not_count_memory_has_no_figures(tmp_path: Path) -> None:
    assert reading_in(tmp_path, V2, STAT_V2, group="a") is None


def test_a_process_that_has_ended_has_no_group(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mountinfo").write_text(V2)
    assert container_reading(7, tmp_path) is None


def test_growth_is_from_the_first_reading_to_the_last() -> None:
    before = ContainerReading(anon_bytes=90, file_bytes=60, shmem_bytes=0)
    assert container_growth(before, EXPECTED) == ContainerReading(
        anon_bytes=10, file_bytes=-10, shmem_bytes=20
    )
