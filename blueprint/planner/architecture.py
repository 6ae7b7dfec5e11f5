"""What a model keeps in memory, read from its Hugging Face configuration. What is not known is refused, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from blueprint.planner.body import body_of
from blueprint.planner.bounds import shown
from blueprint.planner.defaults import DEFAULTS
from blueprint.planner.families import FAMILIES, Family
from blueprint.planner.images import Images, images_of
from blueprint.planner.layers import attention_of, rotary_of
from blueprint.planner.modules import Part
from blueprint.planner.packing import KEYS, packing_of
from blueprint.planner.relations import check
from blueprint.planner.rope import context_of
from blueprint.planner.settings import Refused, Settings
from blueprint.planner.sound import sound_of
from blueprint.planner.spared import Spared
from blueprint.planner.units import Parameters
from blueprint.types import Frozen

Backing = Literal["logs", "config", "file", "name", "alike", "memory"]
"""How a configuration is known: held against logs, read in one that is stored, given as a file, by a name or from memory that of another model, or from memory."""
AttentionKind = Literal["full", "window", "chunked", "latent", "linear"]


INNER = ("text_config", "llm_config")
"""Where a configuration of several parts keeps that of its language model."""


class Attention(Frozen):
    """Layers that keep the same thing of a sequence."""

    kind: AttentionKind
    layers: int
    kv_heads: int = 0
    """Heads that keys and values are kept for; 0 for latent and linear layers."""
    head_dim: int = 0
    """Of a key or a value; for latent layers the rank and the rotary part together."""
    window: int = 0
    """Tokens that a layer looks back; 0: all of them."""
    state: Literal["delta", "mamba"] | None = None
    """Of a linear layer: a gated delta rule, or Mamba 2."""
    state_bytes: int = 0
    """That a linear layer keeps of one sequence, whatever its length."""
    index_bytes: int = 0
    """Bytes for every token of a sparse index that a latent layer keeps beside its own."""


class Body(Frozen):
    """Parameters by what happens to them: sharded differently, and quantised differently."""

    embedding: Parameters
    head: Parameters
    """The output layer; 0 where it is the embedding again."""
    attention: Parameters
    states: Parameters
    """Linear layers."""
    dense: Parameters
    """Feed-forward parts that every token passes, shared experts included."""
    experts: Parameters
    """Routed experts, all of them."""
    routers: Parameters
    """What chooses experts."""
    replicated: Parameters
    """What else every tensor rank holds whole."""
    decompressed: Parameters
    """Of latent attention: held once more in 16 bits when the weights are quantised."""
    vision: Parameters
    """Encoders of images and of sound."""

    @property
    def total(self) -> Parameters:
        """All parameters that are loaded."""
        return Parameters(
            self.embedding
            + self.head
            + self.attention
            + self.states
            + self.dense
            + self.experts
            + self.routers
            + self.replicated
            + self.vision
        )


class Architecture(Frozen):
    """A model as the planner's arithmetic sees it."""

    model_type: str
    layers: int
    hidden: int
    heads: int
    vocabulary: int
    context: int
    stated_context: int
    """The same where YaRN is taken to have stretched it already."""
    attention: tuple[Attention, ...]
    body: Body
    intermediate: int
    """Width of a dense feed-forward part, or of the shared expert; 0 without one."""
    experts: int = 0
    experts_per_token: int = 0
    expert_intermediate: int = 0
    expert_hidden: int = 0
    """Width of what an expert reads and writes."""
    format: str
    """Number format of the published weights, as the configuration states it."""
    others: tuple[tuple[Part, str], ...] = ()
    """Parts that the checkpoint has in another format."""
    rotary: int
    """Numbers for each position of the context in the table of rotary positions."""
    spared: Spared = Spared()
    """What the checkpoint leaves in 16 bits."""
    caches: str = ""
    """The way that it is packed, where the checkpoint asks for a cache in 8 bits."""
    backing: Backing = "file"
    images: Images | None = None
    """The encoder of images beside the language model; None without one."""
    pools: bool = False
    """It answers with vectors or scores: nothing is sampled."""

    @property
    def family(self) -> Family:
        """What all models of the architecture have in common."""
        return FAMILIES[self.model_type]

    @property
    def kv_heads(self) -> int:
        """Most heads that any layer keeps keys and values for; 0 for latent attention."""
        return max((each.kv_heads for each in self.attention), default=0)

    @property
    def pooled(self) -> Architecture:
        """The same for vectors or scores, without the output layer."""
        return self.model_copy(update={"pools": True, "body": self.body.model_copy(update={"head": Parameters(0)})})

    @property
    def without_images(self) -> Architecture:
        """The language model alone: vLLM loads no encoder that no request may use."""
        return self.model_copy(update={"images": None, "body": self.body.model_copy(update={"vision": Parameters(0)})})

    @property
    def attention_kind(self) -> str:
        """In one word, for tables: mha, gqa, mqa, latent, window, hybrid, encoder."""
        kinds = {each.kind for each in self.attention}
        if not kinds:
            return "encoder"
        if "linear" in kinds:
            return "hybrid"
        if kinds & {"window", "chunked"}:
            return "window"
        if "latent" in kinds:
            return "latent"
        return "mha" if self.kv_heads == self.heads else "mqa" if self.kv_heads == 1 else "gqa"

    @property
    def active(self) -> Parameters:
        """Parameters that work on one token."""
        body, share = self.body, self.experts_per_token / self.experts if self.experts else 0.0
        return Parameters(
            round(
                body.head
                + body.attention
                + body.states
                + body.dense
                + body.routers
                + body.replicated
                + body.experts * share
            )
        )


