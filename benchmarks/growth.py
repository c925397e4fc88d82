"""Growth per unit of work of every scenario: bytes, or pieces for a resource other than memory."""

from . import lab

globals().update(lab.growths())
