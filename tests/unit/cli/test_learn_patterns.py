"""The meanings of the patterns on the help page of `leaklab learn diagnose`."""

from leaklab.cli.learn_patterns import PATTERN_MEANINGS, PATTERNS_EPILOG
from leaklab.model.scenario import Pattern


def test_every_pattern_that_can_be_named_has_a_meaning() -> None:
    assert set(Pattern) - {Pattern.NONE} == set(PATTERN_MEANINGS)


def test_the_list_fits_a_terminal() -> None:
    assert [] == [line for line in PATTERNS_EPILOG.splitlines() if len(line) > 78]
