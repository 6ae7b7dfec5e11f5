"""What the evaluation measures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.observability.programs.measures import (
    Question,
    RefusedError,
    Tally,
    has_form,
    mark,
    precision,
    questions,
)

PLAIN = Question("q1", "What is covered?", "Everything", frozenset(), frozenset())
SHAPED = Question("q2", "List it", "", frozenset(), frozenset({"items"}))
IDS = st.lists(st.text("abcdef", min_size=1, max_size=2), max_size=8)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ('{"score": 5}', 1.0),
        ('{"score": 1}', 0.0),
        ('{"score": 3}', 0.5),
        ('```json\n{"score": 4}\n```', 0.75),
        ('{"score": 4, "why": "short"}', 0.75),
        ('{"score": 6}', None),
        ('{"score": 0}', None),
        ('{"score": 4.5}', None),
        ('{"score": true}', None),
        ('{"score": "5"}', None),
        ('{"score": 5} or {"score": 1}', None),
        ("score: 5", None),
        ("pass", None),
        ("", None),
        (None, None),
    ],
)
def test_a_verdict_counts_when_it_is_one_object_with_one_whole_mark(
    verdict: str | None, expected: float | None
) -> None:
    assert mark(verdict) == expected


@given(st.text())
def test_whatever_a_judge_says_is_a_mark_between_nought_and_one_or_none(verdict: str) -> None:
    found = mark(verdict)
    assert found is None or 0 <= found <= 1


def test_a_verdict_that_cannot_be_read_is_counted_as_such_and_never_as_good() -> None:
    found = Tally()
    found.add(PLAIN, "It is.", '{"score": 5}')
    found.add(PLAIN, "It is.", "Excellent, full marks!")
    assert (found.judge, found.unjudged, found.unjudged_ratio) == (0.5, 1, 0.5)


def test_an_answer_that_never_came_counts_as_nought_and_needs_no_judge() -> None:
    found = Tally()
    found.add(SHAPED, None, None)
    found.add(SHAPED, '{"items": []}', '{"score": 5}')
    assert (found.asked, found.unanswered, found.unjudged) == (2, 1, 0)
    assert (found.judge, found.format, found.unjudged_ratio) == (0.5, 0.5, 0.0)


def test_what_was_not_measured_is_none_and_not_nought() -> None:
    found = Tally()
    assert (found.judge, found.format, found.unjudged_ratio) == (None, None, None)
    found.add(PLAIN, "It is.", "?")
    assert (found.judge, found.format, found.unjudged_ratio) == (None, None, 1.0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", None]), st.sampled_from(['{"score": 5}', '{"score": 2}', "no"])), min_size=1
    )
)
def test_an_unread_verdict_in_place_of_a_mark_never_raises_the_score(run: list[tuple[str | None, str]]) -> None:
    whole, spoilt = Tally(), Tally()
    for answer, verdict in run:
        whole.add(PLAIN, answer, verdict)
        spoilt.add(PLAIN, answer, "unreadable")
    assert (spoilt.judge or 0) <= (whole.judge or 0) <= 1


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ('{"items": [], "more": 1}', True),
        ('{"item": []}', False),
        ('Here it is: {"items": []}', False),
        ("[]", False),
        ("", False),
    ],
)
def test_an_answer_has_its_form_when_all_of_it_has(answer: str, fits: bool) -> None:
    assert has_form(answer, {"items"}) is fits


@pytest.mark.parametrize(
    ("found", "relevant", "count", "expected"),
    [
        (["a", "b", "c"], {"a", "c"}, 2, 0.5),
        (["a", "b", "c"], {"a", "c"}, 3, 2 / 3),
        (["a"], {"a"}, 5, 0.2),
        (["a", "a", "a"], {"a"}, 3, 1 / 3),
        ([], {"a"}, 3, 0.0),
        (["x", "y"], {"a"}, 2, 0.0),
    ],
)
def test_precision_is_the_share_of_the_first_places(
    found: list[str], relevant: set[str], count: int, expected: float
) -> None:
    assert precision(found, relevant, count) == pytest.approx(expected)


@given(IDS, st.sets(st.text("abcdef", min_size=1, max_size=2)), st.integers(1, 10))
def test_precision_lies_between_nought_and_one_and_sees_nothing_beyond_its_places(
    found: list[str], relevant: set[str], count: int
) -> None:
    assert 0 <= precision(found, relevant, count) <= 1
    assert precision(found, relevant, count) == precision(found[:count], relevant, count)


def test_a_dataset_is_one_question_a_line() -> None:
    text = '{"id": "a", "question": "Q", "reference": "R", "relevant": ["d1"], "json_keys": ["k"]}\n\n{"id": "b", "question": "P"}'
    assert questions(text) == [
        Question("a", "Q", "R", frozenset({"d1"}), frozenset({"k"})), Question("b", "P", "", frozenset(), frozenset()),
    ]  # fmt: skip


def test_every_line_that_is_wrong_is_named_at_once() -> None:
    lines = [
        "no json",
        "[]",
        '{"id": "a"}',
        '{"id": "a", "question": ""}',
        '{"id": "a", "question": "Q", "relevant": "d"}',
    ]
    with pytest.raises(RefusedError) as refused:
        questions("\n".join(lines))
    assert [each.partition(":")[0] for each in str(refused.value).split("; ")] == [f"line {n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "holds no question"), ('{"id": "a", "question": "Q"}\n' * 2, "id a stands twice")],
)
def test_an_empty_dataset_or_one_with_an_id_twice_is_refused(text: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        questions(text)
