"""blueprint/posture.py, parameter.py and snaps.py: the algebra, and what a posture answers."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from blueprint.errors import DocumentError, NotFound
from blueprint.parameter import CHAINS, Join, Parameter, WrongValue
from blueprint.posture import Contribution, JoinedPosture, Principal, Scope, demand, meets
from blueprint.snaps import SNAPS, Unreachable, snap
from blueprint.types import DataClass, Strength, Value

ORDER = ("none", "some", "more", "all")


def parameter(join: Join, **more: object) -> Parameter:
    order = {"order": ORDER, "order_reason": "each contains the one before"} if join is Join.RANK else {}
    top = {"top": "forever"} if join is Join.AT_LEAST else {}
    choose = {"choose": "lowest"} if join is Join.WITHIN else {}
    row = {"name": join.value, "section": "s", "title": "t", "join": join, "unit": "days", "enforceable": "platform"}
    return Parameter.model_validate({**row, **order, **top, **choose, **more})


EACH = {join: parameter(join) for join in Join}
NUMBERS = st.integers(min_value=0, max_value=50)
WORDS = st.frozensets(st.sampled_from("abcdef"), max_size=6)
ENDS = st.none() | st.integers(min_value=0, max_value=9)
VALUES: dict[Join, st.SearchStrategy[Value]] = {
    Join.MUST: st.booleans(),
    Join.MAY: st.booleans(),
    Join.AT_LEAST: NUMBERS | st.just("forever"),
    Join.AT_MOST: NUMBERS,
    Join.RANK: st.sampled_from(ORDER),
    Join.ALL_OF: WORDS,
    Join.ONLY: WORDS,
    Join.WITHIN: st.tuples(ENDS, ENDS),
}
joins = pytest.mark.parametrize("join", list(Join))


def said(value: Value | None, source: str = "one@1", **more: object) -> Contribution:
    row = {"source": source, "citation": "1.1", "checked": "memory", "strength": Strength.LITERAL, "value": value}
    return Contribution.model_validate({**row, **more})


def joined(known: Parameter, *rows: Contribution, classes: frozenset[DataClass] = frozenset()) -> JoinedPosture:
    return JoinedPosture({known.name: known}, {known.name: rows}, classes)


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


@pytest.mark.parametrize("name", sorted(SNAPS))
@given(value=st.integers(min_value=0, max_value=40000) | st.just("forever"), towards=st.sampled_from(["up", "down"]))
def test_snapping_only_tightens_and_lands_on_what_aws_accepts(name: str, value: int, towards: str) -> None:
    known = parameter(Join.AT_LEAST if towards == "up" else Join.AT_MOST)
    accepted = SNAPS[name]
    try:
        snapped = snap(name, value, towards)  # type: ignore[arg-type]
    except Unreachable:
        return
    assert known.at_least_as_strict(snapped, value)
    assert snap(name, snapped, towards) == snapped  # type: ignore[arg-type]
    assert snapped == "forever" or (accepted.lowest <= snapped <= accepted.highest)
    assert snapped == "forever" or not accepted.steps or snapped in accepted.steps


@pytest.mark.parametrize(
    ("name", "value", "towards", "expected"),
    [
        ("cloudwatch_log_retention", 913, "up", 1096),
        ("cloudwatch_log_retention", 365, "up", 365),
        ("cloudwatch_log_retention", 4000, "up", "forever"),
        ("kms_rotation", 4000, "down", 2560),
        ("kms_rotation", 365, "down", 365),
        ("aws_backup_retention", 2192, "up", 2192),
        ("iam_password_history", 0, "up", 1),
    ],
)
def test_snapping_by_example(name: str, value: int, towards: str, expected: object) -> None:
    assert snap(name, value, towards) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "towards"),
    [("kms_rotation", 30, "down"), ("rds_backup_retention", 36, "up"), ("iam_password_history", 25, "up")],
)
def test_what_aws_cannot_reach_is_refused(name: str, value: int, towards: str) -> None:
    with pytest.raises(Unreachable, match=SNAPS[name].setting):
        snap(name, value, towards)  # type: ignore[arg-type]


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


def test_chains_are_the_joins_that_are_never_empty_and_never_a_set() -> None:
    assert set(Join) - CHAINS == {Join.ALL_OF, Join.ONLY, Join.WITHIN}
