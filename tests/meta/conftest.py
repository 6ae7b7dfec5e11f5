"""One bench for all tests of this folder: the regulated stack, synthesised once."""

from __future__ import annotations

import pytest

from tools.outside.experiment import Bench, benches


@pytest.fixture(scope="session")
def bench() -> Bench:
    """The regulated stack, judged again and again."""
    return benches(("regulated",))["regulated"]
