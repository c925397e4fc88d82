"""Reports: tables of what was measured and judged, one view a module.

Nothing is measured or judged here.
"""

from leaklab.reports.table import Table, markdown, plain
from leaklab.reports.terminal import print_table

__all__ = ["Table", "markdown", "plain", "print_table"]
