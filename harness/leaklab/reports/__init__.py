"""Reports: saved results as tables. A report reads results, and nothing else."""

from leaklab.reports.table import Table, markdown, plain
from leaklab.reports.terminal import write

__all__ = ["Table", "markdown", "plain", "write"]
