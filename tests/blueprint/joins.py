"""One parameter for each join, and values of it, for tests of the algebra."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from blueprint.parameter import Join, Parameter
from blueprint.types import Value

ORDER = ("none", "some", "more", "all")


def parameter(join: Join, **more: object) -> Parameter:
    """A parameter of that join, with whatever else it has."""
    order = {"order": ORDER, "order_reason": "each contains the one before"} if join is Join.RANK else {}
    top = {"top": "forever"} if join is Join.AT_LEAST else {}
    choose = {"choose": "lowest"} if join is Join.WITHIN else {}
    row = {"name": join.value, "section": "s", "title": "t", "join": join, "enforceable": "platform"}
    unit = {"unit": "days"} if join in {Join.AT_LEAST, Join.AT_MOST, Join.WITHIN} else {}
    return Parameter.model_validate({**row, **order, **top, **choose, **unit, **more})


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
