"""Units cannot be mixed: mypy reads this file, and an ignored error that is none is an error itself (warn_unused_ignores)."""

from __future__ import annotations

import pytest

from blueprint.planner.units import GIB, Blocks, Bytes, Parameters, Tokens, gib, of_gib


def test_a_type_checker_refuses_what_has_no_meaning() -> None:
    """The assertions hold for whole numbers; that they are refused is what the comments say."""
    assert Bytes(1) + Tokens(2) == 3  # type: ignore[operator]
    assert Tokens(2) - Blocks(1) == 1  # type: ignore[operator]
    assert Parameters(1) < Bytes(2)  # type: ignore[operator]
    assert Bytes(1) >= Blocks(1)  # type: ignore[operator]
    assert gib(Tokens(GIB)) == 1  # type: ignore[arg-type]
    assert gib(GIB) == 1  # type: ignore[arg-type]


def test_amounts_of_a_kind_add_up_and_compare() -> None:
    total: Bytes = sum([Bytes(2), Bytes(3)], Bytes(0)) - Bytes(1)
    assert total == 4
    assert Bytes(3) < total


def test_a_gib_is_2_to_the_30th_and_whole_bytes_are_rounded_up() -> None:
    assert gib(Bytes(3 * GIB)) == 3
    assert of_gib(0.5) == GIB // 2
    assert of_gib(1e-12) == 1
    assert gib(of_gib(79.19)) == pytest.approx(79.19)
