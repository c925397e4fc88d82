"""The exercises of the course: scenarios under names that do not give the answer away."""

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from leaklab.catalogue.files import read_text_of
from leaklab.catalogue.folders import Catalogue
from leaklab.catalogue.stories import STORY_FILE
from leaklab.features.course.diagnosis import LineTruth
from leaklab.model.errors import BadInput
from leaklab.model.scenario import Scenario, Variant


@dataclass(frozen=True)
class Exercise:
    """A program to diagnose, and to fix if it leaks.

    Attributes:
        number: Its place in the course, from 1.
        scenario: The scenario behind it, with the truth.
        variant: The program that the learner gets.
        folder: The folder of the scenario.
    """

    number: int
    scenario: Scenario
    variant: Variant
    folder: Path

    @property
    def name(self) -> str:
        """The neutral name."""
        return self.scenario.exercise

    @property
    def leaks(self) -> bool:
        """Whether the program leaks."""
        return bool(self.scenario.leaks(self.variant))

    @property
    def is_graded(self) -> bool:
        """Whether the truth is known; a hand-out has none."""
        return self.scenario.leaks(self.variant) is not None

    @property
    def program(self) -> str:
        """The text of the program that the learner gets."""
        return read_text_of(self.folder / f"{self.variant}.py")

    @property
    def reference(self) -> str:
        """The text of a program that does not leak: the fixed variant, or the program itself."""
        return read_text_of(self.folder / f"{self.reference_variant}.py")

    @property
    def reference_variant(self) -> Variant:
        """The variant that does not leak."""
        return Variant.FIXED if self.scenario.fixed else self.variant

    @property
    def story(self) -> str:
        """What was reported of the program, in Markdown."""
        return read_text_of(self.folder / STORY_FILE)

    @property
    def title(self) -> str:
        """The title of the story."""
        return self.story.partition("\n")[0].lstrip("# ").strip()

    @property
    def truth(self) -> LineTruth:
        """The truth that a diagnosis is graded against."""
        buggy = self.scenario.buggy if self.leaks else None
        return LineTruth(
            source=self.program,
            culprit=buggy.culprit if buggy else "",
            allocation=(buggy.allocation or "") if buggy else "",
            pattern=self.scenario.pattern,
        )


def exercises_of(catalogue: Catalogue) -> list[Exercise]:
    """Return the exercises of a catalogue, in the order of the course.

    Raises:
        BadInput: The catalogue has no exercise.
    """
    # What was declared is the truth of the course, also where a file has been edited since.
    scenarios = [replace(s, edited=()) for s in catalogue.load_all(()) if s.exercise]
    if not scenarios:
        raise BadInput(
            f"the catalogue {catalogue.root} has no exercises: no scenario.toml has the key "
            "'exercise'"
        )
    ordered = sorted(scenarios, key=lambda s: (s.level, s.exercise))
    return [
        Exercise(number, s, s.exercise_variant or s.variants[0], catalogue.folder(s.name))
        for number, s in enumerate(ordered, 1)
    ]
