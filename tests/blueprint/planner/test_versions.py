from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.accelerators import accelerator
from blueprint.planner.units import Tokens
from blueprint.planner.versions import accounting, default_batch, versions_read


@pytest.mark.parametrize(
    ("version", "utilisation", "in_budget", "by_request", "factor"),
    [
        ("0.8.2", 0.90, False, False, 2.5),
        ("0.16.1", 0.90, False, False, 2.5),
        ("v0.17.0", 0.90, False, False, 1.0),
        ("0.19.0", 0.90, False, False, 1.0),
        ("0.21.0", 0.92, True, True, 1.0),
        ("0.33.0", 0.92, True, True, 1.0),
        ("1.2", 0.92, True, True, 1.0),
    ],
)
def test_a_version_counts_as_the_last_change_before_it(
    version: str, utilisation: float, in_budget: bool, by_request: bool, factor: float
) -> None:
    found = accounting(version)
    assert (found.utilisation, found.graphs_in_budget, found.tokens_by_request, found.activation_factor) == (
        utilisation, in_budget, by_request, factor,
    )  # fmt: skip


@pytest.mark.parametrize("version", ["0.6.3", "latest", ""])
def test_a_version_before_the_table_or_none_at_all_is_refused(version: str) -> None:
    with pytest.raises(NotFound, match="vLLM version"):
        accounting(version)


@pytest.mark.parametrize(
    ("gpu", "seqs", "tokens"),
    [("b200", 1024, 16384), ("h100", 1024, 8192), ("a100-80gb", 256, 2048), ("l4", 256, 2048)],
)
def test_defaults_follow_the_memory_of_the_gpu(gpu: str, seqs: int, tokens: int) -> None:
    assert default_batch(accelerator(gpu), accounting("0.33.0"), Tokens(8192)) == (seqs, tokens)


def test_a_step_is_never_more_than_all_sequences_at_full_length() -> None:
    assert default_batch(accelerator("l4"), accounting("0.33.0"), Tokens(4)).tokens == 1024


def test_the_table_carries_its_date_and_sources() -> None:
    assert versions_read()[0] == "2026-11-20"
    assert versions_read()[1]
