"""The catalogue: the folders of `scenarios/`, read without importing any of their code."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from leaklab.catalogue.checksums import edited_variants
from leaklab.catalogue.files import entries_of, read_text_of
from leaklab.catalogue.scenario_file import read_scenario
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Scenario, Variant


@dataclass(frozen=True)
class Catalogue:
    """A root folder: it holds `scenarios/` and, where it has services of its own, `fixtures/`."""

    root: Path

    @property
    def import_roots(self) -> tuple[Path, ...]:
        """What a measured process puts first on its path: without `fixtures/` of its own, a
        catalogue elsewhere is lent the lab's."""
        lab = builtin_root()
        return (self.root,) if self.root == lab else (self.root, lab)

    @property
    def fixtures_root(self) -> Path:
        """The root whose `fixtures/` is imported: its own, if it has any; never both."""
        return self.root if (self.root / "fixtures").is_dir() else builtin_root()

    @property
    def is_builtin(self) -> bool:
        """Whether it is the lab's own, here or in another checkout of it."""
        lab = builtin_root()
        return self.root.is_relative_to(lab) or (self.root / "harness" / "leaklab").is_dir()

    def names(self) -> list[str]:
        """The scenarios' names, sorted.

        Raises:
            BadInput: the folder cannot be read.
        """
        return [
            path.name
            for path in entries_of(self.root / "scenarios")
            if path.is_dir() and not path.name.startswith(("_", "."))
        ]

    def folder(self, name: str) -> Path:
        """Where a scenario's files are."""
        return self.root / "scenarios" / name

    def load(self, name: str) -> Scenario:
        """Read one scenario.toml.

        Raises:
            BadInput: there is no such scenario (the nearest name is given), or its text is wrong.
        """
        known = self.names()
        if name not in known:
            raise BadInput(f"no scenario {name!r}; {_nearest(name, known)}")
        scenario = read_scenario(self.folder(name))
        vouched = self.is_builtin if scenario.vouched is None else scenario.vouched
        edited = edited_variants(self.root, scenario) if self.is_builtin else ()
        return msgspec.structs.replace(scenario, vouched=vouched, edited=edited)

    def load_all(self, names: Iterable[str] = ()) -> list[Scenario]:
        """The scenarios of these names, in this order; all of them where none is named."""
        return [self.load(name) for name in (tuple(names) or self.names())]


def builtin_root() -> Path:
    """The lab's own catalogue: in a wheel it lies inside the package, in a checkout two levels up.

    It is never searched for in site-packages, where an editable install leaves a stale copy.
    """
    package = Path(__file__).resolve().parents[1]
    packed = package / "_catalogue"
    return packed if packed.is_dir() else package.parents[1]


def open_catalogue(root: Path | None) -> Catalogue:
    """The catalogue at `root`, or the lab's own.

    Raises:
        BadInput: there is none at `root`.
    """
    if root is None:
        return Catalogue(builtin_root())
    try:
        if not (root / "scenarios").is_dir():
            raise BadInput(f"{root} holds no catalogue: make a folder 'scenarios' there")
        for package in (root / "scenarios", root / "fixtures"):
            # A regular package elsewhere on the path would beat this one.
            if package.is_dir() and not (package / "__init__.py").is_file():
                raise BadInput(f"{package / '__init__.py'} is missing: make an empty file")
        return Catalogue(root.resolve())
    except OSError as error:
        raise BadInput(f"{root} cannot be read: {error.strerror}; name another folder") from error


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "'leaklab list' names them all"


def source_of(catalogue: Catalogue, name: str, variant: Variant) -> str:
    """The text of a variant's program.

    Raises:
        BadInput: it cannot be read.
    """
    return read_text_of(catalogue.folder(name) / f"{variant}.py")
