from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.architecture import architecture
from blueprint.planner.models import find, known, models
from blueprint.planner.quantization import FORMATS, weight_format, weights_of
from blueprint.planner.spared import Spared
from blueprint.planner.units import gib


@pytest.mark.parametrize(
    ("spoken", "name"),
    [("bfloat16", "bf16"), ("gptq_marlin", "int4"), ("AWQ", "int4"), ("modelopt_fp4", "nvfp4"), ("fp8", "fp8")],
)
def test_a_format_is_known_by_what_vllm_calls_it(spoken: str, name: str) -> None:
    assert weight_format(spoken).name == name


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="mxfp4"):
        weight_format("mxfp44")


def test_embedding_and_output_layer_stay_in_16_bits() -> None:
    model = known("meta-llama/Llama-3.1-8B-Instruct")
    found = weights_of(model, weight_format("fp8"))
    assert (found.embedding, found.head) == (2 * model.body.embedding, 2 * model.body.head)
    assert int(found.layers) == int(model.body.attention + model.body.dense)  # a byte for each


def test_only_experts_are_in_mxfp4_and_their_width_is_padded() -> None:
    model = known("openai/gpt-oss-20b")
    found = weights_of(model, weight_format("mxfp4"))
    assert found.layers == 2 * (model.body.attention + model.body.dense)
    assert found.experts == pytest.approx(model.body.experts * 0.53 * 3072 / 2880, rel=1e-6)


def test_attention_that_a_checkpoint_spares_stays_in_16_bits() -> None:
    model = known("Qwen/Qwen3-32B")
    spared = weights_of(model.model_copy(update={"spared": Spared(attention=1.0)}), weight_format("nvfp4"))
    assert spared.layers - weights_of(model, weight_format("nvfp4")).layers == pytest.approx(
        model.body.attention * (2 - 0.5625), abs=2
    )


def test_an_encoder_of_images_is_never_converted() -> None:
    model = known("google/gemma-3-27b-it")
    assert weights_of(model, weight_format("int4")).vision == 2 * model.body.vision


def test_every_format_says_where_its_size_is_from() -> None:
    assert all(each.source for each in FORMATS.values())


@pytest.mark.parametrize(("name", "gib_in_log", "converted"), [
    ("Qwen/Qwen3.5-35B-A3B-FP8", 34.22, True), ("RedHatAI/Qwen3.5-397B-A17B-FP8-dynamic", 4 * 94.87, False),
    ("RedHatAI/Qwen3.6-35B-A3B-NVFP4", 21.86, False), ("Qwen/Qwen3.8-27B-FP8", 28.51, True), ("RedHatAI/Qwen3.8-27B-INT4", 17.71, True),
])  # fmt: skip
def test_who_converts_linear_layers_too_is_seen_in_the_weights_of_logs(
    name: str, gib_in_log: float, converted: bool
) -> None:
    found = find(name).architecture
    assert (found.spared.states == 0) is converted
    assert gib(weights_of(found, weight_format(found.format)).total) == pytest.approx(gib_in_log, rel=0.02)


def test_a_configuration_says_itself_what_is_not_converted() -> None:
    row = known("Qwen/Qwen3.5-27B")
    assert row.spared.states == 1  # nothing is
    config = {**models()["Qwen/Qwen3.5-27B"].config["text_config"], "quantization_config": {"quant_method": "fp8"}}
    listed = {"quantization_config": {"quant_method": "fp8", "modules_to_not_convert": ["re:.*linear_attn.*"]}}
    assert [architecture({**config, **more}).spared.states for more in ({}, listed)] == [0, 1]
