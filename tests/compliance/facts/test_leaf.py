"""Three-valued and, or, not."""

import itertools

import pytest

from compliance.facts.base import Known, Leaf, Origin, Unknown
from compliance.facts.leaf import every, inverted, mapped, some

ORIGIN = Origin(urn="u", path="p")
YES, NO, OPEN = Known(value=True, origin=ORIGIN), Known(value=False, origin=ORIGIN), Unknown("not_read", ORIGIN)
ALL = (YES, NO, OPEN)


@pytest.mark.parametrize("leaves", list(itertools.product(ALL, repeat=3)))
def test_every_and_some_follow_kleene(leaves: tuple[Leaf[bool], ...]) -> None:
    assert every(leaves) == (NO if NO in leaves else OPEN if OPEN in leaves else YES)
    assert some(leaves) == (YES if YES in leaves else OPEN if OPEN in leaves else NO)
    assert inverted(every(leaves)) == some(inverted(leaf) for leaf in leaves)


def test_a_change_of_value_keeps_origin_and_reason() -> None:
    assert mapped(Known(2, ORIGIN), lambda number: number * 2) == Known(4, ORIGIN)
    assert mapped(OPEN, lambda _: 1) is OPEN
