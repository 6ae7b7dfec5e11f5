"""Exit codes; they agree with pulumi's, so that one table serves both in CI."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the end of a command says."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    VIOLATION = 5
    NOT_FOUND = 6
    CANCELLED = 8
