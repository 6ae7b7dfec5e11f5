"""How checkpoints are packed: one format, several, and what is refused."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.errors import DocumentError, NotFound
from blueprint.planner.accelerators import accelerator
from blueprint.planner.architecture import Architecture, architecture
from blueprint.planner.capacity import capacity
from blueprint.planner.checkpoints import checkpoint
from blueprint.planner.models import find
from blueprint.planner.quantization import weight_format, weights_of
from blueprint.planner.request import Request

DENSE: dict[str, Any] = {
    "model_type": "llama", "num_hidden_layers": 4, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 8,
    "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 4096,
}  # fmt: skip
EXPERTS: dict[str, Any] = {
    **DENSE, "model_type": "deepseek", "n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 256, "n_shared_experts": 1,
}  # fmt: skip
INT4, FP8 = {"num_bits": 4, "type": "int", "group_size": 128}, {"num_bits": 8, "type": "float"}


def packed(configuration: dict[str, Any], *groups: tuple[list[str], dict[str, Any]]) -> Architecture:
    told = {str(index): {"targets": targets, "weights": weights} for index, (targets, weights) in enumerate(groups)}
    return architecture({**configuration, "quantization_config": {"quant_method": "compressed-tensors", "config_groups": told}})  # fmt: skip


def layers_of(model: Architecture) -> int:
    return weights_of(model, weight_format(model.format)).layers


def test_groups_of_one_format_are_one_format() -> None:
    found = packed(DENSE, (["Linear"], FP8), (["re:.*weird(?=x).*"], FP8))
    assert (found.format, found.others) == ("fp8", ())


@pytest.mark.parametrize("target", ["re:.*self_attn.*", r"re:.*layers\.[0-9]+\.self_attn\..*", r"re:.*(?:q|k|v|o)_proj$"])  # fmt: skip
def test_attention_in_another_format_is_counted_in_it(target: str) -> None:
    found = packed(DENSE, ([target], INT4), (["Linear"], FP8))
    assert (found.format, found.others) == ("fp8", (("attention", "int4"),))
    assert layers_of(found) == pytest.approx(0.52 * found.body.attention + found.body.dense, abs=1)


def test_experts_in_another_format_are_the_most_of_a_model() -> None:
    found = packed(EXPERTS, (["re:.*mlp.experts.*"], INT4), (["Linear"], FP8))
    assert (found.format, found.others) == ("int4", (("attention", "fp8"), ("dense", "fp8")))
    weights = weights_of(found, weight_format("int4"))
    assert weights.experts == pytest.approx(0.52 * found.body.experts, abs=1)
    assert int(weights.layers) == found.body.attention + found.body.dense


def test_what_no_group_names_stays_in_16_bits() -> None:
    found = packed(DENSE, (["re:.*mlp.*"], FP8), (["q_proj", "k_proj", "v_proj", "o_proj"], INT4))
    assert (found.format, dict(found.others)["attention"]) == ("fp8", "int4")
    spared = packed(EXPERTS, (["re:.*mlp.experts.*"], INT4), (["re:.*mlp.(?:gate|up|down)_proj"], FP8))
    assert dict(spared.others) == {"attention": "bf16", "dense": "fp8"}


@pytest.mark.parametrize(
    "target",
    ["re:.*attn.k_proj", "re:.*layers.3.self_attn.*", "model.layers.3.self_attn.q_proj", "re:.*(?!self_attn).*", "re:(((", "re:.*vision.*",
     "re:(a+)+$", "re:" + ".*" * 40 + "x", "SomeMixture"],
)  # fmt: skip
def test_a_target_that_cannot_be_told_is_refused_at_once(target: str) -> None:
    began = time.monotonic()
    with pytest.raises(DocumentError, match="config_groups") as refused:
        packed(DENSE, ([target], INT4), (["Linear"], FP8))
    assert time.monotonic() - began < 1
    assert "attention, experts or the rest" in refused.value.problems[0].allowed


def test_several_formats_are_a_reason_to_doubt() -> None:
    found = packed(DENSE, (["re:.*self_attn.*"], INT4), (["Linear"], FP8))
    band = capacity("m", found, accelerator("h100"), Request(vllm_version="0.19.0"), change=False).error_band
    assert (band.origin, any("several formats" in each for each in band.because)) == ("derived", True)


@pytest.mark.parametrize(
    ("told", "form"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bnb-4bit"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8"),
        ({"quant_method": "modelopt", "quant_algo": "FP8_PER_CHANNEL_PER_TOKEN"}, "fp8"),
        ({"quant_method": "modelopt_fp4"}, "nvfp4"),
    ],
)
def test_more_ways_of_packing_are_known(told: dict[str, object], form: str) -> None:
    for key in ("quantization_config", "compression_config"):
        assert architecture({**DENSE, key: told}).format == form


@pytest.mark.parametrize("told", [{}, {"quant_method": "hqq"}, {"quant_method": "gptq", "bits": 3}, {"quant_method": "bitsandbytes"},
                                  {"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"}, {"quant_method": "compressed-tensors"}])  # fmt: skip
def test_a_way_of_packing_that_is_not_known_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(DocumentError, match="is no format") as refused:
        architecture({**DENSE, "quantization_config": told})
    assert "bitsandbytes" in refused.value.problems[0].allowed


def test_4_bits_in_groups_of_32_reach_all_layers_of_a_model_without_experts() -> None:
    small = {**INT4, "group_size": 32}
    dense, sparse = packed(DENSE, (["Linear"], small)), packed(EXPERTS, (["Linear"], small))
    assert layers_of(dense) == pytest.approx(0.5625 * (dense.body.attention + dense.body.dense), abs=1)
    assert layers_of(sparse) == 2 * (sparse.body.attention + sparse.body.dense)


@pytest.mark.parametrize("name", ["RedHatAI/Qwen3-32B-FP8-dynamic", "Qwen/Qwen3-32B-AWQ"])
def test_a_checkpoint_is_not_read_in_another_format_than_its_own(name: str) -> None:
    model, gpu = find(name).architecture, accelerator("h100")
    own, other = ("fp8", "awq") if model.format == "fp8" else ("awq", "fp8")
    with pytest.raises(DocumentError, match="is not how this checkpoint is packed"):
        capacity("m", model, gpu, Request(quantization=other))
    assert capacity("m", model, gpu, Request(quantization=own, max_model_len=4096), change=False).fits


@pytest.mark.parametrize(
    ("told", "since"),
    [
        ({"quant_method": "modelopt", "quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}, "0.14.0"),
        ({"quant_method": "modelopt", "quantization": {"kv_cache_quant_algo": "FP8"}, "quant_algo": "FP8"}, "0.14.0"),
        (
            {"quant_method": "compressed-tensors", "kv_cache_scheme": FP8, "config_groups": {"g": {"weights": FP8}}},
            "0.15.0",
        ),
    ],
)
def test_a_cache_in_8_bits_that_a_checkpoint_asks_for_is_kept_unless_another_is(
    told: dict[str, Any], since: str
) -> None:
    model, plain = architecture({**DENSE, "quantization_config": told}), architecture(DENSE)

    def tokens(found: Architecture, version: str, **flags: str) -> float:
        asked = Request.model_validate({"vllm_version": version, "quantization": "fp8", **flags})
        answer = capacity("m", found, accelerator("h100"), asked, change=False)
        return answer.kv_cache_tokens / answer.available_kv_cache_gib_per_gpu

    whole = tokens(plain, since)
    assert tokens(model, since) == pytest.approx(2 * whole, rel=0.01)
    assert tokens(model, "0.13.0") == pytest.approx(whole, rel=0.01)
    assert tokens(model, since, kv_cache_dtype="bfloat16") == pytest.approx(whole, rel=0.01)


@pytest.mark.parametrize("asked", ["NVFP4", {"num_bits": 4}, {"num_bits": [8]}, ["fp8"], 7])
def test_a_cache_in_a_format_that_is_not_counted_is_refused(asked: object) -> None:
    told = {"quant_method": "modelopt", "quant_algo": "FP8", "kv_cache_quant_algo": asked}
    with pytest.raises(DocumentError, match="asks for a cache that the planner does not know"):
        architecture({**DENSE, "quantization_config": told})


def test_a_number_format_that_nobody_publishes_in_is_refused() -> None:
    assert architecture({**DENSE, "torch_dtype": "torch.float16"}).format == "fp16"
    with pytest.raises(DocumentError, match="dtype"):
        architecture({**DENSE, "torch_dtype": "int4"})


def test_what_is_null_in_a_part_does_not_hide_what_the_whole_says() -> None:
    whole = {"quantization_config": {"quant_method": "fp8"}, "text_config": {**DENSE, "quantization_config": None}}
    assert architecture(whole).format == "fp8"


@pytest.mark.parametrize(
    ("name", "model", "form"),
    [
        ("unsloth/Qwen3-8B-bnb-4bit", "qwen3-8b", "bnb-4bit"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a16", "llama-3.1-8b-instruct", "int8"),
        ("nvidia/Llama-3.3-70B-Instruct-NVFP4-v2", "llama-3.3-70b-instruct", "nvfp4"),
        ("x/Qwen3-32B-W4A16-G128", "qwen3-32b", "int4"),
        ("x/Qwen3-32B-int4-AutoRound", "qwen3-32b", "int4"),
        ("unsloth/Qwen3-8B-unsloth-bnb-4bit", "qwen3-8b-unsloth", "bnb-4bit"),
    ],
)
def test_names_of_further_checkpoints_are_taken_apart(name: str, model: str, form: str) -> None:
    found = checkpoint(name)
    assert (found.model, found.format) == (model, form)


def test_what_bitsandbytes_packed_is_not_shared_out_over_tensor_ranks() -> None:
    model = find("unsloth/Qwen3-8B-bnb-4bit").architecture
    assert capacity("m", model, accelerator("l4"), Request(max_model_len=4096)).weights_gib_per_gpu < 7
    named = Request(max_model_len=4096, quantization="bitsandbytes")
    assert capacity("m", model, accelerator("l4"), named).weights_gib_per_gpu < 7
    with pytest.raises(NotFound):
        capacity("m", find("Qwen/Qwen3-8B").architecture, accelerator("l4"), named)
    with pytest.raises(DocumentError, match="pipeline"):
        capacity("m", model, accelerator("l4"), Request(tensor_parallel=2))


@given(st.lists(st.text(alphabet="re:.*+()[]{}|?\\dself_attnmlp", max_size=30), max_size=4))
def test_whatever_a_target_is_it_is_told_or_refused(targets: list[str]) -> None:
    with suppress(DocumentError):
        assert packed(DENSE, (targets, INT4), (["Linear"], FP8)).body.total > 0
