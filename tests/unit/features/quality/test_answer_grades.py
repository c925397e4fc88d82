"""How answers of profilers are graded, on real reports; `/lab` stands for the checkout."""

from pathlib import Path

import pytest

from leaklab.catalogue.folders import open_catalogue
from leaklab.features.profilers.profile import MAX_SUSPECTS
from leaklab.features.profilers.registry import PROFILERS
from leaklab.features.profilers.suspect import Suspect
from leaklab.features.quality.answer_grades import (
    AnswerGrade,
    GradedAnswer,
    bare_type,
    grade_answers,
    grade_suspect,
)
from leaklab.features.quality.leak_origins import (
    ORIGIN_FACTS,
    LeakOrigin,
    Place,
    leak_origin,
    place_of,
)
from leaklab.model.errors import BadInput

REPORTS = Path(__file__).parents[3] / "data" / "profiler_reports"
LAB = "/lab/scenarios"


def origin(retaining: Place, allocating: Place, name: str) -> LeakOrigin:
    """Return the origin as it was when the reports were recorded."""
    facts = ORIGIN_FACTS[name]
    files = frozenset({retaining.path, allocating.path})
    return LeakOrigin(retaining, (allocating,), files, facts.types, facts.libraries)


def program(name: str, line: int, function: str, owner: str = "") -> Place:
    return Place(f"{LAB}/{name}/buggy.py", line, function, owner)


PARSE = program("native_certificate", 48, "days_left")
ORIGINS = {
    "word_index": origin(
        program("word_index", 19, "add", "WordIndex"),
        Place("/lab/fixtures/articles.py", 45, "revision", "Feed"),
        "word_index",
    ),
    "cache_without_eviction": origin(
        program("cache_without_eviction", 18, "sheet", "LookupService"),
        Place(f"{LAB}/cache_without_eviction/workload.py", 39, "render", ""),
        "cache_without_eviction",
    ),
    "native_certificate": origin(PARSE, PARSE, "native_certificate"),
    "unclosed_sockets": origin(
        program("unclosed_sockets", 21, "poll", "Poller"),
        program("unclosed_sockets", 20, "poll", "Poller"),
        "unclosed_sockets",
    ),
    "red_herring": origin(
        program("red_herring", 41, "issue", "Quotes"),
        program("red_herring", 40, "issue", "Quotes"),
        "red_herring",
    ),
}


@pytest.mark.parametrize(
    ("report", "first", "better"),
    [
        ("word_index.tracemalloc", AnswerGrade.LINE_ALLOCATES, (AnswerGrade.LINE_RETAINS, 2)),
        ("word_index.memory_profiler", AnswerGrade.FILE, (AnswerGrade.LINE_RETAINS, 2)),
        ("word_index.mprof", AnswerGrade.NOTHING, None),
        ("word_index.memray", AnswerGrade.FUNCTION_ALLOCATES, (AnswerGrade.FUNCTION_RETAINS, 2)),
        ("word_index.objgraph", AnswerGrade.OBJECT_RETAINS, None),
        ("word_index.pympler", AnswerGrade.TYPE, None),
        ("word_index.guppy3", AnswerGrade.TYPE, None),
        ("word_index.fil", AnswerGrade.LINE_ALLOCATES, (AnswerGrade.LINE_RETAINS, 2)),
        ("word_index.psleak", AnswerGrade.GROWTH, None),
        ("cache_without_eviction.memray", AnswerGrade.FUNCTION_ALLOCATES, None),
        ("cache_without_eviction.pympler", AnswerGrade.TYPE, None),
        ("cache_without_eviction.memory_profiler", AnswerGrade.LINE_RETAINS, None),
        ("native_certificate.tracemalloc", AnswerGrade.WRONG, None),
        ("native_certificate.memory_profiler", AnswerGrade.FILE, None),
        ("native_certificate.memray", AnswerGrade.WRONG, (AnswerGrade.FUNCTION_RETAINS, 2)),
        ("native_certificate.guppy3", AnswerGrade.WRONG, None),
        ("native_certificate.fil", AnswerGrade.LINE_RETAINS, None),
        ("unclosed_sockets.tracemalloc", AnswerGrade.LIBRARY, None),
        (
            "unclosed_sockets.memory_profiler",
            AnswerGrade.LINE_ALLOCATES,
            (AnswerGrade.LINE_RETAINS, 2),
        ),
        ("unclosed_sockets.memray", AnswerGrade.LIBRARY, None),
        ("unclosed_sockets.objgraph", AnswerGrade.OBJECT_RETAINS, None),
        ("unclosed_sockets.guppy3", AnswerGrade.TYPE, None),
        ("unclosed_sockets.scalene", AnswerGrade.LINE_ALLOCATES, None),
        ("unclosed_sockets.psleak", AnswerGrade.TYPE, None),
        ("red_herring.tracemalloc", AnswerGrade.LINE_RETAINS, None),
        ("red_herring.guppy3", AnswerGrade.WRONG, (AnswerGrade.TYPE, 2)),
        ("red_herring.psleak", AnswerGrade.WRONG, None),
        ("red_herring.objgraph", AnswerGrade.WRONG, None),
        ("red_herring.scalene", AnswerGrade.FILE, None),
    ],
)
def test_a_recorded_report_has_the_grade_that_a_reader_would_give(
    report: str, first: AnswerGrade, better: tuple[AnswerGrade, int] | None
) -> None:
    scenario, _, name = report.partition(".")
    text = (REPORTS / f"{report}.txt").read_text(encoding="utf-8")
    suspects = PROFILERS[name].suspects(text)[:MAX_SUSPECTS]
    expected = GradedAnswer(first, *better) if better else GradedAnswer(first)
    assert expected == grade_answers(suspects, ORIGINS[scenario])


