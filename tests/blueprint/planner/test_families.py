"""Structures of architectures, each held against the number of parameters that the makers of one of its models state."""

from __future__ import annotations

import pytest

from blueprint.planner.architecture import architecture
from blueprint.planner.families import FAMILIES

STATED: list[tuple[str, float, dict[str, object]]] = [
    (
        "internlm2",
        7.74,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 14336,
            "vocab_size": 92544,
        },
    ),
    (
        "internlm3",
        8.8,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 48,
            "num_attention_heads": 32,
            "num_key_value_heads": 2,
            "head_dim": 128,
            "intermediate_size": 10240,
            "vocab_size": 128512,
        },
    ),
    (
        "exaone4",
        32.0,
        {
            "hidden_size": 5120,
            "num_hidden_layers": 64,
            "num_attention_heads": 40,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "intermediate_size": 27392,
            "vocab_size": 102400,
        },
    ),
    (
        "smollm3",
        3.08,
        {
            "hidden_size": 2048,
            "num_hidden_layers": 36,
            "num_attention_heads": 16,
            "num_key_value_heads": 4,
            "intermediate_size": 11008,
            "vocab_size": 128256,
        },
    ),
    (
        "olmo",
        6.9,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "intermediate_size": 11008,
            "vocab_size": 50304,
        },
    ),
    (
        "olmo3",
        7.3,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "intermediate_size": 11008,
            "vocab_size": 100278,
        },
    ),
    (
        "cohere",
        35.0,
        {
            "hidden_size": 8192,
            "num_hidden_layers": 40,
            "num_attention_heads": 64,
            "num_key_value_heads": 64,
            "intermediate_size": 22528,
            "vocab_size": 256000,
        },
    ),
    (
        "cohere2",
        8.03,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 14336,
            "vocab_size": 256000,
            "sliding_window": 4096,
            "sliding_window_pattern": 4,
        },
    ),
    (
        "stablelm",
        12.1,
        {
            "hidden_size": 5120,
            "num_hidden_layers": 40,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 13824,
            "vocab_size": 100352,
        },
    ),
    (
        "glm4",
        9.4,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 40,
            "num_attention_heads": 32,
            "num_key_value_heads": 2,
            "head_dim": 128,
            "intermediate_size": 13696,
            "vocab_size": 151552,
        },
    ),
    (
        "glm4",
        32.57,
        {
            "hidden_size": 6144,
            "num_hidden_layers": 61,
            "num_attention_heads": 48,
            "num_key_value_heads": 2,
            "head_dim": 128,
            "intermediate_size": 23040,
            "vocab_size": 151552,
        },
    ),
    (
        "nemotron",
        4.19,
        {
            "hidden_size": 3072,
            "num_hidden_layers": 32,
            "num_attention_heads": 24,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "intermediate_size": 9216,
            "vocab_size": 256000,
        },
    ),
    (
        "arcee",
        4.62,
        {
            "hidden_size": 2560,
            "num_hidden_layers": 36,
            "num_attention_heads": 20,
            "num_key_value_heads": 4,
            "intermediate_size": 18432,
            "vocab_size": 128004,
        },
    ),
    (
        "apertus",
        8.05,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 21504,
            "vocab_size": 131072,
        },
    ),
    (
        "ernie4_5",
        0.36,
        {
            "hidden_size": 1024,
            "num_hidden_layers": 18,
            "num_attention_heads": 16,
            "num_key_value_heads": 2,
            "head_dim": 128,
            "intermediate_size": 3072,
            "vocab_size": 103424,
        },
    ),
    (
        "hunyuan_v1_dense",
        7.5,
        {
            "tie_word_embeddings": True,
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 14336,
            "vocab_size": 128167,
        },
    ),
    (
        "mimo",
        7.6,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 36,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 11008,
            "vocab_size": 151680,
        },
    ),
    (
        "gpt_neox",
        11.85,
        {
            "hidden_size": 5120,
            "num_hidden_layers": 36,
            "num_attention_heads": 40,
            "intermediate_size": 20480,
            "vocab_size": 50688,
        },
    ),
    (
        "phimoe",
        41.9,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 6400,
            "num_local_experts": 16,
            "num_experts_per_tok": 2,
            "vocab_size": 32064,
            "sliding_window": 131072,
        },
    ),
    (
        "olmoe",
        6.92,
        {
            "hidden_size": 2048,
            "num_hidden_layers": 16,
            "num_attention_heads": 16,
            "num_key_value_heads": 16,
            "intermediate_size": 1024,
            "num_experts": 64,
            "num_experts_per_tok": 8,
            "vocab_size": 50304,
        },
    ),
    (
        "granitemoe",
        3.3,
        {
            "tie_word_embeddings": True,
            "hidden_size": 1536,
            "num_hidden_layers": 32,
            "num_attention_heads": 24,
            "num_key_value_heads": 8,
            "intermediate_size": 512,
            "num_local_experts": 40,
            "num_experts_per_tok": 8,
            "vocab_size": 49155,
        },
    ),
    (
        "deepseek",
        16.38,
        {
            "hidden_size": 2048,
            "num_hidden_layers": 28,
            "num_attention_heads": 16,
            "num_key_value_heads": 16,
            "intermediate_size": 10944,
            "moe_intermediate_size": 1408,
            "n_routed_experts": 64,
            "n_shared_experts": 2,
            "num_experts_per_tok": 6,
            "first_k_dense_replace": 1,
            "vocab_size": 102400,
        },
    ),
    (
        "dots1",
        142.8,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 62,
            "num_attention_heads": 32,
            "num_key_value_heads": 32,
            "intermediate_size": 10944,
            "moe_intermediate_size": 1408,
            "n_routed_experts": 128,
            "n_shared_experts": 2,
            "num_experts_per_tok": 6,
            "first_k_dense_replace": 1,
            "vocab_size": 152064,
        },
    ),
    (
        "ernie4_5_moe",
        300.0,
        {
            "hidden_size": 8192,
            "num_hidden_layers": 54,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "intermediate_size": 28672,
            "moe_intermediate_size": 3584,
            "moe_num_experts": 64,
            "moe_k": 8,
            "moe_layer_start_index": 3,
            "vocab_size": 103424,
        },
    ),
    (
        "bailing_moe",
        16.8,
        {
            "hidden_size": 2048,
            "num_hidden_layers": 28,
            "num_attention_heads": 16,
            "num_key_value_heads": 4,
            "head_dim": 128,
            "intermediate_size": 5632,
            "moe_intermediate_size": 1408,
            "num_experts": 64,
            "num_shared_experts": 2,
            "num_experts_per_tok": 6,
            "vocab_size": 126464,
        },
    ),
    (
        "hy_v3",
        295.0,
        {
            "hidden_size": 4096,
            "num_hidden_layers": 80,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "intermediate_size": 13312,
            "moe_intermediate_size": 1536,
            "num_experts": 192,
            "num_shared_experts": 1,
            "num_experts_per_tok": 8,
            "vocab_size": 120832,
        },
    ),
    (
        "exaone_moe",
        236.0,
        {
            "hidden_size": 6144,
            "num_hidden_layers": 48,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "head_dim": 128,
            "intermediate_size": 18432,
            "moe_intermediate_size": 2048,
            "num_experts": 128,
            "num_shared_experts": 1,
            "num_experts_per_tok": 8,
            "sliding_window": 128,
            "layer_types": [*["sliding_attention"] * 3, "full_attention"] * 12,
            "vocab_size": 153600,
        },
    ),
    (
        "lfm2",
        1.17,
        {
            "hidden_size": 2048,
            "num_hidden_layers": 16,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "intermediate_size": 12288,
            "layer_types": [
                *["conv", "conv", "full_attention"] * 2,
                *["conv", "conv", "full_attention", "conv", "full_attention"] * 2,
            ],
            "vocab_size": 65536,
        },
    ),
]
"""Billions, and the configuration of one model; both from memory, so that only what agrees says anything."""


@pytest.mark.parametrize(("name", "billions", "configuration"), STATED)
def test_the_structure_gives_the_number_of_parameters_that_is_stated(
    name: str, billions: float, configuration: dict[str, object]
) -> None:
    found = architecture({"model_type": name, "max_position_embeddings": 131072, **configuration})
    assert found.body.total / 1e9 == pytest.approx(billions, rel=0.006)
    assert found.model_type == name


def test_an_alias_is_the_family_that_it_names() -> None:
    assert FAMILIES["qwen3_vl"] is FAMILIES["qwen3"]
    assert FAMILIES["gemma3"].name == "gemma3_text"
