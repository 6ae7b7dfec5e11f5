"""Within which bounds a number of a configuration can be meant: from what a part needs at least, to far beyond every model that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple


class Bound(NamedTuple):
    """The least and the most of a whole number."""

    low: int
    high: int

    def holds(self, value: object) -> bool:
        """Whether a value is a whole number between them, which true and false are not."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a whole number from {self.low:,} to {self.high:,}"


def _each(names: str, low: int, high: int) -> Iterable[tuple[str, Bound]]:
    return ((name, Bound(low, high)) for name in names.split())


QUOTED, DIGITS = 60, 128
"""Characters of a value that an error quotes, and bits of a number that it writes out."""
LAYERS, HEADS, EXPERTS, WIDTH, WORDS, TOKENS = 1024, 2**14, 2**14, 2**20, 2**26, 2**30

MOST_AT_ONCE = 1_000_000
"""Sequences that anybody asks for, beyond which a number is a slip of the pen."""
BOUNDS: Mapping[str, Bound] = MappingProxyType(
    {
        name: bound
        for named in (
            _each("num_hidden_layers depth vt_num_hidden_layers full_attention_interval", 1, LAYERS),
            _each("interleave_moe_layer_step decoder_sparse_step spatial_merge_size", 1, LAYERS),
            _each("num_attention_heads num_key_value_heads num_global_key_value_heads index_n_heads mamba_n_heads", 1, HEADS),
            _each("mamba_num_heads linear_num_key_heads linear_num_value_heads mamba_n_groups n_groups", 1, HEADS),
            _each("hidden_size embed_dim width vt_hidden_size head_dim global_head_dim kv_lora_rank", 1, WIDTH),
            _each("v_head_dim index_head_dim mamba_d_head mamba_head_dim mamba_d_state ssm_state_size", 1, WIDTH),
            _each("linear_key_head_dim linear_value_head_dim linear_conv_kernel_dim mamba_d_conv conv_kernel", 1, WIDTH),
            _each("vocab_size", 1, WORDS),
            _each("max_position_embeddings attention_chunk_size", 1, TOKENS),
            _each("first_k_dense_replace moe_layer_start_index max_window_layers num_kv_shared_layers", 0, LAYERS),
            _each("n_routed_experts num_local_experts num_experts n_shared_experts num_shared_experts", 0, EXPERTS),
            _each("num_experts_per_tok num_experts_per_token top_k_experts moe_k moe_num_experts moe_num_shared_experts", 0, EXPERTS),
            _each("intermediate_size intermediate_size_mlp moe_intermediate_size shared_intermediate_size", 0, WIDTH),
            _each("shared_expert_intermediate_size moe_shared_expert_intermediate_size moe_latent_size", 0, WIDTH),
            _each("vt_intermediate_size out_hidden_size q_lora_rank qk_nope_head_dim qk_rope_head_dim", 0, WIDTH),
            _each("sliding_window", 0, TOKENS),
        )
        for name, bound in named
    }
)  # fmt: skip
"""Keys whose number decides memory. 0: the model has none of it."""


def outside(given: Mapping[str, object]) -> Mapping[str, Bound]:
    """Keys whose value can not be meant, each with its bound; null is the same as a key that is not there."""
    present = {key: bound for key, bound in BOUNDS.items() if given.get(key) is not None}
    return {key: bound for key, bound in present.items() if not bound.holds(given[key])}


def shown(value: object) -> str:
    """A value as an error quotes it, never longer than a line: only the kind of what holds others."""
    if isinstance(value, Mapping | list | tuple):
        return f"{'a mapping' if isinstance(value, Mapping) else 'a list'} of {len(value)}"
    if isinstance(value, int) and value.bit_length() > DIGITS:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"
