"""What each layer of a model is, and what it keeps of a sequence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from blueprint.planner.bounds import shown
from blueprint.planner.families import Family
from blueprint.planner.rope import numbers_of
from blueprint.planner.settings import Settings
from blueprint.planner.states import STATES

LISTED: Mapping[str, str] = MappingProxyType(
    {
        "full_attention": "full", "attention": "full", "sliding_attention": "window", "chunked_attention": "chunked",
        "linear_attention": "linear", "mamba": "linear", "conv": "linear",
    }
)  # fmt: skip
"""What a configuration calls a kind of layer in `layer_types`."""
LETTERS: Mapping[str, str] = MappingProxyType({"M": "linear", "*": "full", "E": "experts", "-": "plain"})
"""The same in `hybrid_override_pattern`, where feed-forward parts are layers of their own."""
LEAVING: Mapping[str, str] = MappingProxyType({"delta": "delta", "nemotron": "mamba", "granite": "mamba"})
"""Linear layers whose prefill may leave a state behind; those of Kimi-Linear and LFM2 do not (their layers in vLLM 0.33.0)."""
KEEPING = frozenset({"full", "window", "chunked", "latent", "linear"})


def head_dim_of(settings: Settings, hidden: int, heads: int) -> int:
    """The stated head dimension; hidden over heads only where the configuration states none."""
    return settings.optional("head_dim") or max(1, hidden // heads)


def borrowing_of(settings: Settings) -> int:
    """How many layers at the end keep nothing of their own: they read keys and values of an earlier one (gemma4.py of vLLM 0.33.0)."""
    return settings.optional("num_kv_shared_layers")


def kinds_of(family: Family, settings: Settings, layers: int) -> list[str]:
    """What each layer is: one of those that keep something, or a feed-forward part by itself; two where a layer is both."""
    if family.pattern == "letters":
        return _by_letter(settings, layers)
    if family.pattern == "both":
        return ["full", "linear"] * layers
    if family.pattern == "numbered":
        return _by_number(settings, layers)
    if settings.find("per_layer_config") is not None:
        settings.refuse("per_layer_config", "gives single layers widths of their own, which the planner does not read")
    listed = settings.listed("layer_types", layers)
    if listed is None and (family.pattern == "listed" or family.states == "granite"):
        settings.refuse("layer_types", "is missing, and nothing else says what each layer is")
    if listed is not None and family.pattern != "latent":
        for unknown in sorted(set(listed) - LISTED.keys()):
            settings.refuse("layer_types", f"{unknown!r} is no kind of layer that the planner knows", ", ".join(LISTED))
        return _only_real_windows([LISTED.get(each, "full") for each in listed], settings)
    return _only_real_windows(_by_pattern(family, settings, layers), settings)


def _by_letter(settings: Settings, layers: int) -> list[str]:
    pattern = settings.find("hybrid_override_pattern")
    if not isinstance(pattern, str) or len(pattern) != layers or set(pattern) - LETTERS.keys():
        settings.refuse(
            "hybrid_override_pattern",
            f"{shown(pattern)} does not say what each of {layers} layers is",
            ", ".join(LETTERS),
        )
        return []
    return [LETTERS[letter] for letter in pattern]


def _by_number(settings: Settings, layers: int) -> list[str]:
    """Layers of latent attention by their numbers, from 1; the others are linear (kimi_linear.py of vLLM 0.33.0)."""
    told = settings.find("linear_attn_config")
    latent = told.get("full_attn_layers") if isinstance(told, Mapping) else None
    linear = told.get("kda_layers") if isinstance(told, Mapping) else None
    listed = [*latent, *linear] if isinstance(latent, list) and isinstance(linear, list) else []
    if sorted(map(str, listed)) != sorted(map(str, range(1, layers + 1))) or not isinstance(latent, list):
        settings.refuse("linear_attn_config", f"does not say what each of {layers} layers is")
        return []
    return ["latent" if number in latent else "linear" for number in range(1, layers + 1)]


def _by_pattern(family: Family, settings: Settings, layers: int) -> list[str]:
    step = {"alternate": 2, "chunked": 4}.get(family.pattern, 0)
    if family.pattern in {"every", "linear"}:
        step = settings.count("sliding_window_pattern" if family.pattern == "every" else "full_attention_interval")
    if step:
        between = {"linear": "linear", "chunked": "chunked"}.get(family.pattern, "window")
        return ["full" if (index + 1) % step == 0 else between for index in range(layers)]
    if family.pattern == "sliding" and _windowed(settings, layers):
        return ["window"] * layers
    only = {"latent": "latent", "encoder": "encoder"}.get(family.pattern, "full")
    return [only] * layers


def _windowed(settings: Settings, layers: int) -> bool:
    """Whether all layers have a window. Qwen counts those before `max_window_layers` as full, and vLLM serves no mixture (qwen2.py)."""
    if not settings.flag("use_sliding_window", otherwise=True) or not settings.optional("sliding_window"):
        return False
    full = settings.optional("max_window_layers")
    if 0 < full < layers:
        settings.refuse("max_window_layers", "gives a window to some layers and not to others", f"0, or {layers:,} and more", value=str(full),
                        why="vLLM serves this family with a window in every layer or in none")  # fmt: skip
    return full < layers


def _only_real_windows(kinds: list[str], settings: Settings) -> list[str]:
    """A window as long as the context keeps everything."""
    window = settings.optional("sliding_window")
    if "window" in kinds and not window:
        settings.refuse("sliding_window", "is missing, and there are layers with a window")
    if window >= settings.count("max_position_embeddings", 1 << 62):
        return ["full" if each == "window" else each for each in kinds]
    return kinds


def attention_of(family: Family, settings: Settings, layers: int, hidden: int, heads: int) -> list[dict[str, object]]:
    """Layers grouped by what they keep; those that keep nothing are left out."""
    head_dim, kv_heads = head_dim_of(settings, hidden, heads), settings.count("num_key_value_heads", heads)
    groups: list[dict[str, object]] = []
    kinds = kinds_of(family, settings, layers)
    counts = Counter(kind for kind in kinds[: len(kinds) - borrowing_of(settings)] if kind in KEEPING)
    for kind, count in sorted(counts.items()):
        group: dict[str, object] = {"kind": kind, "layers": count}
        if kind == "latent":
            group["head_dim"] = settings.count("kv_lora_rank") + settings.count("qk_rope_head_dim")
            group["index_bytes"] = settings.count("index_head_dim") + 4 if family.sparse else 0
        elif kind == "linear":
            group["state"] = LEAVING.get(family.states)
            group["state_bytes"] = STATES[family.states](settings, hidden).state_bytes
        else:
            wide = kind == "full" and settings.optional("global_head_dim") > 0
            group["head_dim"] = settings.count("global_head_dim") if wide else head_dim
            group["kv_heads"] = settings.count("num_global_key_value_heads", kv_heads) if wide else kv_heads
        if kind == "window":
            group["window"] = settings.count("sliding_window")
        groups.append(group)
    return groups


def rotary_of(family: Family, settings: Settings, hidden: int, heads: int) -> int:
    """Numbers that the table of rotary positions holds for each position; every GPU has the whole of it."""
    unturned = family.name == "granitemoehybrid" and settings.find("position_embedding_type") != "rope"
    if unturned or family.pattern in {"letters", "encoder", "numbered"}:
        return 0
    if family.pattern == "latent":
        return settings.count("qk_rope_head_dim")
    width = head_dim_of(settings, hidden, heads)
    return numbers_of(family, settings, width, settings.optional("global_head_dim"))
