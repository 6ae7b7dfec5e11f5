"""What the configuration classes of transformers fill in where a file is silent, as far as it decides memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

_ROWS = (
    ("mistral", 0, 8, 0), ("ministral3", 128, 8, 0), ("qwen2", 0, 32, 0), ("qwen3", 128, 32, 0), ("starcoder2", 0, 2, 0), ("gemma", 256, 16, 0),
    ("seed_oss", 128, 8, 0), ("exaone4", 0, 32, 0), ("smollm3", 0, 4, 0), ("stablelm", 0, 32, 0), ("glm4", 128, 2, 0), ("ernie4_5", 128, 2, 0),
    ("gemma2", 256, 4, 0), ("gemma4_text", 256, 4, 0), ("mixtral", 0, 8, 0), ("qwen2_moe", 0, 16, 0), ("qwen3_moe", 0, 4, 0),
    ("glm4_moe", 0, 8, 1), ("dots1", 0, 32, 0), ("phimoe", 0, 8, 0), ("minimax_m2", 128, 8, 0), ("gpt_oss", 64, 8, 0), ("llama4_text", 128, 8, 0),
    ("deepseek_v2", 0, 0, 2), ("deepseek_v3", 0, 0, 1), ("deepseek_v32", 0, 0, 1), ("glm4_moe_lite", 0, 0, 1), ("glm_moe_dsa", 0, 0, 1),
    ("qwen3_next", 256, 2, 0), ("qwen3_5_text", 256, 4, 0), ("qwen3_5_moe_text", 256, 2, 0), ("nemotron_h", 128, 8, 1),
)  # fmt: skip
"""Family, width of a head, heads of the cache, shared experts; 0: the class takes it from other numbers, or has none."""

_FURTHER: Mapping[str, Mapping[str, object]] = {
    "qwen2": {"use_sliding_window": False, "max_window_layers": 28}, "qwen3": {"use_sliding_window": False, "max_window_layers": 28},
    "qwen2_moe": {"shared_expert_intermediate_size": 5632}, "qwen3_next": {"shared_expert_intermediate_size": 512},
    "qwen3_5_moe_text": {"shared_expert_intermediate_size": 512}, "llama4_text": {"intermediate_size_mlp": 16384},
    "gemma4_text": {"sliding_window_pattern": 6, "sliding_window": 512},
}  # fmt: skip


def _each() -> Iterator[tuple[str, Mapping[str, object]]]:
    rows = {family: (head_dim, kv_heads, shared) for family, head_dim, kv_heads, shared in _ROWS}
    for family in dict.fromkeys([*rows, *_FURTHER]):
        stated = zip(("head_dim", "num_key_value_heads", "n_shared_experts"), rows.get(family, (0, 0, 0)), strict=True)
        yield family, {**{key: value for key, value in stated if value}, **_FURTHER.get(family, {})}


DEFAULTS: Mapping[str, Mapping[str, object]] = MappingProxyType(dict(_each()))
"""By family, read in transformers 5.24.0; a family that is neither here nor has `defaults` of its own fills in nothing of the kind."""
