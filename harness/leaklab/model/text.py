"""Shortening text for a message or a table."""

MAX_SHOWN = 60


def cut(text: str) -> str:
    """Shorten text from the user for a message."""
    return cut_to(text, MAX_SHOWN)


def cut_repr(value: object) -> str:
    """Return the `repr` of a value, shortened for a message."""
    try:
        return cut(repr(value))
    except (ValueError, RecursionError):  # thousands of digits, or of nested lists
        return "too large to show"


def cut_to(text: str, longest: int) -> str:
    """Shorten text to at most `longest` characters by cutting its end."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def without_folder(command: str) -> str:
    """Return a command line without the folder of its program."""
    program, space, arguments = command.partition(" ")
    return program.rpartition("/")[2] + space + arguments
