from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.accelerators import accelerator
from blueprint.planner.versions import accounting, default_batch, versions_read


@pytest.mark.parametrize(
    ("version", "utilisation", "in_budget", "by_request", "sampled", "slack"),
    [
        ("0.8", 0.90, False, False, 36.6, None),
        ("0.8.2", 0.90, False, False, 36.6, None),
        ("0.9.2", 0.90, False, False, 36.6, 1.0),
        ("0.16.1", 0.90, False, False, 36.6, 1.25),
        ("v0.17.0", 0.90, False, False, 12.5, 1.25),
        ("0.19.0", 0.90, False, False, 12.5, 1.5),
        ("0.20.2rc1", 0.92, True, False, 12.5, 1.5),
        ("0.33.0", 0.92, True, True, 12.5, 1.5),
        ("1.2", 0.92, True, True, 12.5, 1.5),
    ],
)
def test_a_version_counts_as_the_last_change_before_it(
    version: str, utilisation: float, in_budget: bool, by_request: bool, sampled: float, slack: float | None
) -> None:
    found = accounting(version)
    assert (found.utilisation, found.first.graphs_in_budget, found.tokens_by_request, found.first.sampled_bytes, found.group_slack) == (
        utilisation, in_budget, by_request, sampled, slack,
    )  # fmt: skip


@pytest.mark.parametrize("version", ["0.6.3", "latest", ""])
def test_a_version_before_the_table_or_none_at_all_is_refused(version: str) -> None:
    with pytest.raises(NotFound, match="vLLM version"):
        accounting(version)


@pytest.mark.parametrize(
    ("gpu", "version", "seqs", "tokens"),
    [
        ("b200", "0.33.0", 1024, 16384), ("b200", "0.19.0", 1024, 8192), ("h100", "0.33.0", 1024, 8192), ("l4", "0.33.0", 256, 2048),
        ("a100-80gb", "0.33.0", 256, 2048), ("a100-80gb", "0.8.5", 1024, 8192), ("l4", "0.8.3", 1024, 2048),
        ("gb10", "0.32.0", 1024, 8192), ("gb10", "0.33.0", 256, 2048),
    ],
)  # fmt: skip
def test_defaults_follow_the_memory_of_the_gpu_and_the_version(gpu: str, version: str, seqs: int, tokens: int) -> None:
    assert default_batch(accelerator(gpu), accounting(version)) == (seqs, tokens)


def test_a_row_of_the_table_says_only_what_it_changes() -> None:
    before, after = accounting("0.17.0"), accounting("0.18.0")
    assert before.model_dump(exclude={"since", "origin", "group_slack", "alone_gib", "joined_gib"}) == (
        after.model_dump(exclude={"since", "origin", "group_slack", "alone_gib", "joined_gib"})
    )


def test_the_table_carries_its_date_and_sources() -> None:
    assert versions_read()[0] == "2026-11-30"
    assert versions_read()[1]
