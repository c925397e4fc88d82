"""Conversion of saved results of older schemas to the present one; `model/result.py` lists them."""

from collections.abc import Callable
from typing import Any

from leaklab.model.result import RESULT_SCHEMA
from leaklab.model.verdicts import Conclusion, ReasonKind

# Up to schema 3 a conclusion was true, false or null, and a reason was its text.
LAST_WITHOUT_NAMES = 3
CONCLUSIONS = {True: Conclusion.LEAK, False: Conclusion.CLEAN, None: Conclusion.UNDECIDED}

# Up to schema 4 some fields had other names.
LAST_WITH_OLD_NAMES = 4
RESULT_NAMES = {"ended": "end_reason", "worst": "worst_process", "agrees": "as_expected"}
ESTIMATE_NAMES = {"settled": "conclusive"}
REASON_NAMES = {"ended": "end_reason"}

# Up to schema 5 some kinds of reasons had other names.
LAST_WITH_OLD_KINDS = 5
KINDS = {
    "not-in-all": ReasonKind.NOT_IN_TOTAL,
    "broken-off": ReasonKind.ENDED_EARLY,
    "held-back": ReasonKind.LIMITED_BY_OPTION,
    "past-anything-innocent": ReasonKind.EXCEEDS_HALF_OF_MEMORY,
    "restarts-bound-it": ReasonKind.BOUNDED_BY_RESTARTS,
    "would-escape": ReasonKind.DETECTION_LIMIT,
}

Document = dict[str, Any]


def upgraded(result: Document, schema: int) -> Document:
    """Convert a result, as decoded JSON, from `schema` to the present one.

    Raises:
        KeyError, TypeError, AttributeError: The document is not a result of that schema.
    """
    if schema <= LAST_WITHOUT_NAMES:
        result = {**_in_each_verdict(result, _named), "controls": _controls(result["controls"])}
    if schema <= LAST_WITH_OLD_NAMES:
        result = _in_each_verdict(_renamed(result, RESULT_NAMES), _with_new_names)
    if schema <= LAST_WITH_OLD_KINDS:
        result = _in_each_verdict(result, _with_new_kinds)
    return {**result, "schema": RESULT_SCHEMA}


def _in_each_verdict(result: Document, change: Callable[[Document], Document]) -> Document:
    """Apply a change to the verdicts of the run, of its processes and of its tree."""
    changed = {**result, "verdict": change(result["verdict"])}
    changed["processes"] = [_in_record(record, change) for record in result["processes"]]
    if tree := result.get("tree"):
        changed["tree"] = _in_record(tree, change)
    return changed


def _in_record(record: Document, change: Callable[[Document], Document]) -> Document:
    verdict = record.get("verdict")
    return {**record, "verdict": change(verdict)} if verdict else record


def _controls(controls: Document) -> Document:
    """Remove the names of controls that have a field of their own from the refused ones."""
    refused = [name for name in controls.get("refused", []) if name not in controls]
    return {**controls, "refused": refused}


def _named(verdict: Document) -> Document:
    """Upgrade a verdict of schema 1 to 3: conclusions get names, and reasons get a type."""
    return {
        **verdict,
        "conclusion": CONCLUSIONS[verdict["leak"]],
        "reasons": [_text_reason(text) for text in verdict.get("reasons", [])],
        "estimates": [
            {**one, "conclusion": CONCLUSIONS[one["leak"]], "reason": _text_reason(one["reason"])}
            for one in verdict.get("estimates", [])
        ],
        "others": {r: CONCLUSIONS[leak] for r, leak in verdict.get("others", {}).items()},
    }


def _text_reason(text: str) -> Document:
    return {"kind": ReasonKind.TEXT, "text": text}


def _with_new_names(verdict: Document) -> Document:
    """Rename the fields of a verdict of schema 4."""
    return {
        **verdict,
        "reasons": [_renamed(reason, REASON_NAMES) for reason in verdict.get("reasons", [])],
        "estimates": [
            {**_renamed(one, ESTIMATE_NAMES), "reason": _renamed(one["reason"], REASON_NAMES)}
            for one in verdict.get("estimates", [])
        ],
    }


def _with_new_kinds(verdict: Document) -> Document:
    """Rename the kinds of the reasons of a verdict of schema 5."""

    def renamed(reason: Document) -> Document:
        """Return a reason with the present name of its kind."""
        return {**reason, "kind": KINDS.get(reason["kind"], reason["kind"])}

    return {
        **verdict,
        "reasons": [renamed(reason) for reason in verdict.get("reasons", [])],
        "estimates": [
            {**one, "reason": renamed(one["reason"])} for one in verdict.get("estimates", [])
        ],
    }


def _renamed(document: Document, names: dict[str, str]) -> Document:
    return {names.get(name, name): value for name, value in document.items()}
