from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.errors import DocumentError, FileUnreadable
from blueprint.planner.architecture import architecture
from blueprint.planner.models import find, known, models, open_model

PLAIN: dict[str, Any] = {
    "model_type": "llama", "num_hidden_layers": 4, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2,
    "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 4096,
}  # fmt: skip


def test_an_unknown_architecture_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(DocumentError, match="'mamba' is no architecture") as refused:
        architecture({**PLAIN, "model_type": "mamba"})
    assert "deepseek_v3" in refused.value.problems[0].allowed


@pytest.mark.parametrize(
    "left_out", ["num_hidden_layers", "hidden_size", "num_attention_heads", "vocab_size", "max_position_embeddings"]
)
def test_what_is_missing_is_named_and_never_guessed(left_out: str) -> None:
    with pytest.raises(DocumentError) as refused:
        architecture({key: value for key, value in PLAIN.items() if key != left_out})
    assert f"config.json.{left_out}" in {problem.key for problem in refused.value.problems}


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(DocumentError) as refused:
        architecture({"model_type": "deepseek_v3", "hidden_size": 64, "num_attention_heads": 2})
    assert {"config.json.num_hidden_layers", "config.json.kv_lora_rank", "config.json.vocab_size"} <= {
        problem.key for problem in refused.value.problems
    }


def test_an_unknown_format_or_kind_of_layer_is_refused() -> None:
    with pytest.raises(DocumentError, match="is no format"):
        architecture({**PLAIN, "quantization_config": {"quant_method": "marvel"}})
    with pytest.raises(DocumentError, match="is no kind of layer"):
        architecture({**PLAIN, "layer_types": ["full_attention", "other", "other", "other"]})
    with pytest.raises(DocumentError, match="lists 1 layers of 4"):
        architecture({**PLAIN, "layer_types": ["full_attention"]})


def test_text_config_comes_first() -> None:
    nested = {"model_type": "mistral3", "hidden_size": 1, "text_config": {**PLAIN, "model_type": "mistral"}}
    assert (architecture(nested).hidden, architecture(nested).model_type) == (512, "mistral")


def test_a_stated_head_dimension_wins_over_hidden_by_heads() -> None:
    assert architecture(PLAIN).attention[0].head_dim == 64
    assert architecture({**PLAIN, "head_dim": 128}).attention[0].head_dim == 128
    assert known("Qwen/Qwen3-32B").attention[0].head_dim == 128


@pytest.mark.parametrize(
    ("model", "kind", "layers"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "gqa", {"full": 32}),
        ("codellama/CodeLlama-7b-hf", "mha", {"full": 32}),
        ("google/gemma-3-27b-it", "window", {"full": 10, "window": 52}),
        ("openai/gpt-oss-20b", "window", {"full": 12, "window": 12}),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "window", {"full": 12, "chunked": 36}),
        ("Qwen/Qwen3.5-27B", "hybrid", {"full": 16, "linear": 48}),
        ("deepseek-ai/DeepSeek-V3", "latent", {"latent": 61}),
        ("nvidia/NVIDIA-Nemotron-3-Super-120B-A12B", "hybrid", {"full": 8, "linear": 40}),
        ("ibm-granite/granite-4.0-h-small", "hybrid", {"full": 4, "linear": 36}),
        ("BAAI/bge-m3", "encoder", {}),
        ("google/gemma-4-31B-it", "window", {"full": 10, "window": 50}),
        ("google/gemma-4-E2B-it", "window", {"full": 3, "window": 12}),
        ("tiiuae/Falcon-H1-3B-Instruct", "hybrid", {"full": 32, "linear": 32}),
        ("moonshotai/Kimi-Linear-48B-A3B-Instruct", "hybrid", {"latent": 7, "linear": 20}),
        ("ibm-granite/granite-4.0-micro", "gqa", {"full": 40}),
    ],
)
def test_layers_are_grouped_by_what_they_keep(model: str, kind: str, layers: dict[str, int]) -> None:
    found = known(model)
    assert (found.attention_kind, {each.kind: each.layers for each in found.attention}) == (kind, layers)


def test_counted_parameters_are_those_that_the_makers_state() -> None:
    counted = {each.id: known(each.id).body.total / 1e9 / each.parameters_billion for each in models().values()}
    assert {name: share for name, share in counted.items() if abs(share - 1) > 0.015} == pytest.approx(
        {"intfloat/multilingual-e5-large-instruct": 0.98, "Qwen/Qwen3.5-0.8B": 0.98, "Qwen/Qwen3.5-2B": 0.97}, abs=0.01
    )  # those of Qwen3.5 count a layer for speculative decoding, which vLLM does not load with the model


