from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.explained import instance_lines, model_lines
from blueprint.planner.instances import instances
from blueprint.planner.models import alike, models
from blueprint.planner.regions import REGIONS


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
    assert "licence       UNKNOWN: read the model's own page" in text


def test_an_instance_type_is_told_with_prices_and_how_memory_is_known() -> None:
    text = "\n".join(instance_lines("p5en.48xlarge"))
    assert "139.8 GiB of each as its driver reports it (log); EC2 reports 141.00" in text
    assert "us-gov-west-1   75.955 USD/h on-demand" in text
    assert "us-gov-east-1   UNKNOWN: no on-demand price in the table" in text
    assert "prices 2026-07-20" in text


def test_regions_whose_offers_nobody_read_are_told_apart_from_those_without_the_type() -> None:
    lines = {line[2:14].strip(): line[16:] for line in instance_lines("g6e.12xlarge")}
    assert "us-east-1" in lines["offered in"].split(", ")
    assert "eu-west-1" in lines["not offered"].split(", ")
    assert {"me-central-1", "ap-northeast-3"} <= set(lines["UNKNOWN in"].partition(";")[0].split(", "))
    told = [lines[name].partition(";")[0].split(", ") for name in ("offered in", "not offered", "UNKNOWN in")]
    assert sorted(region for each in told for region in each) == sorted(REGIONS)
    assert any(line == "  offered in    no region that was read" for line in instance_lines("g4dn.xlarge"))


@pytest.mark.parametrize("name", ["qwen/qwen3-32b", "QWEN3-32B", "Qwen/Qwen3-32B"])
def test_a_licence_is_told_however_a_model_is_spelled(name: str) -> None:
    assert any(line.startswith("  licence       Apache-2.0") for line in model_lines(name))


def test_a_licence_that_is_not_in_the_table_is_unknown() -> None:
    assert "  licence       UNKNOWN: read the model's own page" in model_lines(next(iter(alike())))


def test_everything_in_the_tables_can_be_told() -> None:
    assert all(model_lines(name) for name in [*models(), *alike()])
    assert all(instance_lines(name) for name in instances())


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="qwen3-32b"):
        model_lines("qwen3-33b")
    with pytest.raises(NotFound, match=r"p5\.48xlarge"):
        instance_lines("p5.49xlarge")
