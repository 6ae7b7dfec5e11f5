"""Units of the planner's arithmetic: amounts of one kind add up and compare, and a type checker refuses all else.

At run time they are whole numbers and nothing more. What is computed from two kinds, as tokens times the bytes of each, is a
whole number until somebody says what it is of.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    class _Amount(int):
        """Takes less than an int does, on purpose."""

        def __add__(self, other: Self) -> Self: ...  # type: ignore[override]
        def __radd__(self, other: Self) -> Self: ...  # type: ignore[override]
        def __sub__(self, other: Self) -> Self: ...  # type: ignore[override]
        def __rsub__(self, other: Self) -> Self: ...  # type: ignore[override]
        def __lt__(self, other: Self) -> bool: ...  # type: ignore[override]
        def __le__(self, other: Self) -> bool: ...  # type: ignore[override]
        def __gt__(self, other: Self) -> bool: ...  # type: ignore[override]
        def __ge__(self, other: Self) -> bool: ...  # type: ignore[override]

    class Bytes(_Amount): ...

    class Tokens(_Amount): ...

    class Blocks(_Amount): ...

    class Parameters(_Amount): ...
else:
    Bytes = Tokens = Blocks = Parameters = int

GIB = 2**30


def gib(amount: Bytes) -> float:
    """Bytes as GiB."""
    return amount / GIB


def of_gib(amount: float) -> Bytes:
    """GiB as whole bytes, rounded up."""
    return Bytes(math.ceil(amount * GIB))
