"""The checksums of the lab's programs: one that was edited is not what is known of it any more.

They stand in `scenarios/SHA256SUMS`, in the format of sha256sum(1), written by `make docs`.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from leaklab.model.scenario import Scenario, Variant

CHECKSUM_FILE = "SHA256SUMS"


def edited_variants(root: Path, scenario: Scenario) -> tuple[Variant, ...]:
    """The variants of a scenario that are not as the checksums have them, nor is their workload.

    A scenario that they do not list is new, and as its author says.
    """
    known = _known(root / "scenarios" / CHECKSUM_FILE)

    def is_edited(file: str) -> bool:
        expected = known.get(f"{scenario.name}/{file}")
        return expected is not None and expected != _sum(root / "scenarios" / scenario.name / file)

    if is_edited("workload.py"):
        return scenario.variants
    return tuple(variant for variant in scenario.variants if is_edited(f"{variant}.py"))


def checksums_text(root: Path) -> str:
    """The text of the file, for the scenarios as they are."""
    return "".join(f"{_sum(path)}  {path.parent.name}/{path.name}\n" for path in _files(root))


def _files(root: Path) -> Iterator[Path]:
    """The programs and workloads of all scenarios, in order."""
    names = [*(f"{variant}.py" for variant in Variant), "workload.py"]
    for folder in sorted((root / "scenarios").iterdir()):
        yield from (folder / name for name in sorted(names) if (folder / name).is_file())


def _known(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _sum(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
