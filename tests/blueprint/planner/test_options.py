from __future__ import annotations

import pytest

from blueprint.errors import DocumentError, NotFound
from blueprint.planner.accelerators import accelerator
from blueprint.planner.bounds import MOST_AT_ONCE
from blueprint.planner.models import known
from blueprint.planner.options import Case, Option, Options, Wanted, _raise_what_no_type_answers, options
from blueprint.planner.options_page import as_table
from blueprint.planner.request import Request
from blueprint.planner.throughput import Mix

QWEN = "Qwen/Qwen3-32B"


ANYWHERE = Wanted()


def asked(model: str = QWEN, wanted: Wanted = ANYWHERE, flags: dict[str, object] | None = None) -> Options:
    return options(model, known(model), Request.model_validate({"max_model_len": 32768, **(flags or {})}), wanted)


def test_options_are_ranked_by_what_they_cost() -> None:
    costs = [each.usd_per_month if each.usd_per_month is not None else float("inf") for each in asked().options]
    assert costs == sorted(costs)
    assert len(costs) > 40


def test_every_instance_type_is_an_option_or_skipped_with_a_reason() -> None:
    found = asked()
    kept, passed = {each.instance for each in found.options}, {each.instance for each in found.skipped}
    assert not kept & passed
    assert len(kept | passed) == 67
    assert all(each.because for each in found.skipped)


def test_the_arithmetic_of_replicas_and_instances_holds() -> None:
    for each in asked(wanted=Wanted(concurrency=24)).options:
        assert each.replicas * each.concurrency_per_replica >= 24 > (each.replicas - 1) * each.concurrency_per_replica
        assert each.instances == -(-each.replicas // (each.gpus_per_instance // each.tensor_parallel))
        assert each.headroom_gib_per_gpu >= -0.01


def test_what_a_region_does_not_have_is_skipped_and_never_priced_elsewhere_in_govcloud() -> None:
    found = asked(wanted=Wanted(region="us-gov-west-1"))
    assert {each.instance.partition(".")[0] for each in found.options if each.offered} == {
        "g6",
        "p4d",
        "p5",
        "p5en",
        "p6-b200",
    }
    assert "its family is not offered in this region" in {
        each.because for each in found.skipped if each.instance.startswith("g6e.")
    }
    assert all(not each.price_caveat for each in found.options if each.offered)


def test_prices_of_another_region_stand_in_and_come_last() -> None:
    found = asked(wanted=Wanted(region="eu-central-1")).options
    elsewhere = [each.price_region != "eu-central-1" for each in found if each.usd_per_month is not None]
    assert elsewhere == sorted(elsewhere)
    assert {each.price_caveat for each in found if each.price_region == "us-east-1"} == {
        "price of us-east-1; none was read for eu-central-1"
    }
    assert {each.price_caveat for each in found if each.price_region == "eu-central-1"} == {""}


def test_spot_is_a_range_of_costs() -> None:
    found = asked(wanted=Wanted(region="eu-central-1", purchase="spot"))
    ranges = [each for each in found.options if each.price_caveat.startswith("spot price of one moment")]
    assert len(ranges) > 10
    assert all((each.lowest_usd_per_month or 0) <= (each.usd_per_month or 0) for each in ranges)
    assert "1,378 to 3,583*" in as_table(found)
    assert {each.price_capacity for each in found.options} == {"spot", "on-demand", None}
    assert {"skypilot" in source for source in found.sources if source.startswith("prices")} == {True, False}


def test_cost_of_tokens_is_a_range_that_grows_as_gpus_idle() -> None:
    def first(share: float) -> Option:
        return asked(wanted=Wanted(instance="p5.48xlarge", mix=Mix(utilisation=share))).options[0]

    busy, idle = first(1.0).usd_per_million_output_tokens, first(0.1).usd_per_million_output_tokens
    assert busy is not None
    assert idle is not None
    assert busy[0] < busy[1]
    assert idle[0] == pytest.approx(10 * busy[0], rel=0.05)


def test_an_encoder_writes_no_tokens_and_has_no_price_for_them() -> None:
    found = asked("BAAI/bge-m3", flags={"max_model_len": 8192})
    assert {(each.output_tokens_per_second, each.usd_per_million_output_tokens) for each in found.options} == {
        (None, None)
    }
    assert "none written" in as_table(found)
    assert "USD a million output tokens:" not in as_table(found)


def test_nothing_that_fits_is_answered_with_what_is_nearest() -> None:
    found = asked("deepseek-ai/DeepSeek-R1", Wanted(instance="g6e.48xlarge"))
    assert found.options == ()
    assert found.skipped[0].because.startswith("weights: 79.5 GiB of weights in fp8 on each of 8")
    assert "larger GPU" in (found.nearest or "")


@pytest.mark.parametrize(
    ("flags", "where"),
    [
        ({"tensor_parallel": 16}, "--tensor-parallel"),
        ({"pipeline_parallel": 2}, "--pipeline-parallel"),
        ({"tensor_parallel": 3}, "--tensor-parallel"),
    ],
)
def test_a_contradiction_is_refused_where_it_stands(flags: dict[str, object], where: str) -> None:
    with pytest.raises(DocumentError) as refused:
        asked(flags=flags)
    assert {problem.key for problem in refused.value.problems} == {where}


def test_an_unknown_region_or_type_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="us-east-1"):
        asked(wanted=Wanted(region="us-east-9"))
    with pytest.raises(NotFound, match=r"g6e\.xlarge"):
        asked(wanted=Wanted(instance="g6e.xlarg"))


