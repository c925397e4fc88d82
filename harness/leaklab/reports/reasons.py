"""The reasons of a verdict as a note below a table."""

from collections.abc import Sequence

from leaklab.model.verdicts import Reason


def with_reasons(heading: str, reasons: Sequence[Reason]) -> str:
    """Join a heading and its reasons: one on the same line, several as an indented list."""
    texts = [reason.text for reason in reasons]
    if len(texts) == 1:
        return f"{heading}: {texts[0]}"
    return "\n  ".join([f"{heading}:", *texts])
