"""Polls a service, and counts the status codes of its responses."""

from __future__ import annotations

from collections import Counter

import requests


class Poller:
    """Polls a URL; only the status and the headers of a response matter, never the body."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._responses: list[requests.Response] = []

    def poll(self) -> bool:
        """Poll once; return whether the service reports success."""
        response = self._session.get(self._url, stream=True, timeout=10)
        self._responses.append(response)
        return response.ok

    def report(self) -> dict[int, int]:
        """Return the number of responses with each status code."""
        return dict(Counter(response.status_code for response in self._responses))
