"""The command groups, with one sentence of help for each sub-command.

A sub-command's module is imported when the command is called: `--help` and completion do without.
"""

from collections.abc import Mapping
from importlib import import_module

import click

from leaklab import __version__
from leaklab.cli.debug import debug

# The sections of `leaklab --help`.
SECTIONS = {
    "Is my program leaking?": {
        "watch": "Watch any program from outside, and judge how it grows.",
        "run": "Run scenarios, judge them, and save the results.",
        "compare": "Compare two saved results, B against A.",
        "project": "Estimate the peak at a size that is not run.",
        "logs": "Judge which modules grow in a service's logs.",
    },
    "Learn from known leaks": {
        "list": "List the scenarios.",
        "show": "Show a scenario, a hint, or the solution.",
        "profile": "Run a scenario under a real profiler.",
        "learn": "Hunt leaks in exercises, from symptom to fix.",
    },
    "Compare branches": {
        "bench": "Measure the current commit with asv.",
        "continuous": "Measure two commits with asv, and show what became worse.",
        "history": "Measure the last commits with asv, and list regressions.",
    },
    "Work on the catalogue": {
        "new": "Make the folder of a new scenario, with blanks to fill in.",
        "check": "Check the catalogue's files and contracts.",
        "figures": "Write the figures that a benchmark suite tracks, as JSON.",
        "selftest": "Measure how accurate the lab is and what it costs.",
        "completion": "Write the completion script of a shell.",
    },
}
SELFTEST_SECTIONS = {
    "Is it right?": {
        "accuracy": "Rate the verdict on generated series of known truth.",
        "detection-limit": "Measure how surely and soon the smallest leaks are found.",
        "matrix": "Judge all variants in all modes; count wrong verdicts.",
        "exercises": "Check that references pass as fixes, and leaks do not.",
        "soak": "Repeat every run beside two busy processes.",
    },
    "What does it cost?": {
        "observer": "Measure what watching a run from outside costs.",
        "overhead": "Measure what the agent costs the measured process.",
        "trace-leak": "Measure what trace_leak costs a service.",
    },
    "How do others compare?": {
        "claims": "Measure what the usual teaching tables claim.",
        "profilers": "Compare what profilers name first of known leaks.",
        "tools": "Compare leaklab with other memory profilers.",
    },
}
LEARN_SECTIONS = {
    "Find your way": {
        "init": "Make a workspace.",
        "status": "Show where you are, and what is next.",
        "next": "Go to the next exercise, or to a named one.",
        "list": "List the exercises, and what became of each.",
        "story": "Show what was reported of the program.",
        "hint": "Show one more hint.",
    },
    "Look": {
        "watch": "Watch the program run, in the words of top.",
        "measure": "Show how its resources grow with the work.",
        "simplify": "Run it in a pool, in one process, and shorter.",
        "profile": "Run it under a real profiler.",
    },
    "Answer": {
        "answer": "Say whether it leaks, and what.",
        "diagnose": "Name the line that retains, and the pattern.",
        "check": "Have your fix judged.",
    },
    "In the end": {
        "reset": "Write the original program again.",
        "give-up": "Show the solution.",
        "certificate": "Show what you passed, and with how much help.",
        "hand-out": "Make a folder for a class, without solutions.",
        "grade": "Grade the workspaces of a class.",
    },
}
LEARNING = {name: text for section in LEARN_SECTIONS.values() for name, text in section.items()}
SELFTESTS = {name: text for section in SELFTEST_SECTIONS.values() for name, text in section.items()}
COMMANDS = {name: text for section in SECTIONS.values() for name, text in section.items()}
# Every command line that has a help page of its own.
COMMAND_PATHS = (
    *COMMANDS,
    *(f"learn {name}" for name in LEARNING),
    *(f"selftest {name}" for name in SELFTESTS),
)
# Earlier names, which still work and are not shown. Self-tests were commands of their own.
RENAMED = {"floor": "detection-limit", "peers": "tools"}
NEVER_OUTSIDE = {"claims", "exercises", "profilers", "trace-leak"}
HIDDEN = {**{name: name for name in SELFTESTS if name not in NEVER_OUTSIDE}, **RENAMED}

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 80}

