import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import toys
from leaklab.catalogue.folders import builtin_root, open_catalogue
from leaklab.catalogue.lint import lint, unified_diff
from leaklab.catalogue.options import resolve_options
from leaklab.catalogue.plan import DEFAULT_BUDGET_SECONDS, PlanRequest, plan
from leaklab.catalogue.scenario_file import read_scenario
from leaklab.model.errors import BadInput, InvalidFile
from leaklab.model.scenario import Mode, Pattern, Variant

TOYS = Path(__file__).parents[2] / "catalogue"
Edit = Callable[[str, str, str], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(TOYS, tmp_path / "root", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "root"


@pytest.fixture
def edit(root: Path) -> Edit:
    def replace(name: str, old: str, new: str) -> None:
        path = root / "scenarios" / "grow" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replace


def problems(root: Path) -> list[str]:
    catalogue = open_catalogue(root)
    return lint(catalogue, catalogue.load("grow"))


def test_the_built_in_catalogue_is_the_checkouts() -> None:
    assert builtin_root() == Path(__file__).parents[3]


def test_the_message_on_an_unknown_scenario_suggests_the_nearest_name() -> None:
    with pytest.raises(BadInput, match=r"no scenario 'gorw'; did you mean 'grow'\?"):
        open_catalogue(TOYS).load("gorw")


def test_a_folder_without_scenarios_is_not_a_catalogue(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="make a folder 'scenarios' there"):
        open_catalogue(tmp_path)


@pytest.mark.parametrize("name", ["scenarios", "fixtures"])
def test_the_folders_of_a_catalogue_must_be_packages(root: Path, name: str) -> None:
    (root / name).mkdir(exist_ok=True)
    (root / name / "__init__.py").unlink(missing_ok=True)
    with pytest.raises(BadInput, match=rf"{name}/__init__\.py is missing: make an empty file"):
        open_catalogue(root)


def test_a_catalogue_folder_that_cannot_be_read_is_bad_input(root: Path) -> None:
    catalogue = open_catalogue(root)
    shutil.rmtree(root / "scenarios")
    (root / "scenarios").write_text("a file where a folder should be")
    with pytest.raises(BadInput, match="scenarios cannot be read: Not a directory"):
        catalogue.load_all()


def test_a_path_that_is_too_long_is_not_a_catalogue() -> None:
    with pytest.raises(BadInput, match="cannot be read: File name too long"):
        open_catalogue(Path("x" * 5000))


def test_fixtures_are_checked_in_the_folder_of_their_import(edit: Edit, root: Path) -> None:
    edit("scenario.toml", "level    = 1", 'level = 1\nservices = ["http"]')
    culprit = 'culprit = "self._pieces.append(piece)"'
    edit("scenario.toml", culprit, f'{culprit}\nallocation = "fixtures/articles.py"')
    assert problems(root) == []
    (root / "fixtures").mkdir()
    (root / "fixtures" / "__init__.py").touch()
    assert [p.split(",")[0] for p in problems(root)] == [
        "allocation names fixtures/articles.py",
        "services names 'http'",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "level    = 1",
            "levle    = 1",
            r"unknown key 'levle' at the top level; did you mean 'level'\?",
        ),
        ("growth  = ", "groth  = ", r"unknown key 'groth' in \[buggy\]; did you mean 'growth'\?"),
        (
            "level    = 1",
            "level = 1\nlock = 2",
            "key 'lock' at the top level; allowed: schema",
        ),
        (
            "growth  = ",
            "shape = 1\ngrowth = ",
            r"key 'shape' in \[buggy\]; allowed: growth",
        ),
        ("level    = 1", 'level    = "one"', "level is 'one'; give a whole number"),
        ("level    = 1", "level    = 1.5", r"level is 1\.5; give a whole number"),
        ("level    = 1", "level    = 1\nbench = 1", "bench is 1; give true or false"),
        ("level    = 1", "level    = 1\nrequires = 1", "requires is 1; give a table"),
        ("[fixed]", '[requires]\ninstall = "make"\n[fixed]', "install is for programs"),
        ('title    = "', 'title = 1 # "', "title is 1; give a string"),
        ('["made up for the tests"]', "[1]", r"sources is \[1\]; give a list of strings"),
        ("= 4096", "= []", r"option 'bytes_per_unit' is \[\]; give a string, a number, true or"),
        ("level    = 1", "level    = 9", "level is 9; give 1"),
        ("units    = 200", "units    = 0", "units is 0; give at least 1"),
        ('"memory"', '"money"', "resource is 'money'; give one of: memory, descriptors"),
        ("unit     =", "# unit =", "key 'unit' is missing at the top level; give a string"),
        ("schema   = 1", "schema   = 2", "schema is 2; this leaklab reads 1"),
        ("schema   = 1", 'schema   = 1\nname = "x"', "a scenario's name is its folder's"),
        ("modes    = [", "modes = []#", "modes is empty"),
        ("[fixed]", "[program]", r"give \[buggy\] and \[fixed\]"),
        ("level    = 1", 'level    = 1\njudge = "peak"', "min_ratio go together"),
        ("schema   = 1", "schema   =", "cannot be read as TOML"),
        ("schema   = 1", f"schema = {'[' * 9999}", "cannot be read as TOML"),
        ("= 4096", "= nan", "option 'bytes_per_unit' is nan; give it a finite default"),
        ("= 4096", "= -inf", "option 'bytes_per_unit' is -inf"),
        ("level    = 1", 'level = 1\njudge = "peak"\nmin_ratio = nan', "give a number above 1"),
    ],
)
def test_a_mistake_in_scenario_toml_is_named_with_its_place(
    edit: Edit, root: Path, old: str, new: str, message: str
) -> None:
    edit("scenario.toml", old, new)
    with pytest.raises(BadInput, match=message) as caught:
        open_catalogue(root).load("grow")
    assert "scenario.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_mistakes_in_scenario_toml_are_reported_at_once(edit: Edit, root: Path) -> None:
    edit("scenario.toml", "level    = 1", "levle    = 1\nscope = 'forest'")
    edit("scenario.toml", "units    = 200", "units    = 0")
    edit("scenario.toml", '"memory"', '"money"')
    edit("scenario.toml", "culprit = ", "culpit = ")
    edit("scenario.toml", "unit     =", "# unit =")
    edit("scenario.toml", "= 4096", "= nan")
    with pytest.raises(InvalidFile) as caught:
        open_catalogue(root).load("grow")
    path = root / "scenarios" / "grow" / "scenario.toml"
    assert f"{path} has 7 problems" == caught.value.heading
    assert [text.split(";")[0] for text in caught.value.problems] == [
        "unknown key 'levle' at the top level",
        "resource is 'money'",
        "key 'unit' is missing at the top level",
        "scope is 'forest'",
        "unknown key 'culpit' in [buggy]",
        "units is 0",
        "option 'bytes_per_unit' is nan",
    ]
    assert f"{path} has 7 problems: (1) unknown key 'levle'" in str(caught.value)
    assert "; (7) option" in str(caught.value)


