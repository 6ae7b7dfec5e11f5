"""Units of the planner's arithmetic; a type checker refuses to add tokens to bytes."""

from __future__ import annotations

import math
from typing import NewType

Bytes = NewType("Bytes", int)
Tokens = NewType("Tokens", int)
Blocks = NewType("Blocks", int)
Parameters = NewType("Parameters", int)

GIB = 2**30


def gib(amount: Bytes) -> float:
    """Bytes as GiB."""
    return amount / GIB


def of_gib(amount: float) -> Bytes:
    """GiB as whole bytes, rounded up."""
    return Bytes(math.ceil(amount * GIB))
