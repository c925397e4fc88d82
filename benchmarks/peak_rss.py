"""Peak RSS of every scenario: the peak of its largest process minus the baseline."""

from . import lab

globals().update(lab.peaks())
