"""leaklab beside other tools, as a smoke run: installed tools are measured, others are named."""

import json
from pathlib import Path

import pytest

from leaklab.features.tools.registry import TOOLS
from process.conftest import Leaklab, one_line

pytestmark = pytest.mark.process


def test_each_tool_has_figures_or_an_install_hint(leaklab: Leaklab, place: Path) -> None:
    document = place / "performance.md"
    document.write_text("# Title\n")
    tools = ["tracemalloc", "psleak", "RSS"]
    arguments = [word for tool in tools for word in ("--tool", tool)]
    options = ["unclosed_sockets", "--quick", "--json", "--write", str(document)]
    result = leaklab("selftest", "tools", *options, *arguments)
    assert (0, "") == (result.returncode, result.stderr)
    outcome = json.loads(result.stdout)
    traced, called = outcome["costs"]
    assert traced["work"]["median"] > 1
    remedy = TOOLS["psleak"].needs.remedy
    assert (remedy, bool(remedy)) == (called["trouble"], called["work"] is None)
    (spike,) = outcome["spikes"]
    assert [True] == [abs(error) < 3_000_000 for error in spike["errors_bytes"]]
    assert ["psleak", "RSS + 1 MiB"] == [tally["rule"] for tally in outcome["tallies"]]
    assert "| tracemalloc | 100 |" in document.read_text()


def test_an_unknown_tool_is_bad_input(leaklab: Leaklab) -> None:
    result = leaklab("selftest", "tools", "--tool", "heapy")
    assert 2 == result.returncode
    assert "there is no tool 'heapy'; name one of: bare, leaklab" in one_line(result)
