from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.models import known
from blueprint.planner.quantization import FORMATS, weight_format, weights_of


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
    assert found.layers == model.body.attention + model.body.dense


def test_only_experts_are_in_mxfp4_and_their_width_is_padded() -> None:
    model = known("openai/gpt-oss-20b")
    found = weights_of(model, weight_format("mxfp4"))
    assert found.layers == 2 * (model.body.attention + model.body.dense)
    assert found.experts == pytest.approx(model.body.experts * 0.53 * 3072 / 2880, rel=1e-6)


def test_attention_that_a_checkpoint_spares_stays_in_16_bits() -> None:
    model = known("Qwen/Qwen3-32B")
    spared = weights_of(model.model_copy(update={"attention_unquantised": True}), weight_format("nvfp4"))
    assert spared.layers - weights_of(model, weight_format("nvfp4")).layers == pytest.approx(
        model.body.attention * (2 - 0.5625), abs=2
    )


def test_an_encoder_of_images_is_never_converted() -> None:
    model = known("google/gemma-3-27b-it")
    assert weights_of(model, weight_format("int4")).vision == 2 * model.body.vision


def test_every_format_says_where_its_size_is_from() -> None:
    assert all(each.source for each in FORMATS.values())
