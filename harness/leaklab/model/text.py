"""Text that people gave, or that goes into a table, cut to a length."""

MAX_SHOWN = 60


def cut(text: str) -> str:
    """Text that people gave, short enough for a message."""
    return cut_to(text, MAX_SHOWN)


def cut_repr(value: object) -> str:
    """The `repr` of a value, short enough for a message."""
    try:
        return cut(repr(value))
    except (ValueError, RecursionError):  # thousands of digits, or of nested lists
        return "too large to show"


def cut_to(text: str, longest: int) -> str:
    """Text of at most so many characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def cut_front(text: str, longest: int) -> str:
    """Text of at most so many characters, its end kept."""
    return text if len(text) <= longest else "…" + text[1 - longest :]


def without_folder(command: str) -> str:
    """The words of a process without the folder of its program."""
    program, space, words = command.partition(" ")
    return program.rpartition("/")[2] + space + words
