"""The saved record of a run, one JSON object.

Schema history (a reader refuses a schema that is newer than its own):
    1  Inline runs.
    2  Pools: several processes per run, each with its number, its work and its verdict.
    3  Every resource, for each process and for the tree; runs that end when the verdict is certain.
    4  Conclusions and reasons by name, reasons with their numbers and their text; how a pair is
       judged.
    5  `ended` is `end_reason`, `worst` is `worst_process`, `agrees` is `as_expected`; in a reason,
       `ended` is `end_reason`; in an estimate, `settled` is `conclusive`.
    6  Six kinds of reasons have other names (`runs/upgrade.py`).
"""

from msgspec import Struct

from leaklab.model.errors import Exit
from leaklab.model.measurement import Controls, EndReason, Environment, ProcessRecord, TreeRecord
from leaklab.model.scenario import Criterion, Growth, Mode, Option, Scope, Variant, is_leak
from leaklab.model.verdicts import Conclusion, Verdict

RESULT_SCHEMA = 6

# The exit codes for a program without a known truth.
EXIT_OF = {
    Conclusion.CLEAN: Exit.AS_EXPECTED,
    Conclusion.LEAK: Exit.DIFFERS,
    Conclusion.UNDECIDED: Exit.NOT_MEASURED,
}


class Result(Struct, frozen=True, kw_only=True):
    """One run in the form in which it is saved and `--json` prints it.

    Attributes:
        units: The requested units of work.
        units_done: The units that were done; with a budget they may be more.
        end_reason: How the run ended.
        expected_growth: The known growth of the program; None if it is unknown.
        verdict: The verdict on the worst process, or on the tree where that is the `scope`. Where
            `judge` is the peak, it needs the results of both variants (`verdict/pairs.py`), and
            the saved verdict on each alone is undecided.
        worst_process: The index of the worst process in `processes`.
        as_expected: Whether the verdict agrees with the known truth; None if that is unknown.
        peak_rss_bytes: The highest peak of a process after the requested units.
        tree_peak_pss_bytes: The highest sample of the tree's PSS, which is a lower bound.
        cgroup_peak_bytes: The high-water mark of the cgroup; exact, but with page cache and kernel
            memory.
        budget_seconds: The CPU time up to which the run could go on beyond `units`; None where its
            length was fixed.
        python: The path of the interpreter that ran it; None for leaklab's own.
        vouched: Whether `units` are known to suffice, so that every cache is full by then.
    """

    schema: int = RESULT_SCHEMA
    scenario: str
    variant: Variant
    mode: Mode
    workers: int
    units: int
    units_done: int
    unit: str
    seed: int
    options: dict[str, Option]
    repeat: int
    end_reason: EndReason
    detail: str
    expected_growth: Growth | None
    verdict: Verdict
    worst_process: int | None = None
    as_expected: bool | None
    peak_rss_bytes: int | None
    baseline_rss_bytes: int | None
    tree_peak_pss_bytes: int | None
    tree_pss_longest_gap_seconds: float | None
    processes: list[ProcessRecord]
    controls: Controls
    environment: Environment
    output_tail: str = ""
    cgroup_peak_bytes: int | None = None
    tree_peak_pss_anon_bytes: int | None = None
    tree: TreeRecord | None = None
    budget_seconds: float | None = None
    scope: Scope = Scope.PROCESS
    expected_leak: bool | None = None
    python: str | None = None
    judge: Criterion = Criterion.GROWTH
    min_ratio: float | None = None
    vouched: bool = True

    @property
    def is_known_to_leak(self) -> bool | None:
        """Whether its variant is known to leak; None if that is unknown.

        Results of schema 1 and 2 have the expected growth only.
        """
        if self.expected_leak is None and self.expected_growth is not None:
            return is_leak(self.expected_growth, self.variant)
        return self.expected_leak

    @property
    def units_of_peak(self) -> int:
        """The units of work after which the peak was read."""
        return min(self.units, self.units_done)

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion for a program without a known truth: a leak if any resource leaks."""
        leaks = Conclusion.LEAK in self.verdict.others.values()
        return Conclusion.LEAK if leaks else self.verdict.conclusion

    @property
    def exit(self) -> Exit:
        """The exit code: whether it is as expected; without a known truth, whether it leaks."""
        if self.as_expected is not None:
            return Exit.AS_EXPECTED if self.as_expected else Exit.DIFFERS
        return EXIT_OF[self.conclusion]

    @property
    def peak_bytes(self) -> int | None:
        """The peak to compare: the RSS of the largest process, or the PSS of a judged tree."""
        if self.scope is Scope.PROCESS:
            return self.peak_rss_bytes
        return self.tree_peak_pss_anon_bytes or self.tree_peak_pss_bytes
