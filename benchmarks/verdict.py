"""The verdict on every scenario: 0 clean, 1 undecided, 2 leak."""

from . import lab

globals().update(lab.verdicts())
