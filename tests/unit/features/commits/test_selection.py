from collections.abc import Mapping

import pytest

import toys
from leaklab.features.commits.selection import (
    Selection,
    changed_scenarios,
    require_committed,
    select,
)
from leaklab.model.errors import BadInput

# The imports of a commit's scenarios and of their services.
SOURCES = {
    "scenarios/__init__.py": "",
    "scenarios/alone/workload.py": "import json\n",
    "scenarios/index/workload.py": "from fixtures.articles import Feed\n",
    "scenarios/reader/workload.py": "def read():\n    import fixtures.mediawiki as wiki\n",
    "scenarios/reader/scenario.toml": 'units = 64\nservices = ["http"]\n',
    "scenarios/typed/workload.py": "if TYPE_CHECKING:\n    from fixtures.lab import Lab\n",
    "fixtures/__init__.py": "",
    "fixtures/articles.py": "import random\n",
    "fixtures/http.py": "from fixtures import limits\n",
    "fixtures/lab.py": "",
    "fixtures/limits.py": "",
    "fixtures/mediawiki.py": "from fixtures.articles import Article\n",
}
IMPORTERS = {"index", "reader"}


def changed(*paths: str, sources: Mapping[str, str] = SOURCES) -> set[str]:
    return changed_scenarios(paths, sources)


def test_a_scenario_is_changed_by_any_file_of_its_folder() -> None:
    assert {"index", "gone"} == changed("scenarios/index/fixed.py", "scenarios/gone/deep/data")


def test_a_scenario_is_changed_by_the_fixtures_that_it_imports() -> None:
    assert IMPORTERS == changed("fixtures/articles.py")
    assert {"reader"} == changed("fixtures/mediawiki.py")


def test_a_scenario_is_changed_by_its_services_and_by_their_imports() -> None:
    assert {"reader"} == changed("fixtures/http.py") == changed("fixtures/limits.py")


def test_imports_for_type_checkers_change_nothing() -> None:
    assert set() == changed("fixtures/lab.py")


def test_the_else_branch_of_such_an_import_changes_a_scenario() -> None:
    text = "if TYPE_CHECKING:\n    pass\nelse:\n    from fixtures import lab\n"
    assert {"a"} == changed("fixtures/lab.py", sources={"scenarios/a/workload.py": text})


@pytest.mark.parametrize("path", ["fixtures/__init__.py", "fixtures/words.txt"])
def test_shared_data_of_fixtures_changes_every_scenario_with_a_fixture(path: str) -> None:
    assert IMPORTERS == changed(path)


def test_a_folder_of_fixtures_is_the_module_of_its_name() -> None:
    sources = {
        "scenarios/a/workload.py": "from fixtures.server.main import serve\n",
        "scenarios/b/workload.py": "from fixtures import words\n",
    }
    assert {"a"} == changed("fixtures/server/deep/data.txt", sources=sources)


def test_a_removed_fixture_changes_the_scenarios_that_import_it() -> None:
    sources = {"scenarios/a/workload.py": "from fixtures import gone\n"}
    assert {"a"} == changed("fixtures/gone.py", sources=sources)


def test_the_package_of_the_scenarios_is_imported_with_each_of_them() -> None:
    assert {"alone", "index", "reader", "typed"} == changed("scenarios/__init__.py")


def test_a_file_beside_the_scenarios_changes_no_scenario() -> None:
    assert set() == changed("scenarios/LIST")


def test_fixtures_that_import_each_other_are_read_once() -> None:
    sources = {
        "scenarios/a/workload.py": "import fixtures.one\n",
        "fixtures/one.py": "import fixtures.two\n",
        "fixtures/two.py": "import fixtures.one\n",
    }
    assert {"a"} == changed("fixtures/two.py", sources=sources)


def test_a_folder_without_a_scenario_is_not_selected() -> None:
    assert set() == changed("scenarios/_drafts/a.py", "scenarios/.notes/a.py")


@pytest.mark.parametrize("name", ["workload.py", "scenario.toml"])
@pytest.mark.parametrize("text", ["def (", "\0", "services = 7"])
def test_an_unreadable_file_imports_nothing(name: str, text: str) -> None:
    assert set() == changed("fixtures/http.py", sources={f"scenarios/a/{name}": text})


def test_the_default_set_and_changed_scenarios_are_measured_and_no_others() -> None:
    marked = [toys.scenario(name, bench=True) for name in ("a", "b")]
    others = [toys.scenario(name) for name in ("e", "d", "c")]
    assert select([*others, *marked], {"a", "d", "newcomer"}) == Selection(
        included=("d",), left_out=("c", "e"), lacking=("newcomer",)
    )


def test_nothing_is_left_out_if_every_scenario_is_in_the_default_set() -> None:
    assert Selection() == select([toys.scenario("a", bench=True)], {"a"})


COMMITTED = {"1" * 40: {"word_index", "rare_leak"}, "2" * 40: {"word_index", "word_list"}}


def test_a_scenario_that_one_of_the_commits_has_can_be_measured() -> None:
    require_committed(["word_index", "rare_leak", "word_list"], {"word_index"}, COMMITTED)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "word_idx",
            "no scenario 'word_idx': 'leaklab list' names them all; similar .* word",
        ),
        ("new", "commit 11111111 or 22222222 has no scenario 'new': commit it first$"),
    ],
)
def test_a_scenario_that_no_commit_has_is_bad_input(name: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        require_committed(["word_index", name], {"new"}, COMMITTED)
