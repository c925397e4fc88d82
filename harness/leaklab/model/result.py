"""The saved record of a run, one JSON object.

Schema history (a reader refuses what is newer than it knows):
    1  the first: inline runs.
    2  pools: several processes a run, each with its number, its work and its verdict.
    3  every resource, of each process and of the tree; runs that end when the verdict is certain.
    4  conclusions and reasons by name, the reasons with their numbers beside their words; how a
       pair is judged.
"""

from msgspec import Struct

from leaklab.model.measurement import Controls, Ended, Environment, ProcessRecord, TreeRecord
from leaklab.model.scenario import Growth, Judge, Mode, Option, Scope, Variant, is_leak
from leaklab.model.verdicts import Verdict

SCHEMA = 4


class Result(Struct, frozen=True, kw_only=True):
    """One run as it is saved and as `--json` prints it.

    The verdict is that of the worst process (of the tree, where that is its scope; of the pair,
    where peaks are judged), and so is `worst`, its place in `processes`;
    `peak_rss_bytes` is that of the largest. `tree_peak_pss_bytes` is sampled, a lower bound;
    `cgroup_peak_bytes` is exact, but counts page cache and kernel memory. `budget_seconds` is the
    CPU time that a run might take which goes on beyond `units` (`units_done` is how far it went);
    None where its length was fixed. `scope` is whose series decided. `python` is the path of the
    interpreter that ran it, None for the lab's own. Where `judge` is the peak, a verdict needs both
    variants (`verdict/pairs.py`): it is made of two saved results whenever they are read together,
    and what is saved of each alone is undecided.
    """

    schema: int = SCHEMA
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
    ended: Ended
    detail: str
    expected_growth: Growth
    verdict: Verdict
    worst: int | None = None
    agrees: bool
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
    judge: Judge = Judge.GROWTH
    min_ratio: float | None = None

    @property
    def is_known_to_leak(self) -> bool:
        """What is known of its variant; results of schema 1 and 2 say it by their growth alone."""
        if self.expected_leak is None:
            return is_leak(self.expected_growth, self.variant)
        return self.expected_leak

    @property
    def peak_bytes(self) -> int | None:
        """The peak that is compared: the largest process's RSS, or where the tree is judged its
        PSS without files."""
        if self.scope is Scope.PROCESS:
            return self.peak_rss_bytes
        return self.tree_peak_pss_anon_bytes or self.tree_peak_pss_bytes
