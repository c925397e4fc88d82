"""The claims, in the order of the document."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from leaklab.features.quality.claims import (
    articles,
    columns,
    slowdown,
    speeds,
    stored,
    terminal,
    workers,
)
from leaklab.features.quality.claims.bench import Bench
from leaklab.features.quality.claims.claim import (
    CheckedClaim,
    Claim,
    ClaimOutcome,
    Finding,
    Theme,
)
from leaklab.model.errors import LabError
from leaklab.sandbox.scratch import session_folder

CLAIMS_IN_ORDER: tuple[Claim[Any], ...] = (
    Claim(
        "scroll-buffer",
        Theme.TERMINAL,
        "The scroll buffer has a given number of lines and MB after 10 s, 1 min and 10 min.",
        terminal.measure_scroll,
        terminal.judge_scroll,
    ),
    Claim(
        "closing",
        Theme.TERMINAL,
        "Stopping the producer frees nothing, and closing the window frees all.",
        terminal.measure_window_once,
        terminal.judge_closing,
    ),
    Claim(
        "memory-percentage",
        Theme.COLUMNS,
        "%MEM grows with the leak, by the percentages of the table.",
        terminal.measure_window_once,
        terminal.judge_percentage,
    ),
    Claim(
        "virt",
        Theme.COLUMNS,
        "VIRT is harmless.",
        columns.measure_addresses,
        columns.judge_addresses,
    ),
    Claim(
        "shr",
        Theme.COLUMNS,
        "SHR is managed by the system.",
        columns.measure_shared,
        columns.judge_shared,
    ),
    Claim(
        "fifty-articles",
        Theme.INDEX,
        "50 articles take 130 MB, 2.6 MB each.",
        articles.measure_fifty,
        articles.judge_fifty,
    ),
    Claim(
        "twenty-six-times",
        Theme.INDEX,
        "50 articles take 26 times the memory that their text lets expect.",
        articles.measure_fifty,
        articles.judge_factor,
    ),
    Claim(
        "article-counts",
        Theme.INDEX,
        "5 articles take 13 MB, 10 take 26 MB, 100 take 260 MB, 1,000 take 2.6 GB.",
        articles.measure_counts,
        articles.judge_counts,
    ),
    Claim(
        "six-million",
        Theme.INDEX,
        "6 million articles would take 15.6 TB.",
        articles.measure_many,
        articles.judge_many,
    ),
    Claim(
        "reference",
        Theme.INDEX,
        "A stored reference to an article takes 4 MB; storing a title saves 99.999 %.",
        stored.measure_reference,
        stored.judge_reference,
    ),
    Claim(
        "title-or-id",
        Theme.INDEX,
        "A title, an id, an index and a URL differ in what an entry takes.",
        stored.measure_forms,
        stored.judge_forms,
    ),
    Claim(
        "four-workers",
        Theme.INDEX,
        "If one process takes 5 GB, four workers take 4 times 5 GB.",
        workers.measure_pools,
        workers.judge_pools,
    ),
    Claim(
        "profilers",
        Theme.PROFILERS,
        "Profilers make a program 10 to 100 times slower.",
        slowdown.measure_slowdown,
        slowdown.judge_slowdown,
    ),
    Claim(
        "tracemalloc",
        Theme.PROFILERS,
        "tracemalloc has a low overhead.",
        slowdown.measure_tracing,
        slowdown.judge_tracing,
    ),
    Claim(
        "leak-speed",
        Theme.TIME,
        "A leak of MB a second shows in seconds, of MB an hour in hours, of MB a week in weeks.",
        speeds.measure_speeds,
        speeds.judge_speeds,
    ),
    Claim(
        "completion",
        Theme.TIME,
        "After completion, a program releases most of its memory.",
        workers.measure_released,
        workers.judge_released,
    ),
)
CLAIMS = {claim.name: claim for claim in CLAIMS_IN_ORDER}


def check_claims(
    claims: Sequence[Claim[Any]], on_step: Callable[[str], None]
) -> Iterator[CheckedClaim]:
    """Measure and judge claims one after the other.

    A claim that cannot be measured here gets the reason as its finding, and the others go on.

    Args:
        claims: The claims.
        on_step: Is told what is being measured.
    """
    with session_folder() as folder:
        bench = Bench(folder, on_step)
        for claim in claims:
            bench.begin()
            on_step(claim.name)
            finding = find(claim, bench)
            yield CheckedClaim(
                name=claim.name,
                theme=claim.theme,
                text=claim.text,
                finding=finding,
                commands=list(dict.fromkeys(bench.commands)),
            )


def find(claim: Claim[Any], bench: Bench) -> Finding:
    """Measure and judge one claim; an error of the measurement is the finding."""
    try:
        return claim.judge(claim.measure(bench))
    except LabError as error:
        return Finding(measured=[], outcome=ClaimOutcome.NOT_MEASURED, reason=f"{error}.")
