"""`leaklab selftest claims`, on claims that are measured quickly."""

import json

import pytest

from process.conftest import Leaklab

pytestmark = pytest.mark.process


def test_a_claim_is_measured_and_one_that_cannot_be_says_what_to_install(
    leaklab: Leaklab,
) -> None:
    names = ("closing", "title-or-id")
    completed = leaklab("selftest", "claims", *names, "--json", PATH="/nowhere")
    assert 3 == completed.returncode
    closing, title = json.loads(completed.stdout)
    assert "not measured" == closing["finding"]["outcome"]
    assert "apt-get install xterm xvfb" in closing["finding"]["reason"]
    assert "holds only if" == title["finding"]["outcome"]
    assert "a title that exists: 8 B" in title["finding"]["measured"]
    assert title["commands"][0].startswith("python -m leaklab.")


def test_a_document_is_of_all_claims(leaklab: Leaklab) -> None:
    completed = leaklab("selftest", "claims", "virt", "--write", "claims.md")
    assert 2 == completed.returncode
    assert "--write is for all claims" in completed.stderr
