"""`leaklab completion`."""

import sys

import click
from click.shell_completion import get_completion_class

COMPLETION_VARIABLE = "_LEAKLAB_COMPLETE"
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
    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"this version of click has no completion for {shell}")
    root = ctx.find_root().command
    completion = completion_class(root, {}, "leaklab", COMPLETION_VARIABLE)
    sys.stdout.write(completion.source() + "\n")