def test_a_misspelled_key_is_not_reported_as_missing_too(edit: Edit, root: Path) -> None:
    edit("scenario.toml", "level    = 1", "levle    = 1")
    with pytest.raises(InvalidFile) as caught:
        open_catalogue(root).load("grow")
    assert len(caught.value.problems) == 1


@given(
    st.text(max_size=200)
    | st.sampled_from(["schema = 1\n", "[buggy]\nschema = 1", "schema=1\nunits=[]"])
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
def test_garbage_in_scenario_toml_is_a_clear_error(tmp_path: Path, garbage: str) -> None:
    (tmp_path / "scenario.toml").write_text(garbage, encoding="utf-8")
    with pytest.raises(BadInput, match=r"scenario\.toml"):
        read_scenario(tmp_path)


@pytest.mark.parametrize("pattern", sorted(set(Pattern) - {Pattern.NONE}))
def test_every_pattern_is_accepted(edit: Edit, root: Path, pattern: Pattern) -> None:
    edit("scenario.toml", "never-cleared-collection", pattern)
    assert problems(root) == []


def test_a_sound_scenario_has_no_problems(root: Path) -> None:
    assert problems(root) == []


@pytest.mark.parametrize("name", ["workload.py", "buggy.py", "fixed.py", "README.md"])
def test_every_entry_has_its_files(root: Path, name: str) -> None:
    (root / "scenarios" / "grow" / name).unlink()
    assert problems(root) == [f"{name} is missing: write it"]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("grow/buggy", "write grow --variant buggy"),
        ("grwo", "did you mean 'grow'?"),
        ("elsewhere", "shows all scenarios"),
    ],
)
def test_an_unknown_name_gets_a_remedy(root: Path, name: str, remedy: str) -> None:
    with pytest.raises(BadInput) as caught:
        open_catalogue(root).load(name)
    assert remedy in str(caught.value)


