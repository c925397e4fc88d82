"""A target: a function of the user, as the command line names it."""

from __future__ import annotations

from msgspec import Struct


class Target(Struct, frozen=True, kw_only=True):
    """A function that is a unit of work.

    Attributes:
        text: The target as it was written.
        module: The full name of its module.
        attributes: The names from the module to the function: one, or a class and its method.
        working_folder: The folder in which it runs, that of the user.
        folders: The folders to put first on sys.path.
        setup: The function that makes the argument or the instance; None without one.
    """

    text: str
    module: str
    attributes: tuple[str, ...]
    working_folder: str
    folders: tuple[str, ...]
    setup: Target | None = None
