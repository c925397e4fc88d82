"""Administrators change who may read what; a unit is one change.

There are 40 users and 25 folders, so the permissions themselves stop growing.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab

USERS = 40
FOLDERS = 25
ADMINISTRATORS = 4


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Make change after change."""
    permissions = program.Permissions()
    random = Random(lab.seed)
    while True:
        change(permissions, random)
        yield


def change(permissions: Any, random: Random) -> tuple[str, str, str, str]:
    """Grant or revoke a permission; return who did what to whom, and where."""
    actor = f"administrator-{random.randrange(ADMINISTRATORS)}"
    user = f"user-{random.randrange(USERS):03}@example.org"
    folder = f"/projects/{random.randrange(FOLDERS):03}"
    if random.random() < 0.5:
        permissions.grant(actor, user, folder)
        return actor, "granted", user, folder
    permissions.revoke(actor, user, folder)
    return actor, "revoked", user, folder


def check(program: Any, lab: Lab) -> None:
    """The permissions follow the changes, and the latest changes are shown, newest first."""
    random = Random(lab.seed)
    permissions = program.Permissions()
    granted: dict[tuple[str, str], bool] = {}
    lines: list[str] = []
    for number in range(1, 20 * lab.units + 1):
        actor, action, user, folder = change(permissions, random)
        granted[user, folder] = action == "granted"
        lines.insert(0, f"{actor} {action} {user}: {folder}")
        for count in {1, 10, number} - {0}:
            shown = program.latest(count)
            expected = lines[: min(count, 1000)]
            assert shown[: len(expected)] == expected, f"latest({count}) gave {shown[:3]} …"
            assert len(shown) <= 1000, f"latest({count}) gave {len(shown)} changes"
    for (user, folder), expected_access in granted.items():
        access = permissions.may_read(user, folder)
        assert access is expected_access, f"may_read({user!r}, {folder!r}) is {access}"
