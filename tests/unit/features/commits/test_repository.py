import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaklab.features.commits.repository import Repository, open_repository
from leaklab.model.errors import BadInput

NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Work:
    """A checkout, and git commands in it."""

    root: Path

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, *names: str, text: str = "text\n") -> None:
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, *names: str, text: str = "text\n") -> str:
        """Make a commit that writes these files; return its hash."""
        self.write(*names, text=text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", f"writes {' '.join(names)}")
        return self.git("rev-parse", "HEAD")

    @property
    def repository(self) -> Repository:
        return open_repository(self.root)


pytestmark = pytest.mark.process  # git's own folder


@pytest.fixture(autouse=True)
def _nobodys_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep git settings of the user, the machine or a hook out of these tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "test@example.invalid")


@pytest.fixture
def empty(tmp_path: Path) -> Work:
    """A repository without a commit."""
    work = Work(tmp_path / "work")
    work.root.mkdir()
    work.git("init", "-q", "-b", "main")
    return work


@pytest.fixture
def work(empty: Work) -> Work:
    """A repository with one commit."""
    empty.commit("scenarios/a/fixed.py", "fixtures/words.py", "README.md")
    return empty


def test_a_commit_is_resolved_by_each_of_its_names(work: Work) -> None:
    first = work.git("rev-parse", "HEAD")
    work.git("tag", "-a", "v1", "-m", "a tag with words of its own")
    work.git("branch", "feature/one")
    second = work.commit("scenarios/a/buggy.py")
    names = ("v1", "feature/one", "HEAD~1", first, first[:8], "main^")
    assert [first] * 6 == [work.repository.hash_of(name) for name in names]
    assert [second] * 3 == [work.repository.hash_of(name) for name in ("HEAD", "main", "@")]


@pytest.mark.parametrize(
    "name",
    [
        *["no-such-branch", "", " ", "deadbeef", "HEAD~9", "HEAD..HEAD", "HEAD:README.md"],
        *["-q", "--all", "--git-dir", "--", "-n1", "HEAD\nHEAD", "x" * 9999],
    ],
)
def test_a_name_of_no_commit_is_refused_in_one_short_line(work: Work, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        work.repository.hash_of(name)
    output = str(caught.value)
    assert output.startswith("there is no commit '")
    assert "git branch --all" in output
    assert "\n" not in output
    assert len(output) < 200


def test_a_hash_of_no_commit_is_refused(work: Work) -> None:
    tree = work.git("rev-parse", "HEAD^{tree}")
    for name in (tree, NO_COMMIT):
        with pytest.raises(BadInput, match=f"no commit '{name}'"):
            work.repository.hash_of(name)


def test_a_folder_without_a_repository_is_not_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match="is not a git checkout, and asv measures commits: use a clone"
    ):
        open_repository(tmp_path)


def test_a_folder_of_a_checkout_is_not_its_top(work: Work) -> None:
    with pytest.raises(BadInput, match="scenarios is not a git checkout"):
        open_repository(work.root / "scenarios")


