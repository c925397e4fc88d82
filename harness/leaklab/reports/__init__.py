"""Reports: what was found, as tables, one view a module; nothing is measured or judged here."""

from leaklab.reports.table import Table, markdown, plain
from leaklab.reports.terminal import print_table

__all__ = ["Table", "markdown", "plain", "print_table"]
