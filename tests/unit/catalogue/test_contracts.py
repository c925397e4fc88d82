import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from leaklab.catalogue.contracts import CheckedScenario, check_contracts
from leaklab.catalogue.folders import open_catalogue
from leaklab.model.errors import Exit, NotMeasured
from leaklab.model.job import Job
from leaklab.model.measurement import EndReason, Measurement

TOYS = Path(__file__).parents[2] / "catalogue"


class Holds:
    def check(self, _: Job) -> Measurement:
        return Measurement(end_reason=EndReason.COMPLETED)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(TOYS, tmp_path / "root", ignore=ignore))


def checked(root: Path, checker: object = None, name: str = "grow") -> CheckedScenario:
    return check_contracts(open_catalogue(root), name, checker or Holds(), lambda _: None)  # type: ignore[arg-type]


def test_a_sound_scenario_is_ok(root: Path) -> None:
    check = checked(root)
    assert (check.lines, check.exit) == (["ok"], Exit.AS_EXPECTED)


def test_each_mistake_in_scenario_toml_is_a_line_below_the_files_name(root: Path) -> None:
    path = root / "scenarios" / "grow" / "scenario.toml"
    path.write_text(path.read_text().replace("level    = 1", "level = 9\ncolour = 'red'"))
    check = checked(root)
    assert check.exit is Exit.BAD_INPUT
    assert check.lines[0] == f"{path} has 2 problems:"
    assert check.lines[1].startswith("unknown key 'colour' at the top level; allowed: schema,")
    assert check.lines[2:] == ["level is 9; give 1 (easy) to 5 (hard)"]
    assert len(check.problems) == 2


@pytest.mark.parametrize(
    ("requires", "message"),
    [
        (
            'programs = ["no-such"]',
            "the program 'no-such' is not installed: install it and try again",
        ),
        (
            'programs = ["sh", "no-such"]\ninstall = "apt-get install no"',
            "the program 'no-such' is not installed: install it with apt-get install no",
        ),
        ('packages = ["no-such"]', "the package 'no-such' is not installed: install it with pip"),
        (
            'service_packages = ["no-such"]',
            "the package 'no-such' is not installed: install it with pip",
        ),
    ],
)
def test_a_scenario_with_a_missing_requirement_is_skipped(
    root: Path, requires: str, message: str
) -> None:
    path = root / "scenarios" / "grow" / "scenario.toml"
    path.write_text(f"{path.read_text()}\n[requires]\n{requires}\n")
    check = checked(root)
    assert (check.problems, check.exit) == ([], Exit.AS_EXPECTED)
    assert check.lines == [f"skipped: {message}"]


def test_a_contract_that_cannot_be_run_is_unknown(root: Path) -> None:
    class Fails(Holds):
        def check(self, _: Job) -> Measurement:
            raise NotMeasured("the service does not start")

    check = checked(root, Fails())
    assert (check.problems, check.exit) == ([], Exit.NOT_MEASURED)
    assert check.lines == ["not checked: the service does not start"]


def test_a_broken_contract_is_a_problem(root: Path) -> None:
    class Breaks(Holds):
        def check(self, job: Job) -> Measurement:
            broken = job.variant == "fixed" and job.seed == 2
            return Measurement(
                end_reason=EndReason.PROGRAM_FAILED if broken else EndReason.COMPLETED, detail="why"
            )

    check = checked(root, Breaks())
    assert (check.problems, check.exit) == (
        ["fixed.py breaks the contract (seed 2): why"],
        Exit.BAD_INPUT,
    )


@pytest.mark.parametrize("name", ["buggy.py", "workload.py", "README.md", "scenario.toml"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(b"caf\xe9 = 1"), "is not UTF-8 at byte 3: save it as UTF-8"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_with_its_remedy(
    root: Path, name: str, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(root / "scenarios" / "grow" / name)
    check = checked(root)
    assert check.exit is Exit.BAD_INPUT
    assert f"{name} {message}" in " ".join(check.problems)


def test_null_bytes_in_a_program_are_a_problem(root: Path) -> None:
    (root / "scenarios" / "grow" / "fixed.py").write_bytes(b"a = 1\0")
    assert "fixed.py" in checked(root).problems[0]
