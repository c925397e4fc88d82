"""`leaklab selftest claims`."""

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from leaklab.catalogue.folders import builtin_root
from leaklab.cli import options, progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import provenance, require_writable, write_text
from leaklab.cli.measurements import log_measurement, wrapped_markdown
from leaklab.features.quality.claims.claim import CheckedClaim, ClaimOutcome
from leaklab.features.quality.claims.registry import CLAIMS, check_claims
from leaklab.model.errors import Exit
from leaklab.reports.claims import claim_text, claims_conclusion, claims_document
from leaklab.reports.terminal import terminal_width

LOG_FOLDER = "measurements"
# Names are not broken at their hyphens; click keeps the lines of a paragraph after its mark.
CLAIM_NAMES = "\b\n" + textwrap.fill(f"Claims: {', '.join(CLAIMS)}.", 76, break_on_hyphens=False)


@click.command("claims", epilog=CLAIM_NAMES)
@click.argument("names", nargs=-1, metavar="[CLAIM]...", type=click.Choice(list(CLAIMS)))
@options.write()
@options.as_json
@debug
def command(names: tuple[str, ...], write: Path | None, as_json: bool) -> Exit:
    """Measure what the usual teaching tables claim.

    Each claim is judged by figures that are measured now: it holds, it is wrong,
    or it holds on a condition. All claims take 3 to 10 minutes. A claim that
    cannot be measured here says what to install, and the others go on.

    --write replaces the whole file; it needs all claims, so name none.

    Exit code 3 if a claim could not be measured. What the claims turn out to be
    is no failure.
    """
    if write:
        if names:
            raise click.UsageError("--write is for all claims; omit the names, or --write")
        require_writable(write)
    chosen = [CLAIMS[name] for name in dict.fromkeys(names)] or list(CLAIMS.values())
    checked: list[CheckedClaim] = []
    with progress.open_progress() as listener:
        for claim in check_claims(chosen, listener.show_step):
            checked.append(claim)
    if as_json:
        sys.stdout.write(msgspec.json.encode(checked).decode() + "\n")
    else:
        width = terminal_width(sys.stdout)
        sys.stdout.write("\n".join(claim_text(claim, width) for claim in checked))
    if write:
        _write(write, checked)
    failed = any(claim.finding.outcome is ClaimOutcome.NOT_MEASURED for claim in checked)
    return Exit.NOT_MEASURED if failed else Exit.AS_EXPECTED


def _write(path: Path, checked: Sequence[CheckedClaim]) -> None:
    where = provenance("leaklab selftest claims", builtin_root())
    write_text(path, wrapped_markdown(claims_document(checked, where)))
    # The log is in a folder of its own below that of this document.
    log_measurement(path.parent / LOG_FOLDER / path.name, where, claims_conclusion(checked))
