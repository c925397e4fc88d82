"""The saved record of a run, one JSON object.

Schema history (a reader refuses what is newer than it knows):
    1  the first: inline runs.
    2  pools: several processes a run, each with its number, its work and its verdict.
    3  every resource, of each process and of the tree; runs that end when the verdict is certain.
    4  conclusions and reasons by name, the reasons with their numbers beside their words; how a
       pair is judged.
    5  `ended` is `end_reason`, `worst` is `worst_process`, `agrees` is `as_expected`; of a reason,
       `ended` is `end_reason`; of an estimate, `settled` is `conclusive`.
"""

from msgspec import Struct

from leaklab.model.errors import Exit
from leaklab.model.measurement import Controls, EndReason, Environment, ProcessRecord, TreeRecord
from leaklab.model.scenario import Criterion, Growth, Mode, Option, Scope, Variant, is_leak
from leaklab.model.verdicts import Conclusion, Verdict

RESULT_SCHEMA = 5

# Of a program of which nothing is known.
EXIT_OF = {
    Conclusion.CLEAN: Exit.AS_EXPECTED,
    Conclusion.LEAK: Exit.DIFFERS,
    Conclusion.UNDECIDED: Exit.NOT_MEASURED,
}


class Result(Struct, frozen=True, kw_only=True):
    """One run as it is saved and as `--json` prints it.

    The verdict is that of the worst process (of the tree, where that is its scope; of the pair,
    where peaks are judged), and so is `worst_process`, its place in `processes`;
    `peak_rss_bytes` is that of the largest, after the units asked for (`units`), however far the
    run went on for its verdict. Where its units are not `vouched` for, whatever fills
    may fill longer. `as_expected` says whether the verdict is what is known of the program;
    it and `expected_growth` are None where nothing is. `tree_peak_pss_bytes` is sampled, a lower
    bound; `cgroup_peak_bytes` is exact, but counts page cache and kernel memory. `budget_seconds`
    is the CPU time that a run might take which goes on beyond `units` (`units_done` is how far it
    went); None where its length was fixed. `scope` is whose series decided. `python` is the path of
    the interpreter that ran it, None for the lab's own. Where `judge` is the peak, a verdict needs
    both variants (`verdict/pairs.py`): it is made of two saved results whenever they are read
    together, and what is saved of each alone is undecided.
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
        """What is known of its variant, None where that is nothing; results of schema 1 and 2 say
        it by their growth alone."""
        if self.expected_leak is None and self.expected_growth is not None:
            return is_leak(self.expected_growth, self.variant)
        return self.expected_leak

    @property
    def units_of_peak(self) -> int:
        """The work after which the peak was read."""
        return min(self.units, self.units_done)

    @property
    def conclusion(self) -> Conclusion:
        """The answer to "does it leak?" where nothing is known: yes, where any resource leaks."""
        leaks = Conclusion.LEAK in self.verdict.others.values()
        return Conclusion.LEAK if leaks else self.verdict.conclusion

    @property
    def exit(self) -> Exit:
        """What it says to a shell: whether it is as known; where nothing is, whether it leaks."""
        if self.as_expected is not None:
            return Exit.AS_EXPECTED if self.as_expected else Exit.DIFFERS
        return EXIT_OF[self.conclusion]

    @property
    def peak_bytes(self) -> int | None:
        """The peak that is compared: the largest process's RSS, or where the tree is judged its
        PSS without files."""
        if self.scope is Scope.PROCESS:
            return self.peak_rss_bytes
        return self.tree_peak_pss_anon_bytes or self.tree_peak_pss_bytes
