"""The claims as a document and as text."""

from leaklab.features.quality.claims.claim import CheckedClaim, ClaimOutcome, Finding, Theme
from leaklab.reports.claims import claim_text, claims_conclusion, claims_document


def checked(name: str, outcome: ClaimOutcome, theme: Theme = Theme.INDEX) -> CheckedClaim:
    measured = [] if outcome is ClaimOutcome.NOT_MEASURED else ["first: 1 MiB", "second: 2 MiB"]
    finding = Finding(measured=measured, outcome=outcome, reason="the index is large.")
    commands = ["leaklab run word_index"] if measured else []
    text = f"The claim {name}."
    return CheckedClaim(name=name, theme=theme, text=text, finding=finding, commands=commands)


CLAIMS = [
    checked("a", ClaimOutcome.WRONG),
    checked("b", ClaimOutcome.CONDITIONAL),
    checked("c", ClaimOutcome.NOT_MEASURED, Theme.TERMINAL),
]


def test_the_conclusion_counts_and_names_what_is_wrong() -> None:
    assert claims_conclusion(CLAIMS) == (
        "Of 3 claims, 1 holds on a condition, 1 is wrong, 1 was not measured. "
        "Wrong: “The claim a”. Not measured here: “The claim c”."
    )


def test_the_document_has_a_section_for_each_theme_and_claim() -> None:
    document = claims_document(CLAIMS, "`leaklab selftest claims`, 2026-11-29")
    headings = [line for line in document.splitlines() if line.startswith("#")]
    assert headings == [
        "# The claims, measured",
        "## The terminal",
        "### The claim c",
        "## The word index",
        "### The claim a",
        "### The claim b",
    ]
    assert "| The claim a. | wrong |\n| The claim b. | holds only if |" in document
    assert "### The claim c\n\n**Not measured.** the index is large.\n\n##" in document
    figures = "Measured here:\n\n* first: 1 MiB\n* second: 2 MiB"
    command = "```\n$ leaklab run word_index\n```"
    section = f"### The claim b\n\n**Holds only if** the index is large.\n\n{figures}\n\n{command}"
    assert section in document


def test_a_long_command_is_continued_as_a_shell_reads_it() -> None:
    claim = checked("a", ClaimOutcome.WRONG)
    claim.commands[0] = f"leaklab run {'word_index ' * 12}".strip()
    document = claims_document([claim], "here")
    assert " \\\n    word_index" in document
    assert claim.commands[0] in document.replace(" \\\n   ", "")


def test_on_a_terminal_a_claim_is_a_paragraph() -> None:
    assert claim_text(CLAIMS[1], 80).splitlines() == [
        "b: The claim b.",
        "  first: 1 MiB",
        "  second: 2 MiB",
        "  'leaklab run word_index'",
        "  Holds only if the index is large.",
    ]
