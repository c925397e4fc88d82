"""The checksums of leaklab's own programs, which show that a program was edited.

The known truth does not apply to an edited program. `make docs` writes the checksums to
`scenarios/SHA256SUMS` in the format of sha256sum(1).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from leaklab.model.scenario import Scenario, Variant

CHECKSUM_FILE = "SHA256SUMS"


def edited_variants(root: Path, scenario: Scenario) -> tuple[Variant, ...]:
    """Return the variants of a scenario with a checksum that differs.

    All variants count as edited where the workload differs. A scenario without checksums is new,
    and its author's declarations apply.
    """
    known = _known(root / "scenarios" / CHECKSUM_FILE)

    def is_edited(file: str) -> bool:
        """Return whether a file has a known checksum and its text another."""
        expected = known.get(f"{scenario.name}/{file}")
        return expected is not None and expected != _sum(root / "scenarios" / scenario.name / file)

    if is_edited("workload.py"):
        return scenario.variants
    return tuple(variant for variant in scenario.variants if is_edited(f"{variant}.py"))


def checksums_text(root: Path) -> str:
    """Return the text of the checksum file for the present programs."""
    return "".join(f"{_sum(path)}  {path.parent.name}/{path.name}\n" for path in _files(root))


def _files(root: Path) -> Iterator[Path]:
    """Return the programs and workloads of all scenarios, sorted."""
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
