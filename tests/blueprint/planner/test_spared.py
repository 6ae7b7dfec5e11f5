"""What a quantised checkpoint leaves in 16 bits, by whatever list it keeps of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.errors import DocumentError
from blueprint.planner.accelerators import accelerator
from blueprint.planner.architecture import architecture
from blueprint.planner.capacity import capacity
from blueprint.planner.quantization import weight_format, weights_of
from blueprint.planner.request import Request
from blueprint.planner.spared import Spared
from tests.blueprint.planner.test_packing import DENSE, EXPERTS

HYBRID: dict[str, Any] = {
    **DENSE, "model_type": "qwen3_next", "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 256, "head_dim": 64,
    "shared_expert_intermediate_size": 256, "linear_num_value_heads": 8, "linear_num_key_heads": 8, "linear_key_head_dim": 64,
    "linear_value_head_dim": 64, "linear_conv_kernel_dim": 4, "full_attention_interval": 4,
}  # fmt: skip
FP8 = {
    "quant_method": "compressed-tensors",
    "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float"}}},
}


def spared(told: dict[str, Any], model: dict[str, Any] = DENSE) -> Spared:
    return architecture({**model, "quantization_config": told}).spared


def each(*modules: str) -> list[str]:
    return [f"model.layers.{layer}.{module}" for layer in range(4) for module in modules]


ALL_OF_ATTENTION = each(*(f"self_attn.{name}_proj" for name in "qkvo"))


@pytest.mark.parametrize(
    ("ignored", "attention", "dense"),
    [
        (ALL_OF_ATTENTION, 1, 0),
        (ALL_OF_ATTENTION[:4], 0.25, 0),
        (each("self_attn.q_proj"), 0.25, 0),
        (each("self_attn.qkv_proj"), 0.75, 0),
        (["re:.*self_attn.*"], 1, 0),
        (["re:model.layers.0.self_attn.*"], 0.25, 0),
        (["model.layers.0.self_attn*"], 0.25, 0),
        (["re:.*mlp.*", "lm_head"], 0, 1),
        (["re:.*mlp.gate$", "re:.*lm_head"], 0, 0),
        (["re:model.layers.0..*", "re:model.layers.1..*"], 0.5, 0.5),
        ([r"re:.*layers\.(?!0\.).*"], 0.75, 0.75),
        (["language_model.model.layers.0.mlp"], 0, 0.25),
        (["re:language_model.model.layers.*self_attn.*"], 1, 0),
        (["lm_head"], 0, 0),
    ],
)
def test_the_share_of_each_part_is_counted_in_the_modules_of_each_layer(
    ignored: list[str], attention: float, dense: float
) -> None:
    found = spared({**FP8, "ignore": ignored})
    assert (found.attention, found.dense, found.experts) == (attention, dense, 0)


def test_what_is_left_out_of_an_encoder_of_images_says_nothing_of_the_language_model() -> None:
    eyes = [
        f"visual.blocks.{layer}.{module}" for layer in range(32) for module in ("attn.qkv", "attn.proj", "mlp.up_proj")
    ]
    assert spared({**FP8, "ignore": [*eyes, "re:.*vision_tower.*", "visual.merger.mlp.0"]}) == Spared(states=0.0)


@pytest.mark.parametrize(
    "told",
    [
        {"quant_method": "awq", "bits": 4, "modules_to_not_convert": ["self_attn"]},
        {"quant_method": "bitsandbytes", "load_in_4bit": True, "llm_int8_skip_modules": ALL_OF_ATTENTION},
        {"quant_method": "gptq", "bits": 4, "dynamic": {"-:.*self_attn.*": {}, "+:.*mlp.*": {"bits": 8}}},
        {"quant_method": "auto-round", "bits": 4, "extra_config": {name: {"bits": 16} for name in ALL_OF_ATTENTION}},
        {"quant_method": "modelopt", "quant_algo": "FP8", "exclude_modules": ["*self_attn*", "lm_head"]},
        {"quant_method": "fp8", "ignored_layers": ALL_OF_ATTENTION},
    ],
)
def test_every_way_of_packing_has_a_list_of_its_own(told: dict[str, Any]) -> None:
    assert spared(told) == Spared(attention=1.0, states=0.0)


@pytest.mark.parametrize(
    ("family", "attention", "feed"),
    [
        ("internlm2", ("attention.wqkv", "attention.wo"), ("feed_forward.w1", "feed_forward.w2", "feed_forward.w3")),
        ("phi", tuple(f"self_attn.{each}" for each in ("q_proj", "k_proj", "v_proj", "dense")), ("mlp.fc1", "mlp.fc2")),
        ("phi3", ("self_attn.qkv_proj", "self_attn.o_proj"), ("mlp.gate_up_proj", "mlp.down_proj")),
        ("starcoder2", tuple(f"self_attn.{each}_proj" for each in "qkvo"), ("mlp.c_fc", "mlp.c_proj")),
    ],
)
def test_families_have_names_of_their_own(family: str, attention: tuple[str, ...], feed: tuple[str, ...]) -> None:
    model = {**DENSE, "model_type": family}
    assert spared({**FP8, "ignore": each(*attention)}, model) == Spared(attention=1.0, states=0.0)
    assert spared({**FP8, "ignore": each(*feed)}, model) == Spared(dense=1.0, states=0.0)


def test_experts_and_what_is_shared_are_apart() -> None:
    assert spared({**FP8, "ignore": ["re:.*shared_expert.*"]}, EXPERTS) == Spared(dense=1.0, states=0.0)
    assert (
        spared(
            {**FP8, "ignore": each("mlp.experts.0.gate_proj", "mlp.experts.0.up_proj", "mlp.experts.0.down_proj")},
            EXPERTS,
        ).experts
        == 1
    )
    assert spared({**FP8, "ignore": ["re:.*block_sparse_moe.experts.*"]}, EXPERTS).experts == 0


def test_small_modules_of_linear_layers_are_not_the_layers() -> None:
    small = each("linear_attn.conv1d", "linear_attn.in_proj_ba")
    assert spared({**FP8, "ignore": small}, HYBRID) == Spared(states=0.0)
    assert spared({**FP8, "ignore": ["re:.*linear_attn.*"]}, HYBRID) == Spared(states=1.0)
    only = [
        "model.layers.3.self_attn.q_proj",
        "model.layers.3.self_attn.k_proj",
        "model.layers.3.self_attn.v_proj",
        "model.layers.3.self_attn.o_proj",
    ]
    assert spared({**FP8, "ignore": only}, HYBRID) == Spared(attention=1.0, states=0.0)


def test_what_is_spared_weighs_two_bytes_and_a_share_of_it_is_derived() -> None:
    half = architecture({**DENSE, "quantization_config": {**FP8, "ignore": ["re:model.layers.[01].*"]}})
    body = half.body
    assert weights_of(half, weight_format("fp8")).layers == pytest.approx(
        1.5 * (body.attention + body.dense), rel=0.001
    )
    found = capacity("m", half, accelerator("h100"), Request(), change=False).error_band
    assert found.origin == "derived"
    assert any("left" in reason or "leaves" in reason for reason in found.because)


@pytest.mark.parametrize("pattern", ["re:(a+)+$", "re:(((", "re:" + ".*" * 9, "re:(?P<"])
def test_a_pattern_that_is_not_tried_is_refused(pattern: str) -> None:
    with pytest.raises(DocumentError, match="by a pattern that is not tried"):
        spared({**FP8, "ignore": [pattern]})


@given(st.lists(st.text(alphabet="re:.*+()[]{}|?\\dself_attnmlp0", max_size=30), max_size=4))
def test_whatever_a_list_holds_shares_are_shares(ignored: list[str]) -> None:
    with suppress(DocumentError):
        assert all(0 <= share <= 1 for _, share in spared({**FP8, "ignore": ignored}))
