"""Options that were renamed; command lines with the earlier names still work."""

from collections.abc import Sequence
from typing import Any

import click


class RenamedOption(click.Option):
    """An option with earlier names, which still work but are neither shown nor completed."""

    def __init__(self, *args: Any, earlier: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.earlier = earlier

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Have the parser accept the earlier names, too."""
        current = self.opts
        self.opts = [*current, *self.earlier]
        try:
            super().add_to_parser(parser, ctx)
        finally:
            self.opts = current
