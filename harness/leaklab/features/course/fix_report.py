"""The report of a checked fix, and the decision whether it passes: pure functions of results."""

from msgspec import Struct

from leaklab.model.result import Result
from leaklab.model.scenario import Criterion, Mode
from leaklab.model.verdicts import Conclusion

# Memory outside the measured processes' own figures that may be chance.
OUTSIDE_BYTES = 16 << 20
OUTSIDE_SHARE = 0.1


class ModeReport(Struct, frozen=True, kw_only=True):
    """What was measured of a fix in one mode, beside the program before and the reference.

    Attributes:
        mode: The mode.
        own: The result of the learner's program.
        reference: The result of the reference with as much work.
        before: The result of the program as it was handed out; None if it was not measured.
        problems: Why the fix does not pass in this mode; empty if it does.
    """

    mode: Mode
    own: Result
    reference: Result
    before: Result | None = None
    problems: list[str] = []


class FixReport(Struct, frozen=True, kw_only=True):
    """What the check of a fix found.

    Attributes:
        problems: Why it was not measured: what it may not contain, or how it breaks its contract.
        modes: What was measured in each mode.
    """

    problems: list[str] = []
    modes: list[ModeReport] = []

    @property
    def passes(self) -> bool:
        """Whether the fix passes in every mode."""
        return not self.all_problems and bool(self.modes)

    @property
    def all_problems(self) -> list[str]:
        """Every reason why the fix does not pass."""
        in_modes = [f"{mode.mode}: {problem}" for mode in self.modes for problem in mode.problems]
        return [*self.problems, *in_modes]


def leak_problems(own: Result, before: Result | None) -> list[str]:
    """Return why a measured program does not count as fixed, one sentence each.

    Args:
        own: The result of the learner's program.
        before: The result of the program as it was handed out, which a pair that is judged by its
            peaks is compared with.
    """
    problems = []
    if own.end_reason.stopped:
        problems.append(f"the run was {own.end_reason}")
    if own.judge is Criterion.PEAK:
        problems += _peak_problems(own, before)
    elif own.verdict.conclusion is Conclusion.LEAK:
        problems.append(f"it still leaks {own.verdict.resource}")
    elif own.verdict.conclusion is Conclusion.UNDECIDED:
        reason = own.verdict.reasons[0].text if own.verdict.reasons else "no reason is known"
        problems.append(f"the verdict is undecided: {reason}")
    leaked = [r for r, c in own.verdict.others.items() if c is Conclusion.LEAK]
    problems += [f"it leaks {resource}" for resource in leaked]
    if outside := memory_outside(own):
        problems.append(f"{outside >> 20:,} MiB lie in places that its own processes do not show")
    return problems


def quick_problems(own: Result, before: Result | None) -> list[str]:
    """Return why a program does not count as fixed after a quick run, one sentence each."""
    is_growth = own.judge is not Criterion.PEAK and not own.end_reason.stopped
    if is_growth and own.verdict.conclusion is Conclusion.UNDECIDED:
        return ["it is too soon to tell: 'leaklab learn check' measures longer"]
    return leak_problems(own, before)


def memory_outside(result: Result) -> int:
    """Return the memory of the tree that its measured processes do not account for, in bytes.

    The tree is read by the observer from outside, and the processes read themselves. 0 means that
    they agree.
    """
    peak = max(result.tree_peak_pss_bytes or 0, result.tree_peak_pss_anon_bytes or 0)
    inside = sum(p.baseline_rss_bytes + p.whole_peak_rss_bytes for p in result.processes)
    excess = peak - inside
    return excess if excess > OUTSIDE_BYTES + OUTSIDE_SHARE * inside else 0


def _peak_problems(own: Result, before: Result | None) -> list[str]:
    if before is None or not own.peak_bytes or not before.peak_bytes or not own.min_ratio:
        return ["its peak could not be compared with that of the program before"]
    ratio = before.peak_bytes / own.peak_bytes
    if ratio >= own.min_ratio:
        return []
    return [f"its peak is 1/{ratio:.2f} of that before; 1/{own.min_ratio:g} is asked"]