def test_a_window_that_is_off_or_longer_than_the_context_is_none() -> None:
    windowed = {**PLAIN, "model_type": "mistral", "sliding_window": 1024}
    assert architecture(windowed).attention_kind == "window"
    assert architecture({**windowed, "sliding_window": 4096}).attention_kind == "gqa"
    assert architecture({**windowed, "model_type": "qwen2", "use_sliding_window": False}).attention_kind == "gqa"


@pytest.mark.parametrize(
    ("quantised", "form"),
    [
        ({"quant_method": "fp8"}, "fp8"),
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 8, "type": "int"}}}},
            "int8",
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"g": {"weights": {"num_bits": 4, "type": "int", "group_size": 32}}},
            },
            "int4-g32",
        ),
    ],
)
def test_the_format_is_read_from_the_configuration(quantised: dict[str, object], form: str) -> None:
    assert architecture({**PLAIN, "quantization_config": quantised}).format == form


def test_attention_that_a_checkpoint_spares_stays_in_16_bits() -> None:
    spared = {"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head", "model.layers.*.self_attn*"]}
    assert architecture({**PLAIN, "quantization_config": spared}).spared.attention
    assert not architecture(
        {**PLAIN, "quantization_config": {"quant_method": "fp8", "ignore": ["lm_head"]}}
    ).spared.attention


def test_any_model_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(open_model("Qwen/Qwen3-32B").config))
    read = find(str(file)).architecture
    assert (read, read.backing) == (find(str(tmp_path)).architecture, "file")
    assert read.model_copy(update={"backing": "config"}) == known("qwen3-32b")


