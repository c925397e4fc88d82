"""The line that says where memory grew."""

import msgspec

import toys
from leaklab.model.result import Result
from leaklab.model.verdicts import Conclusion, Split
from leaklab.reports.splits import splits

SPLIT = Split(pymalloc=592.0, malloc=26.0, mapped=1.0, free=-600.0, anonymous=623.0, tmpfs=0.0)


def result(conclusion: Conclusion = Conclusion.LEAK) -> Result:
    leaking = toys.result()
    verdict = msgspec.structs.replace(leaking.verdict, split=SPLIT, conclusion=conclusion)
    return msgspec.structs.replace(leaking, verdict=verdict)


def test_the_parts_are_listed_without_those_that_are_next_to_nothing() -> None:
    assert list(splits([result(), result()])) == [
        "grow-4096/buggy/inline, per step: pymalloc +592 B, malloc +26 B; anonymous RSS +623 B"
    ]


def test_a_clean_run_has_no_line() -> None:
    assert list(splits([result(Conclusion.CLEAN)])) == []
