"""The files of a new scenario: a small program that works, with blanks where an author writes.

`blanks.py` finds the blanks. When all are filled in, `leaklab check` has no complaint, so an author
can replace the example step by step and check it after each one.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from leaklab.catalogue.stories import STORY_FILE
from leaklab.model.errors import BadInput, NotSaved
from leaklab.model.scenario import Pattern

PATTERNS = ", ".join(pattern for pattern in Pattern if pattern is not Pattern.NONE)

DECLARATION_BLANKS = """schema   = 1
title    = "FILL IN: what the program is, in at most 32 characters"
summary  = "FILL IN: what the program does and what goes wrong, in one sentence."
pattern  = {pattern}
resource = "memory"
unit     = "FILL IN: what one unit of work is, such as request"
units    = 1000
modes    = ["inline", "fork", "spawn", "forkserver", "multiprocess"]
level    = 1
exercise = "FILL IN: a name that gives nothing away: lower-case words with underscores"
hints    = [
    "FILL IN: the symptom to look at, without a command.",
    "FILL IN: the tool and the command: `leaklab run {name}`, or profile with its options.",
    "FILL IN: what that tool shows here.",
    "FILL IN: {last_hint}",
]
sources  = ["FILL IN: where this leak is described."]

"""

PAIR_LAST_HINT = "the line that retains, and the pattern by its name; no line of the fix."
CONTROL_LAST_HINT = "why it does not leak, in these words."

PAIR_TRUTH = """[buggy]
growth     = "unbounded"
culprit    = "self._latest.append(piece)"
allocation = "scenarios/{name}/workload.py"

[fixed]
growth = "bounded"
"""

CONTROL_TRUTH = """[program]
growth = "bounded"
"""

EXAMPLE_WORKLOAD = '''"""FILL IN: what happens to the program. A unit is one piece of work."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from fixtures.lab import Lab


def workload(program: Any, lab: Lab) -> Iterator[None]:
    """FILL IN: what one unit does; every random choice comes from lab.seed."""
    desk = program.Desk()
    for number in count(lab.seed):
        desk.take(b"%01000d" % number)
        yield


def check(program: Any, lab: Lab) -> None:
    """FILL IN: what the program must do, for any seed and any number of units."""
    desk = program.Desk()
    for number in range(lab.seed, lab.seed + lab.units):
        piece = b"%d" % number
        assert desk.take(piece) == len(piece), f"piece {number} has another length"
    assert desk.newest() == piece, f"the newest piece is {desk.newest()!r}"
'''

SOUND_EXAMPLE = '''"""FILL IN: what the program is for, as in production. Replace the example."""

from __future__ import annotations

from collections import deque

SHOWN = 100


class Desk:
    """FILL IN: what it does."""

    def __init__(self) -> None:
        self._latest: deque[bytes] = deque(maxlen=SHOWN)

    def take(self, piece: bytes) -> int:
        """Take a piece, and return its length."""
        self._latest.append(piece)
        return len(piece)

    def newest(self) -> bytes:
        """Return the piece that came last."""
        return self._latest[-1]
'''

BUGGY_EXAMPLE = SOUND_EXAMPLE.replace("deque(maxlen=SHOWN)", "deque()")

LESSON_BLANKS = """# FILL IN: what the lesson is about

FILL IN: what the program is for, and what happens in it.

## The symptom

FILL IN: what one notices first, and what this command prints:

```
$ leaklab run {name}
```

## What each tool shows

FILL IN: what the kernel, tracemalloc and other tools show, in figures with their commands.

## {why}

FILL IN: the reason, and what it costs.

## At 10⁶ units

FILL IN: what the program needs then.
"""

STORY_BLANKS = """# FILL IN: the name of the exercise, with blanks in place of underscores

FILL IN: who reports it, and how: a ticket, an alert, a mail, a chat.

FILL IN: what the program is for.

FILL IN: what was noticed, in figures that you measured, in the words of a tool.

FILL IN: what is asked. The last sentence says what one unit of work is.
"""

COMMON_FILES = {"workload.py": EXAMPLE_WORKLOAD, STORY_FILE: STORY_BLANKS}


def pair_files(name: str) -> dict[str, str]:
    """Return the files of a new pair, by their names."""
    pattern = f'"FILL IN: one of {PATTERNS}"'
    blanks = DECLARATION_BLANKS.format(name=name, pattern=pattern, last_hint=PAIR_LAST_HINT)
    return {
        **COMMON_FILES,
        "scenario.toml": blanks + PAIR_TRUTH.format(name=name),
        "README.md": LESSON_BLANKS.format(name=name, why="Why the fix works"),
        "buggy.py": BUGGY_EXAMPLE,
        "fixed.py": SOUND_EXAMPLE,
    }


def control_files(name: str) -> dict[str, str]:
    """Return the files of a new control, by their names."""
    blanks = DECLARATION_BLANKS.format(name=name, pattern='"none"', last_hint=CONTROL_LAST_HINT)
    return {
        **COMMON_FILES,
        "scenario.toml": blanks + CONTROL_TRUTH,
        "README.md": LESSON_BLANKS.format(name=name, why="Why there is nothing to fix"),
        "program.py": SOUND_EXAMPLE,
    }


def write_scenario(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a new scenario; if that fails, nothing is left.

    Raises:
        BadInput: The folder exists.
        NotSaved: A file cannot be written.
    """
    try:
        folder.mkdir()
    except FileExistsError:
        raise BadInput(f"{folder} exists: choose another name") from None
    except OSError as error:
        raise _not_saved(folder, error) from error
    try:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _not_saved(folder, error) from error


def _not_saved(folder: Path, error: OSError) -> NotSaved:
    return NotSaved(f"{folder} cannot be written: {error.strerror}; name another catalogue")
