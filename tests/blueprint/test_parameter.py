"""blueprint/parameter.py: the algebra of the joins, and how values are read and said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.parameter import CHAINS, Join
from blueprint.types import Value
from tests.blueprint.joins import EACH, VALUES, joins, parameter


@joins
@given(data=st.data())
def test_joining_is_commutative_associative_and_idempotent(join: Join, data: st.DataObject) -> None:
    one, two, three = (data.draw(VALUES[join]) for _ in range(3))
    combine = EACH[join].combine
    assert combine(one, two) == combine(two, one)
    assert combine(combine(one, two), three) == combine(one, combine(two, three))
    assert combine(one, one) == one


@joins
@given(data=st.data())
def test_one_more_contribution_never_loosens(join: Join, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[join], min_size=1, max_size=4))
    more = data.draw(VALUES[join])
    known = EACH[join]
    assert known.at_least_as_strict(known.strictest([*values, more]), known.strictest(values))


@joins
@given(data=st.data())
def test_the_join_satisfies_everyone_and_asks_no_more_than_that(join: Join, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[join], min_size=1, max_size=4))
    candidate = data.draw(VALUES[join])
    known = EACH[join]
    together = known.at_least_as_strict(candidate, known.strictest(values))
    assert together == all(known.at_least_as_strict(candidate, value) for value in values)


@joins
@given(data=st.data())
def test_being_as_strict_is_reflexive_and_transitive(join: Join, data: st.DataObject) -> None:
    one, two, three = (data.draw(VALUES[join]) for _ in range(3))
    strict = EACH[join].at_least_as_strict
    assert strict(one, one)
    assert not (strict(one, two) and strict(two, three)) or strict(one, three)


def test_chains_are_the_joins_that_are_never_empty_and_never_a_set() -> None:
    assert set(Join) - CHAINS == {Join.ALL_OF, Join.ONLY, Join.WITHIN}


@pytest.mark.parametrize(
    ("join", "value", "demand"),
    [
        (Join.MUST, True, "must be yes"),
        (Join.MUST, False, "may be yes or no"),
        (Join.MAY, False, "must be no"),
        (Join.AT_LEAST, 30, "at least 30 days"),
        (Join.AT_LEAST, "forever", "at least forever"),
        (Join.AT_MOST, 30, "at most 30 days"),
        (Join.RANK, "more", "more or stricter"),
        (Join.RANK, "all", "all"),
        (Join.ALL_OF, frozenset("ba"), "at least all of {a, b}"),
        (Join.ONLY, frozenset("ba"), "nothing outside {a, b}"),
        (Join.WITHIN, (3, 7), "3 to 7 days"),
        (Join.WITHIN, (3, None), "3 days or more"),
        (Join.WITHIN, (None, 7), "up to 7 days"),
        (Join.WITHIN, (None, None), "anything"),
    ],
)
def test_a_joined_value_is_said_as_a_demand(join: Join, value: Value, demand: str) -> None:
    assert EACH[join].bound(value) == demand


@pytest.mark.parametrize(
    ("choose", "interval", "built"),
    [
        ("highest", ("some", "more"), "more"),
        ("highest", ("some", None), "all"),
        ("lowest", ("some", "more"), "some"),
        ("lowest", (None, "more"), "none"),
    ],
)
def test_of_an_interval_on_an_order_the_chosen_end_is_built(choose: str, interval: object, built: str) -> None:
    known = parameter(Join.WITHIN, choose=choose, order=("none", "some", "more", "all"), order_reason="r")
    assert known.snapped(known.parse(interval)) == built
    assert known.at_least_as_strict(known.parse(built), known.parse(interval))


def test_the_low_end_of_an_interval_of_numbers_is_moved_up_to_what_aws_accepts() -> None:
    assert parameter(Join.WITHIN, snap="cloudwatch_log_retention").snapped((913, None)) == 1096


def test_a_value_that_never_ends_is_within_an_interval_that_is_open_above() -> None:
    known = parameter(Join.WITHIN, top="forever")
    assert known.at_least_as_strict(known.parse("forever"), (90, None))
    assert not known.at_least_as_strict(known.parse("forever"), (90, 365))
