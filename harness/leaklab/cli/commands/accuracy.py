"""`leaklab selftest accuracy`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from leaklab import reports
from leaklab.catalogue.folders import builtin_root
from leaklab.cli import options, progress
from leaklab.cli.debug import debug
from leaklab.cli.documents import provenance, write_text
from leaklab.cli.measurements import log_measurement, wrapped_markdown
from leaklab.features.quality.accuracy import SAMPLES, constant_sensitivities, error_rates
from leaklab.model.errors import Exit
from leaklab.reports import Table, markdown, quality
from leaklab.reports.conclusions import accuracy_conclusion

ACCURACY_TITLE = "# How often the verdict is right"


@click.command("accuracy")
@click.option(
    "--series",
    type=options.POSITIVE,
    metavar="N",
    default=200,
    show_default=True,
    help="Series of each shape and length.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=2),
    metavar="N",
    multiple=True,
    help="Another length of a series; may be given several times.",
)
@options.seed
@options.write()
@debug
def command(series: int, samples: tuple[int, ...], seed: int, write: Path | None) -> Exit:
    """Rate the verdict on generated series of known truth.

    The first table has every shape by the number of samples. The second has the results with other
    values of the verdict's constants, on a tenth of the series; --samples omits it.

    Exit code 1 if a shape has more wrong verdicts than the table allows.
    """
    rates, sensitivities = [], []
    with progress.open_progress() as listener:
        for rate in error_rates(series, seed, samples or SAMPLES):
            listener.show_step(f"{rate.cell.shape}, {rate.cell.samples:,} samples")
            rates.append(rate)
        for sensitivity in () if samples else constant_sensitivities(max(series // 10, 1), seed):
            listener.show_step(f"{sensitivity.constant} {sensitivity.value:.3g}")
            sensitivities.append(sensitivity)
    tables = [quality.rate_table(rates)]
    tables += [quality.sensitivity_table(sensitivities)] if sensitivities else []
    if write:
        lengths = "".join(f" --samples {n}" for n in samples)
        line = f"leaklab selftest accuracy --series {series} --seed {seed}{lengths}"
        provenance_line = provenance(line, builtin_root())
        _write(write, accuracy_conclusion(rates), provenance_line, tables)
    for table in tables:
        reports.print_table(table, sys.stdout)
    return Exit.AS_EXPECTED if all(rate.meets_limits for rate in rates) else Exit.DIFFERS


def _write(path: Path, conclusion: str, where: str, tables: Sequence[Table]) -> None:
    parts = [ACCURACY_TITLE, conclusion, where, *(markdown(table).rstrip() for table in tables)]
    write_text(path, wrapped_markdown("\n\n".join(parts)) + "\n")
    log_measurement(path, where, conclusion)
