"""Names that several layers must agree on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blueprint.naming import fitted

NAMES = st.from_regex(r"[a-z]([a-z0-9]|-(?=[a-z0-9])){0,80}", fullmatch=True)


@given(NAMES, st.integers(10, 60))
def test_a_name_fits_and_keeps_to_what_may_stand_in_one(name: str, longest: int) -> None:
    assert len(fitted(name, longest)) <= longest
    assert "--" not in fitted(name, longest)


@given(NAMES, NAMES)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert (fitted(one, 20) == fitted(other, 20)) == (one == other)


def test_a_name_that_fits_is_left_alone() -> None:
    assert fitted("claims-prod-gateway", 32) == "claims-prod-gateway"
