"""Layers that keep one state of a sequence, whatever its length: gated delta rules and Mamba 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from blueprint.planner.settings import Settings


class StateLayer(NamedTuple):
    """One such layer of a model."""

    state_bytes: int
    """Of one sequence: the recurrent state, and the inputs that the convolution remembers."""
    parameters: int


def gated_delta(settings: Settings, hidden: int) -> StateLayer:
    """The layer of Qwen3-Next and Qwen3.5 (gated_delta_net_state_shape of vLLM 0.33.0)."""
    heads, width = settings.count("linear_num_value_heads"), settings.count("linear_key_head_dim")
    keys = settings.count("linear_num_key_heads") * width
    values = heads * settings.count("linear_value_head_dim")
    convolved = 2 * keys + values
    return StateLayer(
        values * width * _state_width(settings, "mamba_ssm_dtype", 2) + 2 * convolved * (settings.count("linear_conv_kernel_dim") - 1),
        hidden * (convolved + values + 2 * heads) + values * hidden,
    )  # fmt: skip


def kimi_delta(settings: Settings, hidden: int) -> StateLayer:
    """The layer of Kimi-Linear: decay by channel, and a state of 32 bits (kda_state_shape, kimi_gdn_linear_attn.py of vLLM 0.33.0)."""
    told = settings.find("linear_attn_config")
    own = settings.within("linear_attn_config", told if isinstance(told, Mapping) else {})
    heads, width = own.count("num_heads"), own.count("head_dim")
    if own.flag("use_full_rank_gate", otherwise=False):
        own.refuse("use_full_rank_gate", "is a gate of another shape, which the planner does not count")
    inner, kernel = heads * width, own.count("short_conv_kernel_size")
    gates = 2 * (hidden * width + width * inner) + hidden * heads
    return StateLayer(
        4 * inner * width + 2 * 3 * inner * (kernel - 1), 4 * hidden * inner + gates + 3 * inner * kernel,
    )  # fmt: skip


def short_convolution(settings: Settings, hidden: int) -> StateLayer:
    """The layer of LFM2, which remembers the inputs of its convolution and nothing else (short_conv.py of vLLM 0.33.0)."""
    kernel = settings.count("conv_L_cache")
    return StateLayer(2 * hidden * (kernel - 1), 4 * hidden * hidden + kernel * hidden)


def nemotron(settings: Settings, hidden: int) -> StateLayer:
    """The Mamba 2 layer of Nemotron; its state has 32 bits unless the configuration says otherwise."""
    return _mamba(
        hidden, settings.count("mamba_num_heads"), settings.count("mamba_head_dim"), settings.count("ssm_state_size"),
        settings.count("n_groups"), settings.count("conv_kernel"), _state_width(settings, "mamba_ssm_cache_dtype", 4),
    )  # fmt: skip


def granite(settings: Settings, hidden: int) -> StateLayer:
    """The Mamba 2 layer of Granite 4 and of Falcon-H1; its state has the bits of the model."""
    return _mamba(
        hidden, settings.count("mamba_n_heads"), settings.count("mamba_d_head"), settings.count("mamba_d_state"),
        settings.count("mamba_n_groups"), settings.count("mamba_d_conv"), _state_width(settings, "mamba_ssm_cache_dtype", 2),
    )  # fmt: skip


def _mamba(hidden: int, heads: int, head_dim: int, state: int, groups: int, kernel: int, width: int) -> StateLayer:
    """mamba2_state_shape and MambaMixer2 of vLLM 0.33.0."""
    inner = heads * head_dim
    convolved = inner + 2 * groups * state
    return StateLayer(
        inner * state * width + 2 * convolved * (kernel - 1),
        hidden * (inner + convolved + heads) + convolved * kernel + inner * hidden,
    )


def _state_width(settings: Settings, key: str, otherwise: int) -> int:
    """Bytes of a number in the state."""
    return {"float32": 4, "float16": 2, "bfloat16": 2}.get(str(settings.find(key)), otherwise)


STATES: Mapping[str, Callable[[Settings, int], StateLayer]] = MappingProxyType(
    {"delta": gated_delta, "kimi": kimi_delta, "conv": short_convolution, "nemotron": nemotron, "granite": granite}
)
"""By the name that a family gives."""