NEXT_STEPS = """leaklab finds memory and resource leaks in Python programs.

  leaklab watch -- python app.py    Is my program leaking?
  leaklab show word_index           Learn from a known leak.
  leaklab continuous main           Compare this branch with main.

'leaklab --help' lists all commands.
"""


class LazyGroup(click.Group):
    """A group of stubs; a stub is replaced by its module's command when it is called.

    Attributes:
        prefix: What precedes a command's name in its path: empty, or the group's name and a space.
        sections: The sections of the help page, with the sentence of each command.
    """

    prefix: str = ""
    sections: Mapping[str, Mapping[str, str]] = {}

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name, and the remaining arguments."""
        name, stub, rest = super().resolve_command(ctx, args)
        return name, load_command(self.prefix + name) if name and stub else None, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in sections, with the sentences of all sections aligned."""
        del ctx
        width = max(len(name) for section in self.sections.values() for name in section)
        for title, section in self.sections.items():
            formatter.write_paragraph()
            formatter.write(title if title.endswith("?") else f"{title}:")
            formatter.write("\n")
            with formatter.indentation():
                formatter.write_dl([(name.ljust(width), text) for name, text in section.items()])


def load_command(path: str) -> click.Command:
    """Import a command.

    Args:
        path: Its name, after the name of its group and a space where it has one; earlier names
            work, too.
    """
    if path in GROUPS:
        return GROUPS[path]
    name = path.removeprefix(selftest.prefix)
    module = HIDDEN.get(name, name).replace("-", "_").replace(" ", "_")
    command: click.Command = import_module(f"leaklab.cli.commands.{module}").command
    # click keeps the help option that it makes first, even for a context without a parent.
    command.context_settings.update(SETTINGS)
    return command


@click.group(cls=LazyGroup, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="leaklab")
@debug
def cli() -> None:
    """A reproducible laboratory for memory and resource leaks in Python.

    \b
    Exit codes: 0 as expected; 1 a verdict that differs from what is known;
    2 bad input; 3 could not measure; 4 asv or its environment failed;
    130 interrupted.
    """


@click.group("selftest", cls=LazyGroup)
@debug
def selftest() -> None:
    """Measure how accurate the lab is, and what it costs.

    These commands check leaklab itself. Use them after a change to leaklab, or
    to see how far its verdicts can be trusted on this machine.
    """


@click.group("learn", cls=LazyGroup, invoke_without_command=True)
@debug
@click.pass_context
def learn(context: click.Context) -> None:
    """Hunt leaks: each exercise asks for the diagnosis and for the fix.

    An exercise is a program and a story: what was reported of it. You run the
    program, say whether it leaks and what, name the line, and fix it. Some do
    not leak. Begin with 'leaklab learn init'; without a command, 'leaklab
    learn' shows where you are and what is next, on a terminal with its keys.
    """
    if context.invoked_subcommand is None:
        import_module("leaklab.cli.learn_home").show_home()


def _add_stubs(group: LazyGroup, sections: Mapping[str, Mapping[str, str]]) -> None:
    group.sections = sections
    for section in sections.values():
        for name, sentence in section.items():
            group.add_command(click.Command(name, help=sentence))


_add_stubs(cli, SECTIONS)
_add_stubs(selftest, SELFTEST_SECTIONS)
_add_stubs(learn, LEARN_SECTIONS)
GROUPS = {"selftest": selftest, "learn": learn}
for group in GROUPS.values():
    group.prefix = f"{group.name} "
for earlier, current in HIDDEN.items():
    cli.add_command(click.Command(earlier, help=SELFTESTS[current], hidden=True))
for earlier, current in RENAMED.items():
    selftest.add_command(click.Command(earlier, help=SELFTESTS[current], hidden=True))
