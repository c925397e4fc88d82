"""`leaklab accuracy`."""

import sys
from pathlib import Path

import click

from leaklab import reports
from leaklab.cli import progress


@click.command("accuracy")
@click.option("--series", type=click.IntRange(min=1), default=200, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--write", type=click.Path(path_type=Path), help="Write Markdown to this file.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(series: int, seed: int, write: Path | None) -> None:
    """Rate the verdict on generated series of known truth."""
    from leaklab.accuracy import rates
    from leaklab.reports import itself

    found = []
    with progress.choose() as listener:
        for rate in rates(series, seed):
            listener.tell(f"{rate.shape}, {rate.samples:,} samples")
            found.append(rate)
    table = itself.rates(found)
    if write:
        title = f"# How often the verdict is right\n\n`leaklab accuracy --series {series}"
        write.write_text(f"{title} --seed {seed}`\n\n{reports.markdown(table)}", encoding="utf-8")
    reports.write(table, sys.stdout)
