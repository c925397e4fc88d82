"""A monitor polls the status page of a local service; a unit is one request."""

from __future__ import annotations

from collections.abc import Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """Poll, again and again."""
    poller = program.Poller(f"{lab.services['http']}/status")
    while True:
        if not poller.poll():
            raise RuntimeError(f"the status page of {lab.services['http']} reports an error")
        yield


def check(program: Any, lab: Lab) -> None:
    """Poll a page that exists and one that does not, and compare the reports."""
    for page, ok, status in (("/status", True, 200), ("/no-such-page", False, 404)):
        poller = program.Poller(f"{lab.services['http']}{page}")
        assert poller.report() == {}, "a new poller reports requests it did not make"
        for count in range(1, 4):
            assert poller.poll() is ok, f"poll() of a page with status {status} is not {ok}"
            report = poller.report()
            assert report == {status: count}, (
                f"after {count} requests the report is {report}, expected {{{status}: {count}}}"
            )
