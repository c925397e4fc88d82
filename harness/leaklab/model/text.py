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


def counted(count: int, noun: str, plural: str = "") -> str:
    """Format a number of things: `1 scenario`, `1,200 scenarios`.

    Args:
        count: The number.
        noun: The singular.
        plural: The plural; empty for `noun` with an s.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def cut_to(text: str, longest: int) -> str:
    """Shorten text to at most `longest` characters by cutting its end."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def without_folder(command: str) -> str:
    """Return a command line without the folder of its program."""
    program, space, arguments = command.partition(" ")
    return program.rpartition("/")[2] + space + arguments
