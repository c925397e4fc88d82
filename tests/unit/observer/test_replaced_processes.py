"""The processes of a run that come and go: which of them count, and what is kept of them."""

from typing import cast

from leaklab.model.signals import Reading
from leaklab.observer.probes.protocol import Descent, Probes
from leaklab.observer.replaced_processes import MAX_LIVES, ReplacedProcesses

SUPERVISOR = 10


class FamilyProbes:
    """Children of process 10: even pids are forks, odd ones executed a program."""

    def command_line(self, pid: int) -> str:
        return f"server {pid}"

    def descent(self, pid: int) -> Descent:
        return Descent(SUPERVISOR, 7 if pid % 2 == 0 else pid)


def add(replaced: ReplacedProcesses, units: int, **held_bytes: int) -> None:
    readings = {
        int(pid.lstrip("p")): Reading(rss_bytes=held + 5, shared_bytes=5)
        for pid, held in held_bytes.items()
    }
    replaced.add(units, readings, cast("Probes", FamilyProbes()))


def test_a_process_that_is_gone_has_a_life_and_one_that_lives_has_none() -> None:
    replaced = ReplacedProcesses()
    add(replaced, 1, p10=100, p12=20)
    add(replaced, 2, p10=100, p12=30)
    assert replaced.lives() == []
    add(replaced, 3, p10=100, p14=20)
    (life,) = replaced.lives()
    assert ("server 12", True, ([1, 2], [20, 30])) == (life.command, life.forked, life.rows)


def test_a_zombie_has_ended() -> None:
    replaced = ReplacedProcesses()
    add(replaced, 1, p12=20)
    add(replaced, 2, p12=0)
    assert [([1], [20])] == [life.rows for life in replaced.lives()]


def test_a_process_that_executed_a_program_is_not_forked() -> None:
    replaced = ReplacedProcesses()
    add(replaced, 1, p13=20)
    add(replaced, 2)
    assert [False] == [life.forked for life in replaced.lives()]


def test_the_last_lives_are_kept() -> None:
    replaced = ReplacedProcesses()
    for pid in range(100, 100 + MAX_LIVES + 2):
        add(replaced, pid, **{f"p{pid}": 20})
    lives = replaced.lives()
    assert (MAX_LIVES, "server 101") == (len(lives), lives[0].command)
