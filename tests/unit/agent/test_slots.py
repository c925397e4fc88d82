import os

from leaklab.agent.leaklab_agent.slots import int64_slots


def test_slots_begin_at_zero_and_hold_64_bits() -> None:
    slots = int64_slots(2)
    slots[1] = -(2**63)
    assert [0, -(2**63)] == list(slots)


def test_a_forked_child_does_not_write_to_its_parent_s_slots() -> None:
    slots = int64_slots(1)
    slots[0] = 7
    if (child := os.fork()) == 0:
        slots[0] = 8
        os._exit(slots[0])
    _, status = os.waitpid(child, 0)
    assert (8, 7) == (os.waitstatus_to_exitcode(status), slots[0])
