"""`leaklab completion`."""

import sys

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Write the completion script of a shell.

    \b
    bash:  eval "$(leaklab completion bash)"
    zsh:   eval "$(leaklab completion zsh)"
    fish:  leaklab completion fish | source
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this click completes no {shell}")
    root = ctx.find_root().command
    sys.stdout.write(kind(root, {}, "leaklab", "_LEAKLAB_COMPLETE").source() + "\n")
