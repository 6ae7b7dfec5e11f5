from __future__ import annotations

import pytest

from blueprint.planner.accelerators import accelerator
from blueprint.planner.capacity import account
from blueprint.planner.models import known
from blueprint.planner.request import Request, settle
from blueprint.planner.throughput import PUBLISHED, RANGES, Measured, Mix, Throughput, throughput, usd_per_million
from blueprint.planner.units import Tokens


def estimated(name: str, gpu: str, mix: Mix, **flags: object) -> Throughput:
    model, chosen = known(name), accelerator(gpu)
    settled = settle(model, chosen, Request.model_validate({"max_model_len": 16384, **flags}))
    return throughput(model, chosen, settled, account(model, chosen, settled), mix)


def test_it_is_a_range_with_its_assumptions() -> None:
    found = estimated("Qwen/Qwen3-8B", "l40s", Mix())
    assert found.high == pytest.approx(found.low * 1.4 / 0.6, rel=1e-3)
    assert len(found.assumptions) == 4


def test_published_numbers_stand_beside_the_estimate_where_there_are_any() -> None:
    found = estimated("meta-llama/Llama-3.3-70B-Instruct", "h100", Mix(), quantization="fp8", tensor_parallel=2)
    assert [text.partition(" ")[0] for text in found.published] == ["2,209", "398"]
    assert estimated("Qwen/Qwen3-8B", "l40s", Mix()).published == ()


@pytest.mark.parametrize(
    ("name", "gpu", "tensor", "mix", "measured"),
    [
        ("meta-llama/Llama-3.3-70B-Instruct", "h100", 2, Mix(Tokens(1001)), 2209),
        ("meta-llama/Llama-3.3-70B-Instruct", "h200", 2, Mix(Tokens(1001)), 2587),
        ("meta-llama/Llama-3.3-70B-Instruct", "h100", 2, Mix(Tokens(8193), Tokens(1024)), 398),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "h200", 4, Mix(Tokens(1001)), 3288),
        ("deepseek-ai/DeepSeek-R1", "h200", 8, Mix(Tokens(1001)), 1627),
    ],
)
def test_the_estimate_is_within_a_factor_of_two_of_what_was_measured(
    name: str, gpu: str, tensor: int, mix: Mix, measured: float
) -> None:
    found = estimated(name, gpu, mix, quantization="fp8", tensor_parallel=tensor)
    assert found.basis == "estimate"
    assert RANGES["estimate"] in found.assumptions
    assert measured / 2 < (found.low + found.high) / 2 / tensor < measured * 2


def test_what_somebody_measured_for_the_same_mix_is_the_upper_end() -> None:
    found = estimated("openai/gpt-oss-120b", "h100", Mix(), tensor_parallel=2)
    assert (found.basis, found.high, found.low) == ("published", 2 * 4685, round(2 * 4685 * 0.6, 1))
    assert RANGES["published"] in found.assumptions
    assert not any("an estimate, 40%" in text for text in found.assumptions)


@pytest.mark.parametrize(
    ("one", "other", "form"),
    [
        ("openai/gpt-oss-120b", "GPT-OSS-120B", "mxfp4"),
        ("meta-llama/Llama-3.3-70B-Instruct", "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "fp8"),
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1", "fp8"),
    ],
)
def test_a_model_has_the_same_range_under_every_spelling(one: str, other: str, form: str) -> None:
    wide = 8 if "DeepSeek" in one else 2
    ranges = [estimated(name, "h200", Mix(), quantization=form, tensor_parallel=wide) for name in (one, other)]
    assert ranges[0] == ranges[1]
    assert ranges[0].basis == "published"


@pytest.mark.parametrize("each", PUBLISHED)
def test_published_numbers_lie_where_the_estimate_says_they_may(each: Measured) -> None:
    mix = Mix(Tokens(each.input + 1), Tokens(each.output))
    wide = 8 if "DeepSeek" in each.model else 2
    found = estimated(each.model, each.gpu, mix, quantization=each.format, tensor_parallel=wide)
    middle = (found.low + found.high) / 2 / wide
    assert found.basis == "estimate"
    assert middle / 3 < each.tokens_per_second < 3 * middle


def test_a_longer_prompt_never_makes_more_tokens() -> None:
    rates = [estimated("Qwen/Qwen3-8B", "l40s", Mix(Tokens(length))).low for length in (100, 1000, 8000)]
    assert rates == sorted(rates, reverse=True)


def test_cost_is_price_by_tokens_at_the_time_that_is_used() -> None:
    rate = Throughput(low=500, high=1000, basis="estimate", at_once=1, published=(), assumptions=())
    assert usd_per_million((3.6, 3.6), rate, 1.0) == (1.0, 2.0)
    assert usd_per_million((1.8, 3.6), rate, 0.5) == (1.0, 4.0)
