"""The text of a run without a profiler."""

from leaklab.features.profilers.bare import BareRun
from leaklab.reports.bare_run import bare_run_text


def test_each_row_has_the_growth_since_the_beginning() -> None:
    run = BareRun(
        scenario="word_index",
        variant="buggy",
        pid=1,
        units=2000,
        first_rss_bytes=14_620 << 10,
        halfway_rss_bytes=22_596 << 10,
        rss_bytes=14_000 << 10,
        high_water_bytes=31_204 << 10,
    )
    assert bare_run_text(run).splitlines() == [
        "== word_index/buggy, 2,000 units, without a profiler",
        "VmRSS before       14,620 KiB",
        "VmRSS halfway      22,596 KiB      +7,976",
        "VmRSS after        14,000 KiB        -620",
        "VmHWM              31,204 KiB     +16,584",
    ]