def test_the_folder_of_the_scenarios_is_not_the_catalogue(root: Path) -> None:
    with pytest.raises(BadInput, match=f"name the folder that contains it, {root.resolve()}"):
        open_catalogue(root / "scenarios")


def test_every_file_has_an_entry(root: Path) -> None:
    (root / "scenarios" / "grow" / "notes.txt").touch()
    assert "notes.txt is not a file of a scenario" in problems(root)[0]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("buggy.py", "def put", "def putt", "Shelf.putt(self, piece) is public in only one"),
        ("buggy.py", "append(piece)", "append( piece )", "culprit occurs 0 times in buggy.py"),
        (
            "buggy.py",
            "self._pieces = []",
            "self._pieces = []  # leak",
            "'leak' gives the answer away",
        ),
        (
            "buggy.py",
            "class",
            "match 1:\n  case 1: pass\nclass",
            "write it in the syntax of Python 3.8",
        ),
        ("buggy.py", "def put", "def put(", "buggy.py:8"),
        (
            "fixed.py",
            "[piece]",
            "[piece]" + "\n        pass" * 12,
            "more than 12: give a diff_reason",
        ),
        ("fixed.py", "self._pieces = [piece]", "self._pieces.append(piece)", "are the same"),
        ("workload.py", "def check", "def chek", "has no function check(program, lab)"),
        ("README.md", "leaklab run grow", "it", "does not have 'leaklab run grow'"),
        ("README.md", "shows", "<!-- figures --> shows", "has a placeholder"),
        ("scenario.toml", '"it grows", ', "", "hints must have 4 texts"),
        ("scenario.toml", '["made up for the tests"]', "[]", "sources is empty"),
        ("scenario.toml", "possible leak.", "possible leak", "end it with a full stop"),
        ("scenario.toml", "units    = 200", "units    = 20", "a verdict needs 64 or more"),
        ("scenario.toml", 'growth = "none"', 'growth = "unbounded"', "that is a leak"),
        ("scenario.toml", "never-cleared-collection", "none", "name the pattern of a pair"),
        ("scenario.toml", 'growth = "none"', 'growth = "none"\ndiff_reason = "x"', "remove it"),
        ("scenario.toml", "level    = 1", 'level = 1\nservices = ["ftp"]', "no fixtures/ftp.py"),
    ],
)
def test_the_linter_names_the_mistake_and_the_remedy(
    edit: Edit, root: Path, name: str, old: str, new: str, message: str
) -> None:
    edit(name, old, new)
    assert message in " | ".join(problems(root))


@pytest.mark.parametrize("name", ["Grow", "grow-2", "grow 2", "2_grow", "gröw"])
def test_a_name_has_only_lower_case_letters_digits_and_underscores(root: Path, name: str) -> None:
    (root / "scenarios" / "grow").rename(root / "scenarios" / name)
    catalogue = open_catalogue(root)
    assert "rename it to lower case" in " | ".join(lint(catalogue, catalogue.load(name)))


def test_the_linter_limits_the_diff_of_a_pair(root: Path) -> None:
    catalogue = open_catalogue(root)
    diff = unified_diff(catalogue, catalogue.load("grow"))
    assert "-        self._pieces.append(piece)\n+        self._pieces = [piece]\n" in diff
    assert unified_diff(catalogue, catalogue.load("faulty")) == ""


