"""Who may read which folder, and an audit trail of the changes.

The database has the complete trail. The one in memory is for the page of the latest changes.
"""

from __future__ import annotations

import time
from collections import deque
from itertools import islice

MAX_SHOWN = 1_000

TRAIL: deque[Entry] = deque(maxlen=MAX_SHOWN)


class Entry:
    """One change: when, by whom, and what."""

    __slots__ = ("action", "actor", "at", "folder", "user")

    def __init__(self, actor: str, action: str, user: str, folder: str) -> None:
        self.at = time.time()
        self.actor = actor
        self.action = action
        self.user = user
        self.folder = folder


class Permissions:
    """The users that may read each folder."""

    def __init__(self) -> None:
        self._readers: dict[str, set[str]] = {}

    def grant(self, actor: str, user: str, folder: str) -> None:
        """Let a user read a folder."""
        self._readers.setdefault(folder, set()).add(user)
        record(Entry(actor, "granted", user, folder))

    def revoke(self, actor: str, user: str, folder: str) -> None:
        """Let a user read a folder no longer."""
        self._readers.get(folder, set()).discard(user)
        record(Entry(actor, "revoked", user, folder))

    def may_read(self, user: str, folder: str) -> bool:
        """Return whether a user may read a folder."""
        return user in self._readers.get(folder, ())


def record(entry: Entry) -> None:
    """Add a change to the trail."""
    TRAIL.append(entry)


def latest(count: int) -> list[str]:
    """Return the latest changes, at most MAX_SHOWN, the newest first."""
    entries = islice(reversed(TRAIL), min(count, MAX_SHOWN))
    return [f"{e.actor} {e.action} {e.user}: {e.folder}" for e in entries]
