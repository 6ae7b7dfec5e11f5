from __future__ import annotations

import pytest

from blueprint.errors import DocumentError, NotFound
from blueprint.planner.models import known
from blueprint.planner.options import Option, Options, Wanted, options
from blueprint.planner.options_page import as_csv, as_markdown, as_table
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
    assert "skypilot" in found.sources[0]


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


def test_pages_say_what_was_skipped_before_the_first_and_what_the_numbers_rest_on() -> None:
    found = asked()
    table = as_table(found)
    assert "cheaper, and skipped" in table
    assert "g6.xlarge at 0.81 USD/h: " in table
    assert "at 30% utilisation" in table
    assert "prices 2026-07-20" in as_markdown(found)
    assert len(as_csv(found).splitlines()) == len(found.options) + 1
