"""An API of the tests' own: notes what it was asked, and answers by a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Answer: TypeAlias = tuple[int, dict[str, Any]]


class Api:
    """Answers of "METHOD /path", in turn where there are several; everything else succeeds without a word."""

    def __init__(self, answers: Mapping[str, Answer | Sequence[Answer]] | None = None) -> None:
        self.answers = {
            key: [value] if isinstance(value, tuple) else list(value) for key, value in (answers or {}).items()
        }
        self.asked: list[tuple[str, object]] = []

    def __call__(self, method: str, path: str, body: object = None) -> Answer:
        key = f"{method} {path}"
        self.asked.append((key, body))
        queue = self.answers.get(key, [(200, {})])
        return queue.pop(0) if len(queue) > 1 else queue[0]

    def body(self, key: str) -> object:
        """What one call brought."""
        (found,) = (body for asked, body in self.asked if asked == key)
        return found
