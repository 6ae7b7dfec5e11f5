from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.explained import instance_lines, model_lines
from blueprint.planner.instances import instances
from blueprint.planner.models import alike, models


def test_a_model_is_told_with_its_sizes_and_source() -> None:
    text = "\n".join(model_lines("qwen3-30b-a3b"))
    assert "30.5 billion parameters" in text
    assert "48 full layers, 4 heads of 128 in the cache" in text
    assert "8 of 128 for each token" in text
    assert "source        2026-11-20: config.json stored by" in text


def test_a_row_from_memory_says_so_and_claims_no_file() -> None:
    text = "\n".join(model_lines("BAAI/bge-m3"))
    assert "source        2026-11-20: from memory" in text
    assert "config.json" not in text


def test_a_licence_that_is_not_known_is_not_named() -> None:
    text = "\n".join(model_lines("zai-org/GLM-4.7"))
    assert "licence       not known here: read the model's own page" in text


def test_an_instance_type_is_told_with_prices_and_how_memory_is_known() -> None:
    text = "\n".join(instance_lines("p5en.48xlarge"))
    assert "139.8 GiB of each as its driver reports it (log); EC2 reports 141.00" in text
    assert "us-gov-west-1   75.955 USD/h on-demand" in text
    assert "us-gov-east-1   no on-demand price in the table" in text
    assert "prices 2026-07-20" in text


def test_everything_in_the_tables_can_be_told() -> None:
    assert all(model_lines(name) for name in [*models(), *alike()])
    assert all(instance_lines(name) for name in instances())


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="qwen3-32b"):
        model_lines("qwen3-33b")
    with pytest.raises(NotFound, match=r"p5\.48xlarge"):
        instance_lines("p5.49xlarge")
