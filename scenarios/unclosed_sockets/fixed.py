"""Is the service up? Ask it, and keep count of what it says."""

from __future__ import annotations

from collections import Counter

import requests


class Poller:
    """Polls a URL; of the answer only the status and the headers matter, never the body."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._statuses: Counter[int] = Counter()

    def poll(self) -> bool:
        """Whether the service says it is well."""
        with self._session.get(self._url, stream=True, timeout=10) as response:
            self._statuses[response.status_code] += 1
        return response.ok

    def report(self) -> dict[int, int]:
        """How often each status code came."""
        return dict(self._statuses)