def architecture(configuration: Mapping[str, object]) -> Architecture:
    """Read a `config.json`. Raises DocumentError with everything that is missing or not known."""
    refused = Refused()
    outer = Settings(configuration, {}, refused)
    inner = next((each for key in INNER if (each := configuration.get(key)) not in (None, {})), configuration)
    if not isinstance(inner, Mapping):
        refused.say("text_config", f"is {shown(inner)}, not a mapping")
        raise refused.error()
    text = {
        **{key: configuration[key] for key in (*KEYS, "dtype", "torch_dtype") if key in configuration},
        **_said(inner),
    }
    family = _family(configuration, text, refused)
    settings = Settings(text, {**DEFAULTS.get(family.name, {}), **family.defaults}, refused)
    check(family, settings)
    layers, hidden = settings.count("num_hidden_layers"), settings.count("hidden_size")
    heads = settings.count("num_attention_heads")
    groups = attention_of(family, settings, layers, hidden, heads)
    kept = tuple(Attention.model_validate(group) for group in groups)
    parts = body_of(family, settings, layers, hidden, heads)
    feed = parts.feed
    tied = settings.flag("tie_word_embeddings", outer.flag("tie_word_embeddings", family.tied))
    vocabulary = settings.count("vocab_size")
    context = context_of(family, settings, yarn=True)
    images, sound = images_of(configuration, text, refused), sound_of(configuration, hidden, refused)
    states = sum(group.layers for group in kept if group.kind == "linear")
    routed = feed.routers // (hidden * feed.experts or 1)
    having = {
        "attention": sum(group.layers for group in kept) - states or layers,
        "states": states,
        "dense": layers,
        "experts": routed,
    }
    packing = packing_of(text, family, layers, having, refused)
    rotary = rotary_of(family, settings, hidden, heads)
    refused.raise_any()
    own = Parameters((vocabulary + (context if family.pattern == "encoder" else 0)) * hidden)
    return Architecture(
        model_type=family.name, layers=layers, hidden=hidden, heads=heads, vocabulary=vocabulary, context=context, stated_context=context_of(family, settings, yarn=False),
        attention=kept,
        body=Body(
            embedding=Parameters(own + parts.embedded), head=Parameters(0 if tied else own),
            attention=parts.attention, states=parts.states,
            dense=Parameters(feed.dense), experts=Parameters(feed.routed), routers=Parameters(feed.routers),
            replicated=parts.replicated, decompressed=parts.decompressed,
            vision=Parameters((images.parameters if images else 0) + sound),
        ),
        intermediate=feed.width, experts=feed.experts, experts_per_token=feed.per_token,
        expert_intermediate=feed.expert_width, expert_hidden=feed.expert_hidden, format=packing.format, others=packing.others,
        rotary=rotary, spared=packing.spared, caches=packing.caches,
        images=images, pools=family.pattern == "encoder",
    )  # fmt: skip


def _said(configuration: Mapping[str, object]) -> Mapping[str, object]:
    """A configuration without what is null in it; heads of the cache that are null are as many as all heads."""
    said = {key: value for key, value in configuration.items() if value is not None}
    nulled = "num_key_value_heads" in configuration and "num_attention_heads" in said
    return {"num_key_value_heads": said["num_attention_heads"], **said} if nulled else said


def _family(configuration: Mapping[str, object], text: Mapping[str, object], refused: Refused) -> Family:
    for key in (text.get("model_type"), configuration.get("model_type")):
        if isinstance(key, str) and key in FAMILIES:
            return FAMILIES[key]
    said = text.get("model_type") or configuration.get("model_type")
    refused.say(
        "model_type", f"{shown(said)} is no architecture that the planner knows", allowed=", ".join(sorted(FAMILIES))
    )
    raise refused.error()
