"""A support desk: each chat has its own thread, so its questions are answered in order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Answers:
    """Composes each answer once per thread; threads share no answers, so there is no lock."""

    def __init__(self, compose: Callable[[str], str]) -> None:
        self._compose = compose
        self._own = threading.local()

    def answer(self, topic: str) -> str:
        """Return the answer to a question on a topic."""
        known: dict[str, str] = vars(self._own)
        if topic not in known:
            known[topic] = self._compose(topic)
        return known[topic]


class Chat(threading.Thread):
    """Answers one customer's questions."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(daemon=True)
        self.questions: SimpleQueue[Any] = SimpleQueue()
        self._answers = answers

    def run(self) -> None:
        """Answer question after question."""
        for topic, reply in iter(self.questions.get, None):
            reply(self._answers.answer(topic))


class Desk:
    """The open chats."""

    def __init__(self, compose: Callable[[str], str]) -> None:
        self._answers = Answers(compose)
        self._chats: dict[int, Chat] = {}

    def open(self, customer: int) -> None:
        """Open a chat."""
        self._chats[customer] = Chat(self._answers)
        self._chats[customer].start()

    def ask(self, customer: int, topic: str) -> str:
        """Return the answer to a customer's question."""
        answer: SimpleQueue[str] = SimpleQueue()
        self._chats[customer].questions.put((topic, answer.put))
        return answer.get()

    def close(self, customer: int) -> None:
        """Close a chat."""
        chat = self._chats.pop(customer)
        chat.questions.put(None)
        chat.join()
