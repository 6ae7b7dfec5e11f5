"""blueprint/snaps.py: what AWS accepts, and never anything weaker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.parameter import Join
from blueprint.snaps import SNAPS, Unreachable, snap
from tests.blueprint.joins import parameter


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
