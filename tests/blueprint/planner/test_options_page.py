"""Ranked options on a page: every format says the same, and all that it rests on."""

from __future__ import annotations

import csv
import io
import re

import pytest

from blueprint.planner.models import known
from blueprint.planner.options import Options, Wanted, options
from blueprint.planner.options_page import COLUMNS, as_csv, as_markdown, as_table, notes
from blueprint.planner.request import Request

QWEN = "Qwen/Qwen3-32B"
HERE = Wanted()


def asked(model: str = QWEN, wanted: Wanted = HERE, **flags: object) -> Options:
    request = Request.model_validate({"max_model_len": 32768, **flags})
    return options(model, known(model), request, wanted, source="configuration: somewhere")


def rows(found: Options) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(found))))


def test_pages_say_what_was_skipped_before_the_first_and_what_the_numbers_rest_on() -> None:
    found = asked()
    table = as_table(found)
    assert "cheaper, and skipped" in table
    assert "g6.xlarge at 0.81 USD/h: " in table
    assert "at 30% utilisation" in table
    assert "prices 2026-07-20" in as_markdown(found)
    assert len(as_csv(found).splitlines()) == len(found.options) + 1


@pytest.mark.parametrize("purchase", ["on-demand", "spot", "reserved"])
def test_every_row_of_csv_carries_its_inputs_prices_and_how_well_it_is_known(purchase: str) -> None:
    found = asked(wanted=Wanted(8, "eu-west-1", purchase))  # type: ignore[arg-type]
    for row, each in zip(rows(found), found.options, strict=True):
        assert (row["model"], row["region"], row["capacity"], row["concurrency"]) == (QWEN, "eu-west-1", purchase, "8")
        assert (row["max_model_len"], row["vllm_version"], row["enforce_eager"]) == ("32768", "0.33.0", "false")
        assert (row["price_region"], row["price_caveat"]) == (each.price_region or "", each.price_caveat)
        assert (row["origin"], float(row["band_gib_per_gpu"])) == (each.origin, each.band_gib_per_gpu)
        assert row["offered"] == {True: "true", False: "false", None: ""}[each.offered]
        assert row["hours_per_month"] == "730"
        assert all(source in row["sources"] for source in found.sources)
        assert not [name for name, cell in row.items() if re.fullmatch(r"[\d.]+ to [\d.]+", cell)]


def test_with_no_option_every_format_says_so_and_what_comes_closest() -> None:
    found = asked("deepseek-ai/DeepSeek-R1", Wanted(instance="g6e.48xlarge"))
    (row,) = rows(found)
    assert (row["instance"], row["verdict"], row["nearest"]) == ("g6e.48xlarge", "does not fit", found.nearest)
    assert list(row) == list(rows(asked())[0])
    assert all(f"nothing fits; nearest: {found.nearest}" in page for page in (as_table(found), as_markdown(found)))


def test_reserved_is_said_to_be_priced_on_demand_everywhere() -> None:
    found = asked(wanted=Wanted(purchase="reserved"))
    for page in (as_table(found), as_markdown(found)):
        assert "reserved in us-east-1, at on-demand prices because no source has reserved ones" in page
        assert "* no source has its reserved price; this is on-demand" in page
    assert {row["price_capacity"] for row in rows(found)} == {"on-demand", ""}
    assert all("on-demand" in each.price_caveat for each in found.skipped if each.usd_per_hour is not None)


def test_each_row_says_where_and_as_what_its_price_was_read() -> None:
    found = asked(wanted=Wanted(region="eu-central-1", purchase="spot"))
    priced = dict(COLUMNS)["priced in"]
    assert {priced(each) for each in found.options} == {"eu-central-1 spot", "us-east-1 on-demand", "UNKNOWN"}  # fmt: skip
    assert "eu-central-1 spot" in as_table(found)
    assert "us-east-1 on-demand" in as_markdown(found)


@pytest.mark.parametrize("page", [as_table, as_markdown])
def test_notes_hold_for_all_rows_and_what_differs_has_a_column(page: object) -> None:
    found = asked("openai/gpt-oss-120b", Wanted(concurrency=8))
    said = notes(found)
    assert not any("sequences at once, always" in text for text in said)
    assert {"from estimate", "from published"} <= {text.partition(":")[0] for text in said}
    assert any(text.startswith("given: max_model_len 32768") for text in said)
    assert any("vllm_version 0.33.0" in text for text in said)
    assert "USD a month: 730 hours, all instances of a row" in said
    running = dict(COLUMNS)["running"]
    assert len({running(each) for each in found.options}) > 5
    assert all(line in page(found) for line in said)  # type: ignore[operator]


def test_a_narrow_terminal_leaves_columns_out_and_names_them() -> None:
    table = as_table(asked(), 80).split("\n\n")[1]
    lines = table.splitlines()
    assert max(len(each) for each in lines if not each.startswith(("no room for", "…"))) <= 80
    assert "USD a million out" in next(each for each in lines if each.startswith("no room for"))
