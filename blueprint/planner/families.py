"""Architectures that the planner knows, by the `model_type` of their configuration."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Pattern = Literal[
    "full", "sliding", "alternate", "every", "chunked", "latent", "linear", "letters", "listed", "numbered", "both", "encoder"
]  # fmt: skip


class Family(NamedTuple):
    """How an architecture departs from plain attention and a gated feed-forward part."""

    name: str
    pattern: Pattern = "full"
    """Which layers keep what, where the configuration has no `layer_types`; `both`: every layer attends and has a state."""
    matrices: int = 3
    """Of a feed-forward part: 3 with a gate, 2 without."""
    tied: bool = False
    """Whether input and output embedding are one where the configuration is silent."""
    experts: str = ""
    """Key of the number of routed experts; empty for a dense model."""
    dense_if: Literal["never", "silent", "zero"] = "never"
    """What the number of experts says in a configuration of the family that has none: nothing, or 0; never: all of them have some."""
    expert_width: str = "moe_intermediate_size"
    gated_query: bool = False
    """The query projection is twice as wide, for a gate on the output."""
    sparse: bool = False
    """Latent attention with a sparse index beside it."""
    dense_beside: bool = False
    """A dense feed-forward part stands beside the experts in every layer."""
    two_bases: bool = False
    """Layers with a window turn at another base, so there are two tables of rotary positions."""
    states: str = "delta"
    """Which linear layer it has: a key of STATES."""
    float16: bool = True
    """Whether vLLM computes it in float16 (_FLOAT16_NOT_SUPPORTED_MODELS of vllm/config/model.py)."""
    stretched: bool = False
    """What it states as its context is stretched already."""
    largest_graph: int = 512
    """Largest batch that vLLM captures, on GPUs that capture no more by themselves (vllm/model_executor/models/config.py)."""
    mixtral_names: bool = False
    """Its experts are called as those of Mixtral: block_sparse_moe.experts.0.w1."""
    dense_beside_states: bool = False
    """The width of a feed-forward part is called shared_intermediate_size."""
    defaults: Mapping[str, object] = MappingProxyType({})
    """What the configuration class fills in when a file leaves it out."""


_GEMMA3 = {
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208,
    "max_position_embeddings": 131072, "sliding_window": 4096, "sliding_window_pattern": 6,
}  # fmt: skip
_GEMMA4 = {"global_head_dim": 512, "hidden_size_per_layer_input": 256, "max_position_embeddings": 131072}
_UNIFIED = {"global_head_dim": 512, "max_position_embeddings": 262144}
_LFM2 = {"conv_L_cache": 3, "block_multiple_of": 256, "max_position_embeddings": 128000}
_LINEAR = {"full_attention_interval": 4, "linear_conv_kernel_dim": 4}

_KNOWN = (
    Family("llama"), Family("mistral", "sliding"), Family("ministral3", "sliding"), Family("qwen2", "sliding"), Family("qwen3", "sliding"),
    Family("phi3", "sliding"), Family("phi", matrices=2), Family("starcoder2", "sliding", matrices=2, tied=True), Family("granite"),
    Family("olmo"), Family("olmo2"), Family("olmo3", "every", defaults={"sliding_window_pattern": 4, "sliding_window": 4096}), Family("gemma", tied=True), Family("seed_oss"), Family("internlm2"),
    Family("internlm3"), Family("exaone4"), Family("smollm3", tied=True), Family("cohere", tied=True), Family("cohere2", "every", tied=True, defaults={"sliding_window_pattern": 4}),
    Family("stablelm"), Family("glm4", float16=False), Family("mimo"), Family("ernie4_5", tied=True), Family("hunyuan_v1_dense"),
    Family("nemotron", matrices=2), Family("arcee", matrices=2), Family("apertus", matrices=2), Family("gpt_neox", matrices=2),
    Family("gemma2", "alternate", tied=True, float16=False), Family("gemma3_text", "every", tied=True, two_bases=True, float16=False, stretched=True, defaults=_GEMMA3),
    Family("gemma4_text", "every", tied=True, two_bases=True, experts="num_experts", dense_if="silent", dense_beside=True, defaults=_GEMMA4),
    Family("gemma4_unified_text", tied=True, two_bases=True, defaults=_UNIFIED),
    Family("mixtral", "sliding", experts="num_local_experts", expert_width="intermediate_size", mixtral_names=True),
    Family("qwen2_moe", experts="num_experts"), Family("qwen3_moe", experts="num_experts"),
    Family("ernie4_5_moe", experts="moe_num_experts", tied=True, defaults={"moe_layer_start_index": 1}),
    Family("bailing_moe", experts="num_experts"), Family("hy_v3", experts="num_experts", defaults={"first_k_dense_replace": 1}),
    Family("exaone_moe", "listed", experts="num_experts", defaults={"first_k_dense_replace": 1}),
    Family("glm4_moe", experts="n_routed_experts"), Family("deepseek", experts="n_routed_experts"), Family("dots1", experts="n_routed_experts"),
    Family("phimoe", "sliding", experts="num_local_experts", expert_width="intermediate_size", mixtral_names=True),
    Family("olmoe", experts="num_experts", expert_width="intermediate_size"),
    Family("granitemoe", experts="num_local_experts", expert_width="intermediate_size"),
    Family("minimax_m2", experts="num_local_experts", expert_width="intermediate_size", mixtral_names=True),
    Family("gpt_oss", "alternate", experts="num_local_experts", expert_width="intermediate_size", largest_graph=1024),
    Family("llama4_text", "chunked", experts="num_local_experts", expert_width="intermediate_size",
           defaults={"attention_chunk_size": 8192, "interleave_moe_layer_step": 1}),
    Family("deepseek_v2", "latent", experts="n_routed_experts"), Family("deepseek_v3", "latent", experts="n_routed_experts"),
    Family("kimi_k2", "latent", experts="n_routed_experts"), Family("glm4_moe_lite", "latent", experts="n_routed_experts"),
    Family("deepseek_v32", "latent", experts="n_routed_experts", sparse=True),
    Family("glm_moe_dsa", "latent", experts="n_routed_experts", sparse=True),
    Family("qwen3_next", "linear", experts="num_experts", gated_query=True, defaults=_LINEAR),
    Family("qwen3_5_text", "linear", gated_query=True, defaults=_LINEAR),
    Family("qwen3_5_moe_text", "linear", experts="num_experts", gated_query=True, defaults=_LINEAR),
    Family("nemotron_h", "letters", matrices=2, experts="n_routed_experts", states="nemotron"),
    Family("granitemoehybrid", experts="num_local_experts", dense_if="zero", expert_width="intermediate_size", states="granite",
           dense_beside_states=True),
    Family("falcon_h1", "both", states="granite"), Family("lfm2", "listed", tied=True, states="conv", defaults=_LFM2),
    Family("kimi_linear", "numbered", experts="num_experts", states="kimi"),
    Family("xlm-roberta", "encoder", matrices=2, tied=True), Family("bert", "encoder", matrices=2, tied=True),
)  # fmt: skip

_ALIASES = {
    "gemma3": "gemma3_text", "gemma4": "gemma4_text", "gemma4_unified": "gemma4_unified_text", "llama4": "llama4_text", "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text", "qwen2_vl": "qwen2", "qwen2_5_vl": "qwen2", "qwen3_vl": "qwen3",
    "qwen3_vl_text": "qwen3", "qwen3_vl_moe": "qwen3_moe", "qwen3_vl_moe_text": "qwen3_moe", "qwen2_5_vl_text": "qwen2",
}  # fmt: skip

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {family.name: family for family in _KNOWN}
    | {alias: next(family for family in _KNOWN if family.name == name) for alias, name in _ALIASES.items()}
)
"""Read in the configuration classes of transformers and in vLLM 0.33.0; a new one is one line here."""
