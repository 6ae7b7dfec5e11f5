"""How many parameters a model has, part by part. Norms and biases are left out: they are below 0.1%."""

from __future__ import annotations

from typing import NamedTuple

from blueprint.planner.families import Family
from blueprint.planner.layers import borrowing_of, head_dim_of, kinds_of
from blueprint.planner.settings import Settings
from blueprint.planner.states import STATES
from blueprint.planner.units import Parameters

DENSE_FIRST = ("first_k_dense_replace", "moe_layer_start_index")
PER_TOKEN = ("num_experts_per_token", "top_k_experts", "moe_k")
SHARED = ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts")
"""What configurations call layers without experts at the beginning, experts of a token, and experts of every token."""


class Feed(NamedTuple):
    """Feed-forward parts of all layers: parameters, and the widths that decide how much one step needs."""

    dense: int
    routed: int = 0
    routers: int = 0
    """What chooses experts; every tensor rank holds them whole."""
    replicated: int = 0
    width: int = 0
    experts: int = 0
    per_token: int = 0
    expert_width: int = 0
    expert_hidden: int = 0
    """Width of what an expert reads and writes."""


class Parts(NamedTuple):
    """Parameters of all layers."""

    attention: Parameters
    states: Parameters
    """Of linear layers."""
    embedded: Parameters
    """Further embeddings, one for every layer."""
    replicated: Parameters
    """What every tensor rank holds whole beside routers: down-projections of latent attention and latent experts, and what
    brings the embeddings of single layers in."""
    decompressed: Parameters
    """Up-projections of latent attention, which a quantised model holds once more in 16 bits."""
    feed: Feed


def body_of(family: Family, settings: Settings, layers: int, hidden: int, heads: int) -> Parts:
    """Count the parameters of attention and feed-forward parts over all layers."""
    kinds = kinds_of(family, settings, layers)
    own = len(kinds) - borrowing_of(settings)
    attention = sum(
        _attention(family, settings, hidden, heads, kind, borrows=index >= own) for index, kind in enumerate(kinds)
    )
    embedded, brought = _embedded(settings, layers, hidden)
    linear = kinds.count("linear")
    states = linear * STATES[family.states](settings, hidden).parameters if linear else 0
    latent = kinds.count("latent")
    whole = latent * _latent_whole(family, settings, hidden) if latent else 0
    again = latent * _latent_up(settings, heads) if latent else 0
    feed = (
        _by_letter(kinds, settings, hidden)
        if family.pattern == "letters"
        else _in_each(family, settings, layers, hidden)
    )
    return Parts(
        Parameters(attention), Parameters(states), Parameters(embedded), Parameters(whole + brought + feed.replicated),
        Parameters(again), feed,
    )  # fmt: skip


def _embedded(settings: Settings, layers: int, hidden: int) -> tuple[int, int]:
    """Embeddings of single layers with their projection, and what every tensor rank holds whole of it (gemma4.py of vLLM 0.33.0)."""
    width = settings.optional("hidden_size_per_layer_input")
    words = settings.count("vocab_size_per_layer_input", settings.count("vocab_size")) if width else 0
    return layers * width * (words + hidden), layers * 2 * hidden * width


def _in_each(family: Family, settings: Settings, layers: int, hidden: int) -> Feed:
    """A feed-forward part in every layer, of experts where the family has them."""
    experts = _experts(family, settings)
    if not experts:
        width = _width(family, settings)
        doubled = settings.count("num_kv_shared_layers") if settings.flag("use_double_wide_mlp", otherwise=False) else 0
        return Feed(dense=(layers + doubled) * family.matrices * hidden * width, width=2 * width if doubled else width)
    expert_width = settings.count(family.expert_width)
    sparse = _sparse(settings, layers)
    plain = settings.optional("intermediate_size_mlp") or settings.count("intermediate_size") if sparse < layers else 0
    beside = _beside(family, settings, expert_width)
    return Feed(
        dense=sparse * 3 * hidden * beside + (layers - sparse) * 3 * hidden * plain,
        routed=sparse * experts * 3 * hidden * expert_width, routers=sparse * hidden * experts, width=beside, experts=experts,
        per_token=settings.count("num_experts_per_tok", settings.any_of(*PER_TOKEN) or None), expert_width=expert_width,
        expert_hidden=hidden,
    )  # fmt: skip


def _experts(family: Family, settings: Settings) -> int:
    """Routed experts; 0 only where the family comes without, and the configuration says so in the way of the family."""
    if not family.experts:
        return 0
    said = settings.find(family.experts)
    promised = settings.flag("enable_moe_block", otherwise=False) or settings.optional(family.expert_width) > 0
    dense = {"never": False, "silent": not said and not promised, "zero": said == 0}[family.dense_if]
    return 0 if dense else settings.count(family.experts)