def test_options_are_read_as_their_defaults_types() -> None:
    grow = open_catalogue(TOYS).load("grow")
    options = resolve_options(grow, ["bytes_per_unit=64", "deep=true"])
    assert options == {"bytes_per_unit": 64, "deep": True}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("bytes_per_unit", "write it as name=value"),
        ("bytes=1", "has no option 'bytes'; it has: bytes_per_unit, deep"),
        ("bytes_per_unit=many", "not a number; give one, such as 4096"),
        ("deep=maybe", "give true or false"),
        ("bytes_per_unit=inf", "not a number; give one, such as 4096"),
        ("bytes_per_unit=" + "9" * 5000, "not a number; give one, such as 4096"),
    ],
)
def test_the_message_on_a_wrong_option_lists_the_options(change: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        resolve_options(open_catalogue(TOYS).load("grow"), [change])


def test_an_option_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(BadInput, match="not UTF-8; write it as UTF-8"):
        resolve_options(open_catalogue(TOYS).load("faulty"), ["fault=caf\udce9"])


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_an_option_is_a_finite_number(value: str) -> None:
    with pytest.raises(BadInput, match=r"not a number; give one, such as 0\.5"):
        resolve_options(toys.scenario(options={"share": 0.5}), [f"share={value}"])


def test_a_value_too_long_for_a_path_stays_a_text() -> None:
    long = "x" * 5000
    assert resolve_options(toys.scenario(options={"text": ""}), [f"text={long}"]) == {"text": long}


def test_a_file_named_by_an_option_keeps_its_meaning_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "export.xml").touch()
    monkeypatch.chdir(tmp_path)
    reader = toys.scenario(options={"dump": "", "source": "synthetic"})
    options = resolve_options(reader, ["dump=export.xml", "source=export.xml"])
    assert options == {"dump": str(tmp_path / "export.xml"), "source": "export.xml"}


def test_the_plan_has_every_variant_with_the_requested_repeats() -> None:
    jobs = plan(open_catalogue(TOYS), PlanRequest(names=["grow", "faulty"], repeat=2, units=7))
    labels = [(job.label, job.repeat, job.units) for job in jobs]
    assert labels == [
        ("grow/buggy/inline", 1, 7),
        ("grow/fixed/inline", 1, 7),
        ("grow/buggy/inline", 2, 7),
        ("grow/fixed/inline", 2, 7),
        ("faulty/program/inline", 1, 7),
        ("faulty/program/inline", 2, 7),
    ]


def test_a_variant_or_mode_that_a_named_scenario_lacks_is_refused() -> None:
    catalogue = open_catalogue(TOYS)
    with pytest.raises(BadInput, match="has no variant buggy; it has: program"):
        plan(catalogue, PlanRequest(names=["faulty"], variant=Variant.BUGGY))
    with pytest.raises(BadInput, match="does not run in mode fork; it has: inline"):
        plan(catalogue, PlanRequest(names=["chatty"], modes=[Mode.FORK]))


def test_only_a_run_without_units_may_be_extended_within_its_budget() -> None:
    catalogue = open_catalogue(TOYS)
    (job,) = plan(catalogue, PlanRequest(names=["faulty"]))
    assert job.budget_seconds == DEFAULT_BUDGET_SECONDS
    (job,) = plan(catalogue, PlanRequest(names=["faulty"], units=7))
    assert job.budget_seconds is None
    (job,) = plan(catalogue, PlanRequest(names=["faulty"], budget_seconds=None))
    assert job.budget_seconds is None


def test_a_request_without_any_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "__init__.py").touch()
    with pytest.raises(BadInput, match="no scenario has that variant and mode"):
        plan(open_catalogue(tmp_path), PlanRequest())


def test_a_variant_without_names_selects_the_scenarios_that_have_it() -> None:
    jobs = plan(open_catalogue(TOYS), PlanRequest(variant=Variant.FIXED))
    assert [job.label for job in jobs] == ["grow/fixed/inline"]