@pytest.mark.parametrize("text", ["", "[]", "3"])
def test_a_file_that_holds_no_configuration_is_said_to_be_unreadable(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(FileUnreadable, match=r"config\.json"):
        find(str(file))


@pytest.mark.parametrize(
    ("scaling", "context"),
    [
        ({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}, 16384),
        ({"type": "linear", "factor": 2.0}, 8192),
        ({"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 512}, 4096),
        (None, 4096),
    ],
)
def test_scaling_that_vllm_multiplies_by_makes_the_context_longer(scaling: object, context: int) -> None:
    assert architecture({**PLAIN, "rope_scaling": scaling}).context == context
    assert architecture({**PLAIN, "rope_parameters": scaling}).context == context


def test_what_gemma_3_states_is_stretched_already_and_its_table_is_as_long_as_its_factor_says() -> None:
    """Three logs of vLLM 0.19 print 0.2 to 0.4 GiB more than the weights: the rows of that table."""
    gemma = {**PLAIN, "model_type": "gemma3_text", "sliding_window": 512, "head_dim": 64}
    plain = architecture(gemma)
    for scaling in (
        {"rope_scaling": {"rope_type": "linear", "factor": 8.0}},
        {"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8.0}, "sliding_attention": {"rope_type": "default"}}},
    ):  # fmt: skip
        found = architecture({**gemma, **scaling})
        assert (plain.context, plain.rotary, found.context, found.rotary) == (4096, 2 * 64, 4096, 9 * 64)


def test_parameters_of_turning_are_read_by_kind_of_layer() -> None:
    nested = {"full_attention": {"rope_type": "linear", "factor": 2.0}, "sliding_attention": {"rope_type": "default"}}
    assert architecture({**PLAIN, "rope_parameters": nested}).context == 8192


@pytest.mark.parametrize("factor", [-4, 0, 0.5, 1e308, float("nan"), float("inf"), "8", True])
def test_a_factor_that_nobody_can_mean_is_refused(factor: object) -> None:
    for key in ("rope_scaling", "rope_parameters"):
        with pytest.raises(DocumentError, match="1 to 1024") as refused:
            architecture({**PLAIN, key: {"rope_type": "yarn", "factor": factor}})
        assert [problem.key for problem in refused.value.problems] == ["config.json.rope_parameters.factor"]


def test_a_context_that_is_stretched_beyond_every_model_is_refused() -> None:
    with pytest.raises(DocumentError, match="stretches 1,000,000,000 tokens"):
        architecture(
            {**PLAIN, "max_position_embeddings": 10**9, "rope_scaling": {"rope_type": "linear", "factor": 1000}}
        )
    with pytest.raises(DocumentError, match="original_max_position_embeddings"):
        architecture({**PLAIN, "rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": -1}})  # fmt: skip


@pytest.mark.parametrize("family", ["qwen2", "qwen3"])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({}, "gqa"),
        ({"use_sliding_window": True}, "gqa"),
        ({"use_sliding_window": True, "max_window_layers": 4}, "gqa"),
        ({"use_sliding_window": True, "max_window_layers": 0}, "window"),
        ({"use_sliding_window": False, "max_window_layers": 0}, "gqa"),
    ],
)
def test_qwen_has_windows_from_a_layer_on_and_only_when_told(family: str, said: dict[str, object], kind: str) -> None:
    assert architecture({**PLAIN, "model_type": family, "sliding_window": 64, **said}).attention_kind == kind


def test_a_mixture_of_windows_that_vllm_does_not_serve_is_refused() -> None:
    with pytest.raises(DocumentError, match="every layer or in none"):
        architecture(
            {**PLAIN, "model_type": "qwen2", "sliding_window": 64, "use_sliding_window": True, "max_window_layers": 2}
        )


def test_a_part_of_the_head_that_turns_is_read_where_either_release_of_transformers_keeps_it() -> None:
    old, new = ({"partial_rotary_factor": 0.5}, {"rope_parameters": {"partial_rotary_factor": 0.5}})
    assert (
        architecture({**PLAIN, **old}).rotary == architecture({**PLAIN, **new}).rotary == architecture(PLAIN).rotary / 2
    )


def test_layers_that_borrow_keys_and_values_keep_nothing_and_have_no_weights_for_them() -> None:
    plain = {
        **PLAIN,
        "model_type": "gemma4_text",
        "hidden_size_per_layer_input": 0,
        "layer_types": ["full_attention"] * 4,
    }
    own, borrowed = architecture(plain), architecture({**plain, "num_kv_shared_layers": 3})
    assert [each.layers for each in borrowed.attention] == [1]
    assert own.body.attention - borrowed.body.attention == 3 * 512 * 2 * 2 * 512


def test_embeddings_of_single_layers_count_with_the_embedding_of_words() -> None:
    plain = {**PLAIN, "model_type": "gemma4_text", "vocab_size_per_layer_input": 500}
    without = architecture({**plain, "hidden_size_per_layer_input": 0}).body
    found = architecture({**plain, "hidden_size_per_layer_input": 8}).body
    assert found.embedding - without.embedding == 4 * 8 * (500 + 512)
    assert found.replicated - without.replicated == 4 * 2 * 512 * 8


def test_the_state_of_kimi_linear_has_32_bits() -> None:
    state = next(each for each in known("moonshotai/Kimi-Linear-48B-A3B-Instruct").attention if each.kind == "linear")
    assert state.state_bytes == 4 * 32 * 128 * 128 + 2 * 3 * 4096 * 3
    assert state.state is None


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"model_type": "gemma4_text", "per_layer_config": {"3": {"head_dim": 512}}}, "per_layer_config"),
        ({"model_type": "lfm2"}, "layer_types"),
        ({"model_type": "kimi_linear", "linear_attn_config": {"full_attn_layers": [1], "kda_layers": [2]}}, "linear_attn_config"),
        ({"audio_config": {"model_type": "whisper"}}, "audio_config"),
    ],
)  # fmt: skip
def test_what_would_be_counted_wrong_is_refused(changed: dict[str, object], key: str) -> None:
    with pytest.raises(DocumentError) as refused:
        architecture({**PLAIN, **changed})
    assert f"config.json.{key}" in {problem.key for problem in refused.value.problems}


def test_an_encoder_of_sound_counts_as_weights() -> None:
    model = known("google/gemma-4-E2B-it")
    assert model.images
    assert (model.body.vision - model.images.parameters) / 1e6 == pytest.approx(307, rel=0.01)
    assert model.without_images.body.vision == 0


def test_defaults_of_a_configuration_class_stand_in_where_a_file_is_silent() -> None:
    text = {
        "model_type": "gemma3_text",
        "hidden_size": 2560,
        "intermediate_size": 10240,
        "num_hidden_layers": 34,
        "sliding_window": 1024,
    }
    found = architecture({"model_type": "gemma3", "text_config": text})
    assert {each.kind: each.layers for each in found.attention} == {"full": 5, "window": 29}
    assert (found.heads, found.kv_heads, found.vocabulary, found.body.head) == (8, 4, 262208, 0)
