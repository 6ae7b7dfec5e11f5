"""Everything that can be wrong, as one small tree.

BlueprintError
├── DocumentError    a stack document, an exception file, a catalogue file: carries every problem found
├── NotFound         no such stack, rule, control, framework: carries the nearest names
├── ProgramError     the composed program failed while it was synthesised
└── FileUnreadable   a graph, preview or state file cannot be read as such
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SHOWN = 8
"""So many allowed names are listed in full; beyond that the nearest ones are."""


class Position(NamedTuple):
    """Where something stands; lines and columns count from one. Every value of every file has one, so it is light."""

    file: Path
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what, against which bound, why, and the way out."""

    what: str
    why: str = ""
    fix: str = ""
    path: tuple[str | int, ...] = ()
    value: str = ""
    allowed: str = ""
    position: Position | None = None

    @property
    def key(self) -> str:
        """The path as people write it: serving[0].pool."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
        return text

    def __str__(self) -> str:
        head = ": ".join(part for part in (str(self.position or ""), self.key, self.what) if part)
        tail = [f"value: {self.value}"] if self.value else []
        tail += [f"{label}: {text}" for label, text in self._labelled() if text]
        return "\n".join([head, *(f"    {line}" for line in tail)])

    def _labelled(self) -> tuple[tuple[str, str], ...]:
        return (("allowed", self.allowed), ("why", self.why), ("fix", self.fix))


class BlueprintError(Exception):
    """Root of everything this project raises on purpose."""


class DocumentError(BlueprintError):
    """A document that cannot be accepted, with every problem once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotFound(BlueprintError):
    """A name that nothing has."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(f"no {kind} is called {name!r}; {nearest(name, self.known)}")


class ProgramError(BlueprintError):
    """The program could not be synthesised."""


class FileUnreadable(BlueprintError):
    """A file is not what it is said to be."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of the known names was probably meant, or list them."""
    names = sorted(known)
    folded = {_folded(each): each for each in reversed(names)}
    close = [folded[each] for each in difflib.get_close_matches(_folded(name), folded, n=3, cutoff=0.6)]
    if close:
        return f"did you mean {' or '.join(close)}?"
    if len(names) <= SHOWN:
        return f"known: {', '.join(names) or 'none'}"
    return f"{len(names)} names are known, among them {', '.join(names[:SHOWN])}"


def _folded(name: str) -> str:
    """A name without what people write in different ways: case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name).lower()
