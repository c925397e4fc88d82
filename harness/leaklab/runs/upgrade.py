"""Saved results of older schemas, in the form of the present one."""

from typing import Any

from leaklab.model.result import SCHEMA
from leaklab.model.verdicts import Conclusion, ReasonKind

# Up to schema 3 a conclusion was true, false or null, and a reason its words.
LAST_WITHOUT_NAMES = 3
CONCLUSIONS = {True: Conclusion.LEAK, False: Conclusion.CLEAN, None: Conclusion.UNDECIDED}

Document = dict[str, Any]


def upgraded(result: Document, schema: int) -> Document:
    """A result as decoded JSON, of any schema there ever was, in the present one.

    Raises:
        KeyError, TypeError, AttributeError: it is no result of its schema.
    """
    if schema > LAST_WITHOUT_NAMES:
        return result
    upgraded = {**result, "schema": SCHEMA, "verdict": _verdict(result["verdict"])}
    upgraded["controls"] = _controls(result["controls"])
    upgraded["processes"] = [_with_verdict(process) for process in result["processes"]]
    if tree := result.get("tree"):
        upgraded["tree"] = _with_verdict(tree)
    return upgraded


def _with_verdict(record: Document) -> Document:
    """A process's record, or the tree's."""
    verdict = record.get("verdict")
    return {**record, "verdict": _verdict(verdict)} if verdict else record


def _controls(controls: Document) -> Document:
    """Without the names of controls that have a field of their own."""
    refused = [what for what in controls.get("refused", []) if what not in controls]
    return {**controls, "refused": refused}


def _verdict(verdict: Document) -> Document:
    return {
        **verdict,
        "conclusion": CONCLUSIONS[verdict["leak"]],
        "reasons": [_reason(text) for text in verdict.get("reasons", [])],
        "estimates": [
            {**one, "conclusion": CONCLUSIONS[one["leak"]], "reason": _reason(one["reason"])}
            for one in verdict.get("estimates", [])
        ],
        "others": {r: CONCLUSIONS[leak] for r, leak in verdict.get("others", {}).items()},
    }


def _reason(text: str) -> Document:
    return {"kind": ReasonKind.TEXT, "text": text}