def test_a_line_with_another_number_is_only_the_right_file() -> None:
    graded = grade_suspect(Suspect("", f"{LAB}/word_index/buggy.py", 18), ORIGINS["word_index"])
    assert AnswerGrade.FILE is graded


def test_a_function_of_the_same_name_in_another_file_is_the_wrong_place() -> None:
    graded = grade_suspect(Suspect("", "/lab/other.py", 0, "add"), ORIGINS["word_index"])
    assert AnswerGrade.WRONG is graded


def test_a_later_suspect_counts_only_if_it_is_better_than_the_first() -> None:
    right, wrong = Suspect("", type_name="Article"), Suspect("", type_name="module")
    graded = [
        grade_answers(suspects, ORIGINS["word_index"])
        for suspects in ([right, wrong], [wrong, wrong, right], [right, right])
    ]
    assert graded == [
        GradedAnswer(AnswerGrade.TYPE),
        GradedAnswer(AnswerGrade.WRONG, AnswerGrade.TYPE, 3),
        GradedAnswer(AnswerGrade.TYPE),
    ]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("dict of http.client.HTTPResponse", "HTTPResponse"),
        ("dict (no owner)", "dict"),
        ("_io.BufferedReader", "BufferedReader"),
        ("str", "str"),
    ],
)
def test_a_type_is_compared_without_its_module_and_owner(name: str, bare: str) -> None:
    assert bare == bare_type(name)


@pytest.mark.parametrize("name", ORIGIN_FACTS)
def test_the_origin_of_each_scenario_is_found_in_its_files(name: str) -> None:
    graded, recorded = leak_origin(open_catalogue(None), name), ORIGINS[name]
    places = [(p.function, p.owner) for p in (graded.retaining, *graded.allocating)]
    expected = [(p.function, p.owner) for p in (recorded.retaining, *recorded.allocating)]
    assert expected[: len(places)] == places
    assert len(recorded.files) == len(graded.files)


def test_a_control_has_no_origin() -> None:
    with pytest.raises(BadInput, match="vocabulary is a control, and has no line that retains"):
        leak_origin(open_catalogue(None), "vocabulary")


def test_a_text_that_is_not_on_exactly_one_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("a = 1\nb = 1\n")
    assert Place(str(path), 1, "", "") == place_of(path, "a = ")
    with pytest.raises(BadInput, match="has 2 lines with '= 1': there must be one"):
        place_of(path, "= 1")
