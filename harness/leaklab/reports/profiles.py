"""The text of a profile: the profiler's own report between two lines of leaklab's."""

from leaklab.features.profilers.profile import Profile
from leaklab.model.units import format_bytes


def profile_text(profile: Profile) -> str:
    """Return what the profiler says, under what and what it cost."""
    run = f"{profile.scenario}/{profile.variant}/{profile.mode}"
    heading = f"== {profile.profiler} {profile.version}: {run}, {_amount(profile)}"
    parts = [heading, profile.report.rstrip("\n"), _cost(profile)]
    if profile.pools:
        parts.append(f"in a pool, {profile.profiler} {profile.pools}")
    if profile.files:
        parts.append(f"files in {profile.output}: {', '.join(profile.files)}")
    return "\n".join(parts) + "\n"


def _amount(profile: Profile) -> str:
    """Return the units, and of how many they are a part."""
    units = f"{profile.units:,} units"
    if profile.units >= profile.whole_units:
        return units
    return f"{units}; a verdict needs {profile.whole_units:,}"


def _cost(profile: Profile) -> str:
    """Return what the profiler cost, beside the same work without it."""
    time = f"{profile.profiler} took {profile.cpu_ratio:.1f} times the CPU time of a bare run"
    if profile.added_bytes is None:
        return time
    return f"{time}, and {format_bytes(profile.added_bytes)} more memory at the peak"
