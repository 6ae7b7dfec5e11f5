"""blueprint/posture.py: what a posture answers, and whom it names."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from blueprint.errors import DocumentError, NotFound
from blueprint.parameter import Join, Parameter, WrongValue
from blueprint.posture import Contribution, JoinedPosture, Principal, Scope, demand, meets
from blueprint.types import DataClass, Strength, Value
from tests.blueprint.joins import EACH, NUMBERS, VALUES, joins, parameter


def said(value: Value | None, source: str = "one@1", **more: object) -> Contribution:
    row = {"source": source, "citation": "1.1", "checked": "memory", "strength": Strength.LITERAL, "value": value}
    return Contribution.model_validate({**row, **more})


def joined(known: Parameter, *rows: Contribution, classes: frozenset[DataClass] = frozenset()) -> JoinedPosture:
    return JoinedPosture({known.name: known}, {known.name: rows}, classes)


@joins
@given(data=st.data())
def test_winners_alone_give_the_joined_value_and_contributors_are_all_kept(join: Join, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[join], min_size=1, max_size=5))
    known = EACH[join]
    value = known.strictest(values)
    posture = joined(known, *(said(each, f"f{index}@1") for index, each in enumerate(values)))
    if known.is_empty(value):
        with pytest.raises(DocumentError):
            posture.of(known.name)
        return
    effective = posture.of(known.name)
    assert effective is not None
    assert effective.value == value
    assert [each.value for each in effective.contributors] == values
    decisive = [each.value for each in effective.won if each.value is not None]
    assert not decisive or known.strictest(decisive) == value
    assert decisive or value in (frozenset(), (None, None))


def test_both_numbers_are_kept_and_the_joined_one_is_judged_against() -> None:
    known = parameter(Join.AT_LEAST, snap="cloudwatch_log_retention")
    effective = joined(known, said(913)).of(known.name)
    assert effective is not None
    assert (effective.value, effective.snapped) == (913, 1096)
    assert meets(known, 1000, effective)
    assert not meets(known, 912, effective)
    assert meets(known, "forever", effective)


@pytest.mark.parametrize(
    ("join", "bound", "good", "bad"),
    [
        (Join.MUST, True, True, False),
        (Join.MAY, False, False, True),
        (Join.AT_LEAST, 30, 30, 29),
        (Join.AT_MOST, 30, 30, 31),
        (Join.AT_MOST, 30, 0, "forever"),
        (Join.RANK, "more", "all", "some"),
        (Join.ALL_OF, frozenset("ab"), ["a", "b", "c"], ["a"]),
        (Join.ONLY, frozenset("ab"), "a", ["a", "c"]),
        (Join.WITHIN, (3, 7), 3, 8),
        (Join.WITHIN, (3, None), 100, 2),
        (Join.WITHIN, (None, 7), 0, (3, None)),
    ],
)
def test_a_value_meets_the_bound_or_does_not(join: Join, bound: Value, good: object, bad: object) -> None:
    posture = joined(EACH[join], said(bound))
    assert posture.meets(join.value, good) is True
    assert posture.meets(join.value, bad) is False


@pytest.mark.parametrize(
    ("join", "wrong"),
    [
        (Join.MUST, 1),
        (Join.AT_LEAST, True),
        (Join.AT_LEAST, -1),
        (Join.AT_MOST, "90"),
        (Join.RANK, "most"),
        (Join.ALL_OF, [1]),
        (Join.ONLY, None),
        (Join.WITHIN, "x"),
    ],
)
def test_a_value_of_another_type_is_refused_and_never_judged(join: Join, wrong: object) -> None:
    with pytest.raises(WrongValue, match=join.value):
        joined(EACH[join], said(_some(join))).meets(join.value, wrong)


def _some(join: Join) -> Value:
    simple: dict[Join, Value] = {
        Join.MUST: True,
        Join.AT_LEAST: 1,
        Join.AT_MOST: 1,
        Join.RANK: "some",
        Join.WITHIN: (1, 2),
    }
    return simple.get(join, frozenset("a"))


def test_a_parameter_that_nobody_sets_is_met_by_nothing_and_nothing_fails_it() -> None:
    posture = joined(EACH[Join.MUST], said(None))
    assert posture.of("must") is None
    assert posture.meets("must", False) is None
    assert posture.demand("must") == "no framework sets it"
    assert [each.value for each in posture.contributions["must"]] == [None]


def test_a_forbidden_value_is_an_error_after_the_join_and_never_met() -> None:
    known = EACH[Join.ALL_OF]
    ban = said(None, "two@1", forbids={"c"})
    posture = joined(known, said(frozenset("ab")), ban)
    assert posture.meets("all_of", ["a", "b"]) is True
    assert posture.meets("all_of", ["a", "b", "c"]) is False
    assert "without c" in posture.demand("all_of")
    with pytest.raises(DocumentError, match=r"(?s)three@1.*asks \{c\}.*two@1.*forbids c"):
        joined(known, said(frozenset("c"), "three@1"), ban).of("all_of")


def test_scopes_join_with_the_platform_and_the_platforms_classes_are_the_default() -> None:
    known = EACH[Join.AT_LEAST]
    rows = (
        said(10),
        said(20, "phi@1", scope=Scope(kind="data_class", name="phi")),
        said(30, "pii@1", scope=Scope(kind="data_class", name="pii")),
    )
    posture = joined(known, *rows, classes=frozenset({DataClass.PHI}))
    asked = {
        None: 20,
        frozenset[DataClass](): 10,
        frozenset({DataClass.PUBLIC}): 10,
        frozenset({DataClass.PII}): 30,
        frozenset({DataClass.PHI, DataClass.PII}): 30,
    }
    found = {classes: posture.of(known.name, classes) for classes in asked}
    assert {classes: each and each.value for classes, each in found.items()} == asked
    assert [(str(each.scope), each.value) for each in posture.entries()] == [("platform", 10), ("phi", 20), ("pii", 30)]


def test_a_contribution_for_either_of_two_classes_applies_to_each() -> None:
    known = EACH[Join.AT_LEAST]
    posture = joined(known, said(10), said(20, scope=Scope(kind="data_class", name="phi+pii")))
    asked = (frozenset({DataClass.PHI}), frozenset({DataClass.PII}), frozenset({DataClass.PUBLIC}))
    assert [posture.of(known.name, classes).value for classes in asked] == [20, 20, 10]  # type: ignore[union-attr]
    assert [(str(each.scope), each.value) for each in posture.entries()] == [("platform", 10), ("phi+pii", 20)]


@given(
    st.lists(st.tuples(st.sampled_from(["", *DataClass]), NUMBERS), min_size=1, max_size=6),
    st.frozensets(st.sampled_from(DataClass)),
    st.frozensets(st.sampled_from(DataClass)),
)
def test_more_data_classes_never_loosen(
    rows: list[tuple[str, int]], few: frozenset[DataClass], more: frozenset[DataClass]
) -> None:
    known = EACH[Join.AT_LEAST]
    scopes = [Scope(kind="data_class", name=name) if name else Scope() for name, _ in rows]
    posture = joined(known, *(said(value, scope=scope) for scope, (_, value) in zip(scopes, rows, strict=True)))
    weak, strict = posture.of(known.name, few), posture.of(known.name, few | more)
    if weak is not None:
        assert strict is not None
        assert known.at_least_as_strict(strict.value, weak.value)


def test_a_principal_left_out_gets_the_strictest_of_all() -> None:
    known = EACH[Join.AT_MOST]
    rows = (
        said(180),
        said(90, "f@1", scope=Scope(kind="principal", name="privileged")),
        said(365, "f@1", scope=Scope(kind="principal", name="user")),
    )
    posture = joined(known, *rows)
    asked = [None, Principal.PRIVILEGED, Principal.USER]
    assert [posture.of("at_most", None, who).value for who in asked] == [90, 90, 180]  # type: ignore[union-attr]


def test_ties_name_every_winner_in_the_demand() -> None:
    known = EACH[Join.AT_MOST]
    posture = joined(known, said(90, "a@1"), said(90, "b@2"), said(180, "c@3"))
    effective = posture.of("at_most")
    assert effective is not None
    assert effective.winners == (0, 1)
    assert demand(known, effective) == "at most 90 days, from a@1 1.1 (literal); b@2 1.1 (literal)"


def test_an_unknown_parameter_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(NotFound, match="at_most"):
        joined(EACH[Join.AT_MOST]).of("at_mots")


def test_asking_twice_gives_the_same_object() -> None:
    posture = joined(EACH[Join.AT_MOST], said(1))
    assert posture.of("at_most") is posture.of("at_most")


def test_nothing_of_a_posture_can_be_changed() -> None:
    posture = joined(EACH[Join.AT_MOST], said(1))
    with pytest.raises(FrozenInstanceError):
        posture.data_classes = frozenset()  # type: ignore[misc]
    effective = posture.of("at_most")
    assert effective is not None
    with pytest.raises(ValidationError):
        effective.value = 2  # type: ignore[misc]
