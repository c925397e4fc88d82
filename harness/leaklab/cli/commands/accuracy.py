"""`leaklab accuracy`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import builtin_root
from leaklab.cli import progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import provenance, write_text
from leaklab.features.quality.accuracy import SAMPLES, constant_sensitivities, error_rates
from leaklab.model.errors import Exit
from leaklab.reports import markdown, quality


@click.command("accuracy")
@click.option("--series", type=click.IntRange(min=1), default=200, show_default=True)
@click.option("--samples", type=click.IntRange(min=2), multiple=True, help="Other lengths.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--write", type=click.Path(path_type=Path), help="Write Markdown to this file.")
@debug
def command(series: int, samples: tuple[int, ...], seed: int, write: Path | None) -> Exit:
    """Rate the verdict on generated series of known truth.

    Two tables: every shape by the number of samples, and what other values of the verdict's
    constants would have done (on a tenth of the series: it is as much work for every line; left
    out where --samples asks for other lengths).

    Exit code 1 where more of a shape is judged wrongly than is stated.
    """
    found, changed = [], []
    with progress.open_progress() as listener:
        for rate in error_rates(series, seed, samples or SAMPLES):
            listener.tell(f"{rate.cell.shape}, {rate.cell.samples:,} samples")
            found.append(rate)
        for sensitivity in () if samples else constant_sensitivities(max(series // 10, 1), seed):
            listener.tell(f"{sensitivity.constant} {sensitivity.value:.3g}")
            changed.append(sensitivity)
    tables = [quality.rate_table(found), *([quality.sensitivity_table(changed)] if changed else [])]
    if write:
        lengths = "".join(f" --samples {n}" for n in samples)
        line = f"leaklab accuracy --series {series} --seed {seed}{lengths}"
        head = f"# How often the verdict is right\n\n{provenance(line, builtin_root())}\n"
        text = [head, quality.conclusion(found) + "\n", *map(markdown, tables)]
        write_text(write, "\n".join(text))
    for table in tables:
        reports.print_table(table, sys.stdout)
    return Exit.AS_EXPECTED if all(rate.meets_limits for rate in found) else Exit.DIFFERS
