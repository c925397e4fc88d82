"""The catalogue: the folders of `scenarios/`, which are read without importing their code."""

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
    """A root folder with `scenarios/` and, where it has its own services, `fixtures/`."""

    root: Path

    @property
    def import_roots(self) -> tuple[Path, ...]:
        """The first entries of a measured process's path.

        The root of leaklab's own catalogue is added, because its `fixtures/` is used by a catalogue
        without one.
        """
        builtin = builtin_root()
        return (self.root,) if self.root == builtin else (self.root, builtin)

    @property
    def fixtures_root(self) -> Path:
        """The root of the `fixtures/` to import: its own, or else that of leaklab's catalogue."""
        return self.root if (self.root / "fixtures").is_dir() else builtin_root()

    @property
    def is_builtin(self) -> bool:
        """Whether it is leaklab's own catalogue, here or in another checkout."""
        builtin = builtin_root()
        return self.root.is_relative_to(builtin) or (self.root / "harness" / "leaklab").is_dir()

    def names(self) -> list[str]:
        """Return the names of the scenarios, sorted.

        Raises:
            BadInput: The folder cannot be read.
        """
        return [
            path.name
            for path in entries_of(self.root / "scenarios")
            if path.is_dir() and not path.name.startswith(("_", "."))
        ]

    def folder(self, name: str) -> Path:
        """Return the folder of a scenario."""
        return self.root / "scenarios" / name

    def load(self, name: str) -> Scenario:
        """Read one scenario.toml.

        Raises:
            BadInput: There is no such scenario, or its file is wrong; the message has the nearest
                name, or all mistakes in the file.
        """
        return self._load(name, self.names())

    def _load(self, name: str, known: list[str]) -> Scenario:
        if name not in known:
            raise BadInput(f"no scenario {name!r}; {self._nearest(name, known)}")
        scenario = read_scenario(self.folder(name))
        vouched = self.is_builtin if scenario.vouched is None else scenario.vouched
        edited = edited_variants(self.root, scenario) if self.is_builtin else ()
        return msgspec.structs.replace(scenario, vouched=vouched, edited=edited)

    def _nearest(self, name: str, known: list[str]) -> str:
        """Say which scenario may be meant by a name that none has."""
        scenario, _, variant = name.partition("/")
        if scenario in known and variant in tuple(Variant):
            return f"write {scenario} --variant {variant}"
        if close := difflib.get_close_matches(name, known, n=1):
            return f"did you mean {close[0]!r}?"
        here = "" if self.is_builtin else f" --catalogue {self.root}"
        hint = "; another catalogue needs --catalogue DIR" if self.is_builtin else ""
        return f"'leaklab list{here}' shows all scenarios{hint}"

    def load_all(self, names: Iterable[str] = ()) -> list[Scenario]:
        """Read the named scenarios in this order, or all scenarios if `names` is empty.

        Raises:
            BadInput: As `load`.
        """
        known = self.names()
        return [self._load(name, known) for name in (tuple(names) or known)]


def builtin_root() -> Path:
    """Return the root of leaklab's own catalogue.

    In a wheel it is inside the package, in a checkout two levels above it. It is never searched in
    site-packages, where an editable install leaves an outdated copy.
    """
    package = Path(__file__).resolve().parents[1]
    packed = package / "_catalogue"
    return packed if packed.is_dir() else package.parents[1]


def open_catalogue(root: Path | None) -> Catalogue:
    """Return the catalogue at `root`, or leaklab's own if that is None.

    Raises:
        BadInput: `root` is not a catalogue; the message says what is missing.
    """
    if root is None:
        return Catalogue(builtin_root())
    try:
        if not (root / "scenarios").is_dir():
            raise BadInput(f"{root} is not a catalogue: {_remedy(root)}")
        for package in (root / "scenarios", root / "fixtures"):
            # A regular package elsewhere on the path takes precedence over a folder without it.
            if package.is_dir() and not (package / "__init__.py").is_file():
                raise BadInput(f"{package / '__init__.py'} is missing: make an empty file")
        return Catalogue(root.resolve())
    except OSError as error:
        raise BadInput(f"{root} cannot be read: {error.strerror}; name another folder") from error


def _remedy(root: Path) -> str:
    """Say how a folder becomes a catalogue, or which one is meant."""
    if root.resolve().name == "scenarios":
        return f"name the folder that contains it, {root.resolve().parent}"
    return "make a folder 'scenarios' there"


def source_of(catalogue: Catalogue, name: str, variant: Variant) -> str:
    """Return the source code of a variant.

    Raises:
        BadInput: The file cannot be read.
    """
    return read_text_of(catalogue.folder(name) / f"{variant}.py")
