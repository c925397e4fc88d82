"""The command group: for each sub-command the first sentence of its help. Its module is imported
when it is called, and not before: `--help` and completion need none of them."""

from importlib import import_module

import click

from leaklab import __version__
from leaklab.cli.debug import debug

COMMANDS = {
    "accuracy": "Rate the verdict on generated series of known truth.",
    "bench": "Have asv measure the current commit, and show what each pair costs.",
    "check": "Check the catalogue: its files, its words, and every functional contract.",
    "compare": "Compare two saved results, B against A.",
    "completion": "Write the completion script of a shell.",
    "continuous": "Have asv measure two commits, and name what is worse on the second.",
    "figures": "Write the figures that a benchmark suite tracks, as JSON.",
    "floor": "Look for the smallest leaks again and again, and for alarms where nothing leaks.",
    "history": "Have asv measure the last commits that touched what matters, and list regressions.",
    "list": "List the scenarios.",
    "matrix": "Judge every variant in every mode, and set what was said against what is known.",
    "observer": "Measure what watching a run from outside costs.",
    "overhead": "Measure what the agent costs the measured process.",
    "peers": "Compare leaklab with the tools people use.",
    "project": "Say what a scenario would need at a size that is not run.",
    "run": "Run scenarios, judge them, and save what was measured.",
    "show": "Show a scenario: its story, what is known of it, the diff and the lesson.",
    "soak": "Run everything again and again beside two busy neighbour processes.",
    "watch": "Watch any program from outside, and judge how it grows over time.",
}


class LazyGroup(click.Group):
    """A group of stubs, each replaced by the command of its module once it is called."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, and the rest of them."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, load_command(name) if name and stub else None, rest


def load_command(name: str) -> click.Command:
    """A sub-command by its name, one of `COMMANDS`."""
    command: click.Command = import_module(f"leaklab.cli.commands.{name}").command
    return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, prog_name="leaklab")
@debug
def cli() -> None:
    """A reproducible laboratory for memory and resource leaks in Python.

    \b
    Exit codes: 0 as expected; 1 a verdict that differs from what is known;
    2 bad input; 3 could not measure; 4 what stands around it failed;
    130 interrupted.
    """


for name, sentence in COMMANDS.items():
    cli.add_command(click.Command(name, help=sentence))