def _sparse(settings: Settings, layers: int) -> int:
    """Layers with experts: those that are listed, or from the first one on, every so many, but for those that are listed as plain."""
    listed = settings.listed("mlp_layer_types", layers)
    if listed is not None:
        return listed.count("sparse")
    last, between = settings.find("moe_layer_end_index"), settings.any_of("moe_layer_interval", "moe_layer_freq")
    if last not in (None, 0, -1, layers - 1) or between > 1:
        settings.refuse("moe_layer_end_index", "leaves layers without experts between or after those that have them")
    first, plain = settings.any_of(*DENSE_FIRST), settings.numbers("mlp_only_layers", layers)
    step = settings.count("interleave_moe_layer_step", settings.count("decoder_sparse_step", 1))
    return len([each for each in range(first, layers) if (each + 1) % step == 0 and each not in plain])


def _width(family: Family, settings: Settings) -> int:
    """Width of a dense feed-forward part; LFM2 may round two thirds of what it states (lfm2.py of vLLM 0.33.0)."""
    width = settings.count("shared_intermediate_size" if family.dense_beside_states else "intermediate_size")
    if family.states == "conv" and settings.flag("block_auto_adjust_ff_dim", otherwise=True):
        multiple = settings.count("block_multiple_of")
        return -(-int(2 * settings.count("block_ff_dim", width) / 3) // multiple) * multiple
    return width


def _by_letter(kinds: list[str], settings: Settings, hidden: int) -> Feed:
    """Feed-forward parts as layers of their own, with two matrices each (vllm/model_executor/models/nemotron_h.py)."""
    sparse, width = kinds.count("experts"), settings.optional("intermediate_size")
    dense = kinds.count("plain") * 2 * hidden * width
    if not sparse:
        return Feed(dense=dense, width=width)
    experts, expert_width = settings.count("n_routed_experts"), settings.count("moe_intermediate_size")
    shared = settings.optional("n_shared_experts") * settings.count("moe_shared_expert_intermediate_size")
    latent = settings.optional("moe_latent_size")
    return Feed(
        dense=dense + sparse * 2 * hidden * shared, routed=sparse * experts * 2 * (latent or hidden) * expert_width,
        routers=sparse * hidden * experts, replicated=sparse * hidden * 2 * latent, width=shared, experts=experts,
        per_token=settings.count("num_experts_per_tok"), expert_width=expert_width, expert_hidden=latent or hidden,
    )  # fmt: skip


def _beside(family: Family, settings: Settings, expert_width: int) -> int:
    """Width of what every token passes beside its experts."""
    if family.dense_beside or family.pattern == "chunked":
        return settings.count("intermediate_size")
    shared = settings.any_of("shared_expert_intermediate_size", "shared_intermediate_size")
    return shared or settings.any_of(*SHARED) * expert_width


def _attention(family: Family, settings: Settings, hidden: int, heads: int, kind: str, *, borrows: bool) -> int:
    """Parameters of one layer's attention, as far as tensor ranks share them out; one that borrows keys has none for them."""
    if kind in {"experts", "plain", "linear"}:
        return 0
    if kind == "latent":
        query_rank, per_head = (
            settings.optional("q_lora_rank"),
            settings.count("qk_nope_head_dim") + settings.count("qk_rope_head_dim"),
        )
        return (
            (query_rank or hidden) * heads * per_head
            + _latent_up(settings, heads)
            + heads * settings.count("v_head_dim") * hidden
        )
    dim, kv_heads = head_dim_of(settings, hidden, heads), settings.count("num_key_value_heads", heads)
    if kind == "full" and settings.optional("global_head_dim"):
        dim, kv_heads = settings.count("global_head_dim"), settings.count("num_global_key_value_heads", kv_heads)
    query = heads * dim * (2 if family.gated_query else 1)
    return hidden * (query + (0 if borrows else 2 * kv_heads * dim)) + heads * dim * hidden


def _latent_up(settings: Settings, heads: int) -> int:
    return settings.count("kv_lora_rank") * heads * (settings.count("qk_nope_head_dim") + settings.count("v_head_dim"))


def _latent_whole(family: Family, settings: Settings, hidden: int) -> int:
    """Down-projections of one layer, and its sparse index (vllm/model_executor/models/deepseek_v2.py)."""
    query_rank = settings.optional("q_lora_rank")
    index = 0
    if family.sparse:
        width, index_heads = settings.count("index_head_dim"), settings.count("index_n_heads")
        index = query_rank * index_heads * width + hidden * (width + index_heads)
    return hidden * (query_rank + settings.count("kv_lora_rank") + settings.count("qk_rope_head_dim")) + index