def test_flags_of_one_gpu_are_refused_even_where_they_are_one() -> None:
    with pytest.raises(DocumentError) as refused:
        asked(flags={"total_gpu_memory_gib": 1, "expert_parallel": True, "pipeline_parallel": 1})
    assert [problem.key for problem in refused.value.problems] == ["--total-gpu-memory-gib", "--expert-parallel"]


@pytest.mark.parametrize("concurrency", [0, 10**53])
def test_a_number_that_nobody_means_is_refused(concurrency: int) -> None:
    with pytest.raises(DocumentError, match="--concurrency"):
        asked(wanted=Wanted(concurrency=concurrency))


def test_the_most_that_may_be_asked_leaves_no_headroom_below_zero() -> None:
    found = asked(wanted=Wanted(concurrency=MOST_AT_ONCE))
    assert min(each.headroom_gib_per_gpu for each in found.options) >= -0.01


@pytest.mark.parametrize(
    ("model", "flags", "key", "value"),
    [
        ("moonshotai/Kimi-K2-Instruct", {}, "--instance", "g4dn.xlarge"),
        (QWEN, {"dtype": "bfloat16"}, "--dtype", "bfloat16"),
        (QWEN, {"dtype": "bfloat16", "quantization": "int8"}, "--dtype", "bfloat16"),
        (QWEN, {"quantization": "fp8"}, "--quantization", "fp8"),
    ],
)
def test_what_a_gpu_cannot_compute_in_is_told_by_what_was_written(
    model: str, flags: dict[str, object], key: str, value: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        asked(model, Wanted(instance="g4dn.xlarge"), flags)
    assert [(problem.key, problem.value) for problem in refused.value.problems] == [(key, value)]
    told = next(each for each in asked(model, flags=flags).skipped if each.instance == "g4dn.xlarge")
    assert "t4-16gb has 7.5" in told.because


def test_that_no_gpu_of_a_region_computes_in_a_format_is_an_answer_and_no_error_of_the_question() -> None:
    own = known(QWEN).model_copy(update={"format": "nvfp4"})
    case = Case(own, Request(), Wanted(region="us-gov-west-1"), {})
    case.counted(accelerator("t4"), 1, None)
    _raise_what_no_type_answers(case)
    with pytest.raises(DocumentError, match="--instance"):
        _raise_what_no_type_answers(case._replace(wanted=Wanted(instance="g4dn.xlarge")))


@pytest.mark.parametrize("region", ["af-south-1", "cn-north-1"])
def test_a_region_whose_offers_nobody_read_offers_nothing_for_certain(region: str) -> None:
    found = asked(wanted=Wanted(region=region))
    assert found.offers_read is None
    assert {each.offered for each in found.options} == {None}
    assert f"UNKNOWN which of them {region} offers: its offers were not read" in as_table(found)
    assert f"offers: not read for {region}" in found.sources
    assert asked().offers_read == "2026-08-01"


def test_china_has_no_price_in_the_currency_of_another_partition() -> None:
    found = asked(wanted=Wanted(region="cn-northwest-1"))
    assert {each.usd_per_month for each in found.options} == {None}
    assert {each.usd_per_hour for each in found.skipped} == {None}
    assert "prices UNKNOWN" in as_table(found)


def test_an_option_carries_how_well_it_is_known_and_what_was_taken_for_it() -> None:
    for each in asked(flags={"vllm_version": "0.19.0"}).options:
        assert each.band_gib_per_gpu == {"calibrated": 0.8, "derived": 1.75, "guessed": 3.5}[each.origin]
        assert "vllm_version" not in each.derived
        assert (each.derived["tensor_parallel"], each.derived["quantization"]) == (each.tensor_parallel, each.format)
        assert set(each.derived) | {"vllm_version", "max_model_len"} == set(Request.model_fields)


def test_the_same_model_has_one_price_whatever_its_spelling() -> None:
    wanted = Wanted(instance="p5.48xlarge")
    spellings = ("openai/gpt-oss-120b", "gpt-oss-120b", "OPENAI/GPT-OSS-120B")
    assert len({asked(name, wanted).options[0].usd_per_million_output_tokens for name in spellings}) == 1
