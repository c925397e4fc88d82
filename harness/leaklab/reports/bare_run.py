"""The text of a run without a profiler: what the kernel reports of its process."""

from leaklab.features.profilers.bare import BareRun


def bare_run_text(run: BareRun) -> str:
    """Return the memory of the process before, halfway and after, with its growth."""
    heading = f"== {run.scenario}/{run.variant}, {run.units:,} units, without a profiler"
    rows = [
        f"VmRSS before   {run.first_rss_bytes >> 10:>10,} KiB",
        _row("VmRSS halfway", run.halfway_rss_bytes, run),
        _row("VmRSS after", run.rss_bytes, run),
        _row("VmHWM", run.high_water_bytes, run),
    ]
    return "\n".join([heading, *rows]) + "\n"


def _row(name: str, size_bytes: int, run: BareRun) -> str:
    """Return a row with the growth since the beginning."""
    growth = (size_bytes - run.first_rss_bytes) >> 10
    return f"{name:<14} {size_bytes >> 10:>10,} KiB  {growth:>+10,}"
