"""Growth per unit of work of every scenario: bytes, or pieces where it leaks something else."""

from . import lab

globals().update(lab.growths())