def test_an_unreadable_repository_is_named_with_the_message_of_git(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(BadInput, match=r"git cannot read .*: fatal: not a git repo") as caught:
        open_repository(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_repository_without_a_commit_has_nothing_to_measure(empty: Work) -> None:
    with pytest.raises(BadInput, match="no commit 'HEAD'"):
        open_repository(empty.root)


def test_the_message_without_git_says_to_install_it(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(BadInput, match="git is not installed, and asv measures commits"):
        open_repository(work.root)


def test_a_shallow_clone_is_refused_with_the_remedy(work: Work, tmp_path: Path) -> None:
    work.commit("scenarios/b/fixed.py")
    clone = tmp_path / "clone"
    work.git("clone", "-q", "--depth=1", work.root.as_uri(), str(clone))
    with pytest.raises(BadInput, match=r"this clone is shallow.*: run 'git fetch --unshallow'"):
        open_repository(clone)
    Work(clone).git("fetch", "-q", "--unshallow")
    assert work.git("rev-parse", "HEAD~1") == open_repository(clone).hash_of("HEAD~1")


def test_a_second_worktree_is_a_checkout_too(work: Work, tmp_path: Path) -> None:
    head = work.git("rev-parse", "HEAD")
    work.git("worktree", "add", "-q", "--detach", str(tmp_path / "second"))
    assert head == open_repository(tmp_path / "second").hash_of("HEAD")


def test_a_clean_checkout_has_no_differences(work: Work) -> None:
    assert [] == work.repository.uncommitted()


def test_changed_and_untracked_files_are_named(work: Work) -> None:
    work.commit("scenarios/a/gone.py", "scenarios/a/staged.py")
    work.write("scenarios/a/fixed.py", "fixtures/words.py", text="changed\n")
    work.write("scenarios/a/staged.py", text="changed\n")
    work.git("add", "scenarios/a/staged.py")
    work.write("scenarios/new/deep/fixed.py", "scenarios/new/scenario.toml")
    (work.root / "scenarios/a/gone.py").unlink()
    assert sorted(work.repository.uncommitted()) == [
        "fixtures/words.py",
        "scenarios/a/fixed.py",
        "scenarios/a/gone.py",
        "scenarios/a/staged.py",
        "scenarios/new/deep/fixed.py",
        "scenarios/new/scenario.toml",
    ]


def test_exactly_the_files_that_differ_between_two_commits_are_named(work: Work) -> None:
    base = work.commit("scenarios/a/gone.py", "scenarios/a/moved.py")
    work.git("mv", "scenarios/a/moved.py", "scenarios/a/there.py")
    work.git("rm", "-q", "scenarios/a/gone.py")
    head = work.commit("scenarios/a/fixed.py", "fixtures/ä.py", "README.md", text="changed\n")
    expected = ["a/fixed.py", "a/gone.py", "a/moved.py", "a/there.py"]
    paths = ["fixtures/ä.py", *(f"scenarios/{path}" for path in expected)]
    assert paths == work.repository.differing(base, head)
    assert paths == work.repository.differing(head, base)
    assert [] == work.repository.differing(head, head)


def test_a_commit_has_a_first_parent_or_none(work: Work) -> None:
    first = work.git("rev-parse", "HEAD")
    second = work.commit("note")
    assert (first, None) == (work.repository.parent_of(second), work.repository.parent_of(first))


def test_sources_come_from_the_commit_and_not_from_the_checkout(work: Work) -> None:
    work.write("scenarios/a/scenario.toml", "scenarios/a/data.txt", "tests/a.py")
    commit = work.commit("fixtures/words.py", text="words\n")
    work.commit("fixtures/words.py", text="other words\n")
    assert work.repository.sources(commit) == {
        "fixtures/words.py": "words",
        "scenarios/a/fixed.py": "text",
        "scenarios/a/scenario.toml": "text",
    }


def test_a_file_that_was_renamed_is_named_by_both_its_names(work: Work) -> None:
    work.git("mv", "scenarios/a/fixed.py", "scenarios/a/repaired.py")
    output = " ".join(work.repository.uncommitted()).split()
    assert {"scenarios/a/fixed.py", "scenarios/a/repaired.py"} <= set(output)


def test_files_that_do_not_affect_measurements_are_not_named(work: Work) -> None:
    work.commit(".gitignore", text="__pycache__/\n")
    work.write("README.md", "benchmarks/lab.py", text="changed\n")
    work.write("scenarios/a/__pycache__/fixed.pyc")
    assert [] == work.repository.uncommitted()


def test_the_user_s_git_settings_change_nothing(work: Work) -> None:
    work.git("config", "status.relativePaths", "true")
    work.git("config", "status.short", "false")
    work.git("config", "status.showUntrackedFiles", "no")
    work.git("config", "color.ui", "always")
    head = work.git("rev-parse", "HEAD")
    work.write("scenarios/a/new.py")
    assert ["scenarios/a/new.py"] == work.repository.uncommitted()
    assert [head] == work.repository.newest(1)


def test_the_newest_commits_are_those_that_affect_measurements(work: Work) -> None:
    first = work.git("rev-parse", "HEAD")
    scenario = work.commit("scenarios/b/fixed.py")
    work.commit("README.md", text="more words\n")
    harness = work.commit("harness/leaklab/agent/layout.py")
    fixture = work.commit("fixtures/words.py", text="more words\n")
    work.commit("benchmarks/lab.py", "docs/history.md")
    newest_first = [fixture, harness, scenario, first]
    assert newest_first == work.repository.newest(9)
    assert newest_first[:2] == work.repository.newest(2)


def test_a_merged_branch_counts_as_one_commit(work: Work) -> None:
    first = work.git("rev-parse", "HEAD")
    work.git("checkout", "-q", "-b", "feature")
    for number in range(3):
        work.commit("scenarios/a/fixed.py", text=f"step {number}\n")
    work.git("checkout", "-q", "main")
    work.commit("README.md", text="more words\n")
    work.git("merge", "-q", "--no-ff", "-m", "merges feature", "feature")
    assert [work.git("rev-parse", "HEAD"), first] == work.repository.newest(9)


def test_a_history_without_relevant_commits_is_empty(empty: Work) -> None:
    empty.commit("README.md")
    assert [] == empty.repository.newest(9)


def test_reading_leaves_the_checkout_unchanged(work: Work) -> None:
    work.write("scenarios/a/fixed.py")  # the same text, at another time
    os.utime(work.root / "scenarios/a/fixed.py", (1, 1))
    index = (work.root / ".git/index").read_bytes()
    assert [] == work.repository.uncommitted()
    assert index == (work.root / ".git/index").read_bytes()


def test_the_scenarios_of_a_commit_are_the_folders_with_a_scenario_toml(empty: Work) -> None:
    commit = empty.commit("scenarios/one/scenario.toml", "scenarios/two/notes.txt")
    empty.write("scenarios/three/scenario.toml")
    assert {"one"} == empty.repository.scenarios_of(commit)
