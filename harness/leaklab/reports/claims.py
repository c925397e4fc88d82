"""The claims of the teaching tables: the text for a terminal, and the document."""

import textwrap
from collections.abc import Iterator, Sequence

from leaklab.features.quality.claims.claim import CheckedClaim, ClaimOutcome, Finding, Theme
from leaklab.model.text import counted
from leaklab.reports.table import Table, markdown
from leaklab.reports.wrapping import wrapped

TITLE = "The claims, measured"
INTRODUCTION = """\
Tables of figures about memory are handed on from course to course. This page sets their claims
beside what leaklab measures, with the commands that give the figures. A claimed figure counts as
right if the measured one is within a factor of two. Figures depend on the machine, and the
judgements are made from the figures of this page by a rule for each claim, so a repetition on
another machine may say something else."""
WHY = {
    Theme.TERMINAL: "A terminal that keeps every line grows with what is printed in it. The "
    "memory belongs to the terminal's process.",
    Theme.COLUMNS: "`top` shows what the kernel counts. Each column counts pages by its own rule, "
    "and none of them says whether a program leaks.",
    Theme.INDEX: "The program is the scenario `word_index`, with articles of 20,000 words, which "
    "are 100 KB. It stores each article under each of its words, and a reference takes 8 bytes.",
    Theme.PROFILERS: "A tool costs what it hooks into. The ratios are of CPU time within one run, "
    "so they hold on a busy machine too.",
    Theme.TIME: "How fast memory grows does not say how long it takes to be sure, and how it ends "
    "depends on what still refers to it.",
}
SUMMARY_COLUMNS = ("claim", "outcome")


def claim_text(checked: CheckedClaim, width: int) -> str:
    """Write one claim for a terminal of a width: claim, figures, commands and judgement."""
    lines = [
        f"{checked.name}: {checked.text}",
        *(f"  {figure}" for figure in checked.finding.measured),
        *(f"  '{command}'" for command in checked.commands),
        f"  {judgement(checked.finding)}",
    ]
    return "\n".join(part for line in lines for part in wrapped(line, width)) + "\n"


def judgement(finding: Finding) -> str:
    """Write the outcome and its reason as sentences: `Wrong. …`, `Holds only if …`."""
    outcome = str(finding.outcome).capitalize()
    joint = " " if finding.outcome is ClaimOutcome.CONDITIONAL else ". "
    return f"{outcome}{joint}{finding.reason}"


def claims_document(claims: Sequence[CheckedClaim], where: str) -> str:
    """Write the document in Markdown: a table of the outcomes, and a section for each theme.

    Args:
        claims: The checked claims, in order.
        where: The command, commit, machine and date.
    """
    outcomes = Table(SUMMARY_COLUMNS, [(c.text, str(c.finding.outcome)) for c in claims])
    parts = [f"# {TITLE}", claims_conclusion(claims), INTRODUCTION, where]
    parts.append(markdown(outcomes).strip())
    for theme in Theme:
        of_theme = [claim for claim in claims if claim.theme is theme]
        if of_theme:
            parts += [f"## {theme}", WHY[theme], *map(_section, of_theme)]
    return "\n\n".join(parts) + "\n"


def claims_conclusion(claims: Sequence[CheckedClaim]) -> str:
    """Write the paragraph that says how many claims hold, and which do not."""
    sentences = [f"Of {counted(len(claims), 'claim')}, {', '.join(_counts(claims))}."]
    listed = {ClaimOutcome.WRONG: "Wrong", ClaimOutcome.NOT_MEASURED: "Not measured here"}
    for outcome, verb in listed.items():
        names = [c.text.rstrip(".") for c in claims if c.finding.outcome is outcome]
        if names:
            sentences.append(f"{verb}: {'; '.join(f'“{name}”' for name in names)}.")
    return " ".join(sentences)


def _counts(claims: Sequence[CheckedClaim]) -> Iterator[str]:
    phrases = {
        ClaimOutcome.HOLDS: ("holds", "hold"),
        ClaimOutcome.CONDITIONAL: ("holds on a condition", "hold on a condition"),
        ClaimOutcome.WRONG: ("is wrong", "are wrong"),
        ClaimOutcome.NOT_MEASURED: ("was not measured", "were not measured"),
    }
    for outcome, (singular, plural) in phrases.items():
        count = sum(claim.finding.outcome is outcome for claim in claims)
        if count:
            yield f"{count} {singular if count == 1 else plural}"


def _section(checked: CheckedClaim) -> str:
    """Write the claim, the judgement, the figures, and the commands that gave them."""
    finding = checked.finding
    outcome = str(finding.outcome).capitalize()
    stop = "" if finding.outcome is ClaimOutcome.CONDITIONAL else "."
    parts = [f"### {checked.text.rstrip('.')}", f"**{outcome}{stop}** {finding.reason}"]
    if finding.measured:
        parts.append("\n".join(["Measured here:", "", *(f"* {f}" for f in finding.measured)]))
    if checked.commands:
        parts.append("\n".join(["```", *map(_continued, checked.commands), "```"]))
    return "\n\n".join(parts)


def _continued(command: str) -> str:
    """Write a command line, a long one on several lines that a shell reads as one."""
    lines = textwrap.wrap(command, 100, break_long_words=False, break_on_hyphens=False)
    return "$ " + " \\\n    ".join(lines)
