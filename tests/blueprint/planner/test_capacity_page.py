"""One deployment on a page: every format says the same, and all that it rests on."""

from __future__ import annotations

import csv
import io
import re
from xml.etree import ElementTree as ET

import pytest

from blueprint.planner.accelerators import accelerator
from blueprint.planner.capacity import Capacity, capacity
from blueprint.planner.capacity_drawing import as_svg, parts_of
from blueprint.planner.capacity_page import as_csv, as_markdown, as_table, rows_of
from blueprint.planner.models import known
from blueprint.planner.request import Request

SVG = "{http://www.w3.org/2000/svg}"


def answer(model: str = "Qwen/Qwen3-8B", gpu: str = "l40s", /, *, at_once: int | None = None, **flags: object) -> Capacity:  # fmt: skip
    request = Request.model_validate({"max_model_len": 8192, **flags})
    return capacity(model, known(model), accelerator(gpu), request, source="somewhere", concurrency=at_once)


FITS, OUTSIDE = answer(), answer("meta-llama/Llama-3.1-8B-Instruct", "h100", vllm_version="0.19.0")
SHORT = answer("Qwen/Qwen3-32B", "l40s", tensor_parallel=1)
RESERVED = answer("Qwen/Qwen2.5-VL-7B-Instruct", "l4", max_num_seqs=16, max_model_len=32768)
"""The cache holds one sequence, and does not leave the reserve."""


def row(found: Capacity) -> dict[str, str]:
    return next(iter(csv.DictReader(io.StringIO(as_csv(found)))))


@pytest.mark.parametrize("found", [FITS, OUTSIDE, SHORT, RESERVED])
def test_every_format_says_what_was_given_taken_and_how_well_it_is_known(found: Capacity) -> None:
    for page in (as_table(found), as_markdown(found)):
        assert "max_model_len = " in page
        assert all(f"{name} = " in page for name in found.derived)
        assert all(text in page for text in (*found.error_band.because, *found.sources))
        assert f"({found.error_band.origin})" in page
    told = row(found)
    assert told["max_model_len"] == str(found.given["max_model_len"])
    assert told["vllm_version"] in {"0.33.0", "0.19.0"}
    assert (told["origin"], told["given"].split()) == (found.error_band.origin, list(found.given))
    assert all(source in told["sources"] for source in found.sources)
    assert found.error_band.origin in as_svg(found)


def test_a_cell_of_csv_holds_one_figure_and_a_range_two_cells() -> None:
    told = row(FITS)
    assert (told["fits"], told["cuda_graph_in_budget"]) == ("true", "true")
    assert float(told["available_kv_cache_gib_per_gpu_low"]) < float(told["available_kv_cache_gib_per_gpu_high"])
    assert int(told["kv_cache_tokens_low"]) < int(told["kv_cache_tokens_high"])


def test_what_a_spreadsheet_or_a_table_would_misread_is_escaped() -> None:
    odd = FITS.model_copy(update={"model": "=1+1|x"})
    assert row(odd)["model"] == "'=1+1|x"
    assert "| model | =1+1\\|x |" in as_markdown(odd)


@pytest.mark.parametrize("found", [SHORT, RESERVED])
def test_what_does_not_fit_shows_no_sequences_and_the_reserve_that_decides(found: Capacity) -> None:
    assert (found.fits, found.at_once, found.max_concurrency) == (False, 0, 0.0)
    assert found.longest_context < found.given["max_model_len"]  # type: ignore[operator]
    said = dict(rows_of(found))
    assert said["at once"] == "none: it does not fit"
    assert said["reserve"].startswith("0.50 GiB per GPU of it must be spare")


def test_at_once_is_no_more_than_is_allowed() -> None:
    few = answer(max_num_seqs=3, at_once=7)
    assert (few.at_once, few.replicas) == (3, 3)
    assert dict(rows_of(few))["at once"].startswith("3 sequences of 8,192 tokens: room for ")
    alone = answer("BAAI/bge-m3", "l4")
    assert (alone.max_concurrency, alone.at_once) == (None, 256)
    assert dict(rows_of(alone))["KV cache"] == "nothing is kept of a sequence"
    assert answer("Qwen/Qwen3-32B", at_once=7).replicas == 0


@pytest.mark.parametrize(("found", "inside"), [(FITS, True), (OUTSIDE, False)])
def test_graphs_are_marked_as_in_the_budget_or_beside_it(found: Capacity, inside: bool) -> None:
    assert found.cuda_graph_in_budget is inside
    word = "in the budget" if inside else "outside the budget"
    assert all(f"GiB per GPU, {word}" in page for page in (as_table(found), as_markdown(found)))
    drawn = [part.name for part in parts_of(found) if part.name.startswith("CUDA graphs")]
    assert drawn == ["CUDA graphs" if inside else "CUDA graphs, outside the budget"]


@pytest.mark.parametrize("found", [FITS, OUTSIDE, SHORT, RESERVED])
def test_what_is_drawn_adds_up_to_the_budget_and_to_what_is_missing(found: Capacity) -> None:
    parts = parts_of(found)
    held = sum(part.gib for part in parts if "outside" not in part.name and "missing" not in part.name)
    missing = sum(part.gib for part in parts if "missing" in part.name)
    assert held - missing == pytest.approx(found.budget_gib_per_gpu, abs=0.05)
    assert all(part.start >= found.budget_gib_per_gpu - 0.05 for part in parts if "outside" in part.name)


def test_a_drawing_cuts_no_title_and_says_unit_and_date() -> None:
    found = SHORT.model_copy(update={"model": "an-owner/" + "a-model-with-a-long-name-" * 6})
    drawn = ET.fromstring(as_svg(found))
    texts = [each.text or "" for each in drawn.iter(f"{SVG}text")]
    assert "limited by weights" in " ".join(texts)
    assert max(len(text) for text in texts) <= 108
    assert "missing before there is any KV cache: 22.37 GiB" in texts
    assert any(text.startswith("GiB of one GPU.") for text in texts)
    assert re.search(r"read 20\d\d-\d\d-\d\d", " ".join(texts))
    assert next(each.get("fill") for each in drawn.findall(f"{SVG}rect")) == "#ffffff"
