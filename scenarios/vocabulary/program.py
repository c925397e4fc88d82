"""Numbers for words, for a text pipeline."""

from __future__ import annotations

from collections.abc import Iterable


class Vocabulary:
    """Gives every word a number, in the order in which words are first seen."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def encode(self, words: Iterable[str]) -> list[int]:
        """Return the numbers of the words; a new word gets the next free number."""
        numbers = self._numbers
        return [numbers.setdefault(word, len(numbers)) for word in words]
