"""Layers of a model: what each keeps of a sequence, and how many parameters it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from blueprint.errors import DocumentError, Problem
from blueprint.planner.families import Family
from blueprint.planner.units import Parameters

WHY = "without it the size of the weights or of the cache would be a guess"


class Refused:
    """Everything that is wrong with a configuration, told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def say(self, key: str, what: str, *, allowed: str = "") -> None:
        """Note one thing that is missing or not known."""
        self.problems.append(Problem(what, path=("config.json", key), why=WHY, allowed=allowed))

    def error(self) -> DocumentError:
        """All that was noted, as one error."""
        return DocumentError(self.problems)

    def raise_any(self) -> None:
        """Raise DocumentError when something was noted."""
        if self.problems:
            raise self.error()


class Settings:
    """A configuration with the defaults of its architecture; what is asked for and is not there is refused."""

    def __init__(self, given: Mapping[str, object], defaults: Mapping[str, object], refused: Refused) -> None:
        self._given, self._defaults, self._refused = given, defaults, refused

    def find(self, key: str) -> object:
        """The value, the default of the architecture, or None."""
        value = self._given.get(key)
        return self._defaults.get(key) if value is None else value

    def count(self, key: str, otherwise: int | None = None) -> int:
        """A whole number above zero; refused when it is missing and nothing stands in for it."""
        value = self.find(key)
        if value is None and otherwise is not None:
            return otherwise
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self._refused.say(key, "is missing" if value is None else f"{value!r} is no whole number above zero")
        return 1

    def optional(self, key: str) -> int:
        """A whole number, 0 where it is missing."""
        value = self.find(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def flag(self, key: str, otherwise: bool) -> bool:
        """A switch."""
        value = self.find(key)
        return value if isinstance(value, bool) else otherwise

    def kinds(self, layers: int) -> list[str] | None:
        """`layer_types`, one a layer, when the configuration lists them."""
        value = self.find("layer_types")
        if not isinstance(value, list):
            return None
        if len(value) != layers:
            self._refused.say("layer_types", f"lists {len(value)} layers of {layers}")
        return [str(each) for each in value]

    def refuse(self, key: str, what: str, allowed: str = "") -> None:
        """Note something that is not known."""
        self._refused.say(key, what, allowed=allowed)


class Parts(NamedTuple):
    """Parameters of all layers, and the widths that decide how much one step needs."""

    attention: Parameters
    dense: Parameters
    routed: Parameters
    width: int
    experts: int
    per_token: int
    expert_width: int


def head_dim_of(settings: Settings, hidden: int, heads: int) -> int:
    """The stated head dimension; hidden over heads only where the configuration states none."""
    return settings.optional("head_dim") or hidden // heads


def kinds_of(family: Family, settings: Settings, layers: int) -> list[str]:
    """What each layer is: full, window, latent or linear."""
    names = {"full_attention": "full", "attention": "full", "sliding_attention": "window", "chunked_attention": "window",
             "linear_attention": "linear"}  # fmt: skip
    listed = settings.kinds(layers)
    if listed is not None and family.pattern != "latent":
        for unknown in sorted(set(listed) - names.keys()):
            settings.refuse("layer_types", f"{unknown!r} is no kind of layer that the planner knows", ", ".join(names))
        return _only_real_windows([names.get(each, "full") for each in listed], settings)
    return _only_real_windows(_by_pattern(family, settings, layers), settings)


def _by_pattern(family: Family, settings: Settings, layers: int) -> list[str]:
    step = {"alternate": 2, "chunked": 4}.get(family.pattern, 0)
    if family.pattern in {"every", "linear"}:
        step = settings.count("sliding_window_pattern" if family.pattern == "every" else "full_attention_interval")
    if step:
        between = "linear" if family.pattern == "linear" else "window"
        return ["full" if (index + 1) % step == 0 else between for index in range(layers)]
    windowed = settings.optional("sliding_window") > 0 and settings.flag("use_sliding_window", otherwise=True)
    only = "latent" if family.pattern == "latent" else "window" if family.pattern == "sliding" and windowed else "full"
    return [only] * layers


def _only_real_windows(kinds: list[str], settings: Settings) -> list[str]:
    """A window as long as the context keeps everything."""
    window = settings.optional("sliding_window") or settings.optional("attention_chunk_size")
    if "window" in kinds and not window:
        settings.refuse("sliding_window", "is missing, and there are layers with a window")
    if window >= settings.count("max_position_embeddings", 1 << 62):
        return ["full" if each == "window" else each for each in kinds]
    return kinds


def attention_of(family: Family, settings: Settings, layers: int, hidden: int, heads: int) -> list[dict[str, object]]:
    """Layers grouped by what they keep."""
    head_dim, kv_heads = head_dim_of(settings, hidden, heads), settings.count("num_key_value_heads", heads)
    groups: list[dict[str, object]] = []
    for kind, count in sorted(Counter(kinds_of(family, settings, layers)).items()):
        group: dict[str, object] = {"kind": kind, "layers": count}
        if kind == "latent":
            group["head_dim"] = settings.count("kv_lora_rank") + settings.count("qk_rope_head_dim")
            group["index_bytes"] = settings.count("index_head_dim") + 4 if family.sparse else 0
        elif kind == "linear":
            group["state_bytes"] = _state_bytes(settings)
        else:
            wide = kind == "full" and settings.optional("global_head_dim") > 0
            group["head_dim"] = settings.count("global_head_dim") if wide else head_dim
            group["kv_heads"] = settings.count("num_global_key_value_heads", kv_heads) if wide else kv_heads
        if kind == "window":
            group["window"] = settings.optional("sliding_window") or settings.optional("attention_chunk_size")
        groups.append(group)
    return groups


def rotary_of(family: Family, settings: Settings, hidden: int, heads: int) -> int:
    """Numbers that the table of rotary positions holds for each position; every GPU has the whole of it."""
    if family.pattern == "latent":
        return settings.count("qk_rope_head_dim")
    share = settings.find("partial_rotary_factor")
    width = head_dim_of(settings, hidden, heads) * (share if isinstance(share, int | float) else 1)
    return round(width) * (2 if family.two_bases else 1)


def _linear_widths(settings: Settings) -> tuple[int, int, int]:
    """Keys, values and value heads of a gated delta layer."""
    value_heads = settings.count("linear_num_value_heads")
    keys = settings.count("linear_num_key_heads") * settings.count("linear_key_head_dim")
    return keys, value_heads * settings.count("linear_value_head_dim"), value_heads


def _state_bytes(settings: Settings) -> int:
    """Recurrent state, in 32 bits where the configuration says so, and the tokens that the convolution remembers."""
    keys, values, _ = _linear_widths(settings)
    remembered = (settings.count("linear_conv_kernel_dim") - 1) * (2 * keys + values)
    wide = 4 if settings.find("mamba_ssm_dtype") == "float32" else 2
    return values * settings.count("linear_key_head_dim") * wide + remembered * 2


def body_of(family: Family, settings: Settings, layers: int, hidden: int, heads: int) -> Parts:
    """Parameters of attention and feed-forward parts over all layers; norms and biases are left out (below 0.1%)."""
    attention = sum(
        _attention_parameters(family, settings, hidden, heads, kind) for kind in kinds_of(family, settings, layers)
    )
    experts = settings.optional(family.experts) if family.experts else 0
    if not experts:
        width = settings.count("intermediate_size")
        return Parts(Parameters(attention), Parameters(layers * family.matrices * hidden * width), Parameters(0), width, 0, 0, 0)  # fmt: skip
    expert_width = settings.count(family.expert_width)
    sparse = _sparse_layers(family, settings, layers)
    per_token = settings.count("num_experts_per_tok", settings.optional("top_k_experts") or None)
    beside = _beside_width(family, settings, expert_width)
    plain = settings.optional("intermediate_size_mlp") or settings.optional("intermediate_size")
    dense = sparse * 3 * hidden * beside + (layers - sparse) * 3 * hidden * plain + sparse * hidden * experts
    return Parts(
        Parameters(attention), Parameters(dense), Parameters(sparse * experts * 3 * hidden * expert_width),
        beside, experts, per_token, expert_width,
    )  # fmt: skip


def _sparse_layers(family: Family, settings: Settings, layers: int) -> int:
    """Layers whose feed-forward part is made of experts."""
    step = settings.count("interleave_moe_layer_step", settings.count("decoder_sparse_step", 1))
    first_dense = settings.optional("first_k_dense_replace")
    del family
    return (layers - first_dense) // step


def _beside_width(family: Family, settings: Settings, expert_width: int) -> int:
    """Width of what every token passes beside its experts."""
    if family.dense_beside:
        return settings.count("intermediate_size")
    if family.pattern == "chunked":
        return settings.count("intermediate_size")
    shared = settings.optional("shared_expert_intermediate_size")
    return shared or settings.optional("n_shared_experts") * expert_width


def _attention_parameters(family: Family, settings: Settings, hidden: int, heads: int, kind: str) -> int:
    if kind == "linear":
        keys, values, value_heads = _linear_widths(settings)
        return hidden * (2 * keys + 2 * values + 2 * value_heads) + values * hidden
    if kind == "latent":
        return _latent_parameters(family, settings, hidden, heads)
    dim, kv_heads, kept = head_dim_of(settings, hidden, heads), settings.count("num_key_value_heads", heads), 2
    if kind == "full" and settings.optional("global_head_dim"):
        dim, kv_heads = settings.count("global_head_dim"), settings.count("num_global_key_value_heads", kv_heads)
        kept = 1 if settings.flag("attention_k_eq_v", otherwise=False) else 2
    query = heads * dim * (2 if family.gated_query else 1)
    return hidden * (query + kept * kv_heads * dim) + heads * dim * hidden


def _latent_parameters(family: Family, settings: Settings, hidden: int, heads: int) -> int:
    rank, rotary = settings.count("kv_lora_rank"), settings.count("qk_rope_head_dim")
    plain, value = settings.count("qk_nope_head_dim"), settings.count("v_head_dim")
    query_rank = settings.optional("q_lora_rank")
    query = query_rank * (hidden + heads * (plain + rotary)) if query_rank else hidden * heads * (plain + rotary)
    kept = hidden * (rank + rotary) + rank * heads * (plain + value)
    index = 0
    if family.sparse:
        width = settings.count("index_head_dim")
        index = query_rank * settings.count("index_n_heads") * width + hidden * width
    return query + kept + heads * value * hidden + index


def vision_of(configuration: Mapping[str, object], refused: Refused) -> Parameters:
    """Parameters of an encoder of images, 0 without one: its attention and feed-forward parts."""
    vision = configuration.get("vision_config")
    if not isinstance(vision, Mapping):
        return Parameters(0)
    settings = Settings(vision, {}, refused)
    hidden = settings.count("hidden_size", settings.optional("embed_dim") or settings.optional("width") or None)
    depth = settings.count("num_hidden_layers", settings.optional("depth") or None)
    wide = settings.count("intermediate_size", 4 * hidden)
    matrices = 3 if vision.get("model_type") == "pixtral" else 2
    return Parameters(depth * (4 * hidden * hidden + matrices * hidden * wide))
