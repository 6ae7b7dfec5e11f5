"""What is measured of answers and of what is found: arithmetic without any call, so that it can be checked by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Json: TypeAlias = Mapping[str, object]

LOWEST, HIGHEST = 1, 5
"""Marks that the judge gives."""
_OBJECT = re.compile(r"\{[^{}]*\}")


class RefusedError(Exception):
    """The evaluation cannot be made as it stands; the message says what to change."""


@dataclass(frozen=True)
class Question:
    """One line of the dataset."""

    id: str
    text: str
    reference: str
    """What a good answer says; empty: the judge goes by the question alone."""
    relevant: frozenset[str]
    """Documents that answer it; empty: what is found for it is not measured."""
    keys: frozenset[str]
    """Keys that the answer has to have as a JSON object; empty: it may have any form."""


@dataclass
class Tally:
    """What became of the answers of one model."""

    asked: int = 0
    unanswered: int = 0
    unjudged: int = 0
    """Answered, but the judge's verdict could not be read. Such an answer counts as nought, never as good."""
    marks: list[float] = field(default_factory=list)
    formed: list[bool] = field(default_factory=list)

    @property
    def judge(self) -> float | None:
        """Mean mark over everything that was asked, 0 to 1; None when nothing was judged at all."""
        return sum(self.marks) / self.asked if self.marks else None

    @property
    def format(self) -> float | None:
        """Share of answers in the form that was asked for; None when no question asks for one."""
        return sum(self.formed) / len(self.formed) if self.formed else None

    @property
    def unjudged_ratio(self) -> float | None:
        """Share of answers whose verdict could not be read; None when there was no answer."""
        answered = self.asked - self.unanswered
        return self.unjudged / answered if answered else None

    def add(self, question: Question, answer: str | None, verdict: str | None) -> None:
        """Count one question with what the model and then the judge said; None: no answer came."""
        self.asked += 1
        if question.keys:
            self.formed.append(answer is not None and has_form(answer, question.keys))
        if answer is None:
            self.unanswered += 1
            return
        found = mark(verdict)
        if found is None:
            self.unjudged += 1
        else:
            self.marks.append(found)


def questions(text: str) -> list[Question]:
    """The dataset: one JSON object a line. Raises RefusedError with every line that is wrong."""
    found, problems = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                found.append(_question(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                problems.append(f"line {number}: {error}")
    again = sorted({each.id for each in found if [other.id for other in found].count(each.id) > 1})
    problems += [f"id {name} stands twice" for name in again]
    if problems or not found:
        raise RefusedError("; ".join(problems) or "the dataset holds no question")
    return found


def _question(line: object) -> Question:
    if not isinstance(line, Mapping):
        raise TypeError("not a JSON object")
    id_, text = line["id"], line["question"]
    if not (isinstance(id_, str) and id_ and isinstance(text, str) and text):
        raise ValueError("id and question have to be text")
    return Question(
        id=id_, text=text, reference=str(line.get("reference", "")), relevant=_names(line.get("relevant")),
        keys=_names(line.get("json_keys")),
    )  # fmt: skip


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list | None):
        raise TypeError(f"{value!r} is no list")
    return frozenset(str(each) for each in value or ())


def mark(verdict: str | None) -> float | None:
    """The judge's mark as 0 to 1; None for whatever is not one object with one whole mark between LOWEST and HIGHEST."""
    marks = [score for found in _OBJECT.findall(verdict or "") if (score := _score(found)) is not None]
    return (marks[0] - LOWEST) / (HIGHEST - LOWEST) if len(marks) == 1 else None


def _score(text: str) -> int | None:
    try:
        value = json.loads(text).get("score")
    except ValueError:
        return None
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and LOWEST <= value <= HIGHEST else None


def has_form(answer: str, keys: Collection[str]) -> bool:
    """Whether the whole answer is one JSON object with these keys."""
    try:
        found = json.loads(answer)
    except ValueError:
        return False
    return isinstance(found, dict) and found.keys() >= set(keys)


def precision(found: Sequence[str], relevant: Collection[str], count: int) -> float:
    """Share of the first `count` places that hold a relevant document; a place that stays empty, or repeats one, holds none."""
    return len(set(found[:count]) & set(relevant)) / count


def mean(values: Iterable[float]) -> float | None:
    """Their mean; None for none."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else None
