"""Polls a service, and counts the status codes of its responses."""

from __future__ import annotations

from collections import Counter

import requests


class Poller:
    """Polls a URL; only the status and the headers of a response matter, never the body."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._statuses: Counter[int] = Counter()

    def poll(self) -> bool:
        """Poll once; return whether the service reports success."""
        with self._session.get(self._url, stream=True, timeout=10) as response:
            self._statuses[response.status_code] += 1
        return response.ok

    def report(self) -> dict[int, int]:
        """Return the number of responses with each status code."""
        return dict(self._statuses)
