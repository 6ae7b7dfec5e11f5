"""The encoder of images in front of a language model: its weights, and what vLLM's profile run makes it work on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from blueprint.planner.bounds import shown
from blueprint.planner.settings import Refused, Settings
from blueprint.planner.tables import table
from blueprint.planner.units import Bytes, Parameters, Tokens
from blueprint.planner.versions import Accounting, Batch
from blueprint.types import Frozen

WHOLE, SHARED = 3, 8
"""Widths that attention holds of each patch at its peak: states before and after it on every tensor rank; queries, keys, values, the
copies that are turned, and the result, which ranks share out (Qwen2_5_VisionAttention.forward of vLLM 0.18.0)."""
GATED_WHOLE = 5
"""The same beside a feed-forward part with a gate, whose norm keeps what it added (Qwen2_5_VisionBlock.forward)."""


class Largest(Frozen):
    """The largest thing that a kind of encoder is run over: a row of images.yaml."""

    names: tuple[str, ...]
    tokens: int
    """Of the largest image or video."""
    patches: int
    """That become one token."""
    numbers: int
    """Of one patch as it comes in."""
    matrices: int
    """Of a feed-forward part: 3 with a gate, 2 without."""
    steps: int
    """How often that comes one after another in a video that is as long as the context; 1 where none is."""
    kept: int
    """Tokens that versions which keep more than they encode kept room for; 0 where they kept the same."""
    undivided: int
    """Tokens of an item that a step has to hold whole; 0 where items are divided."""


class Images(Frozen):
    """An encoder of images."""

    parameters: Parameters
    hidden: int
    intermediate: int
    width: int
    """Numbers that one token of an image is, once encoded."""
    whole: bool
    """Every tensor rank holds it whole."""
    largest: Largest
    known: bool
    """Whether that row is of its kind, and not what stands in for an encoder that was not read."""


class Work(NamedTuple):
    """What the profile run encodes at once, and what it keeps of that while the language model runs."""

    patches: int
    encoded: Tokens
    kept: Tokens


_UNREAD = Largest(names=(), tokens=1024, patches=4, numbers=588, matrices=2, steps=1, kept=0, undivided=0)
"""Stands in for an encoder that was not read."""


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[int | tuple[str, ...], ...], ...]


@cache
def _known() -> Mapping[str, Largest]:
    read = _Table.model_validate(table("images"))
    rows = [Largest.model_validate(dict(zip(read.columns, row, strict=True))) for row in read.rows]
    return MappingProxyType({name: row for row in rows for name in row.names})


def images_of(configuration: Mapping[str, object], text: Mapping[str, object], refused: Refused) -> Images | None:
    """The encoder of images that a configuration tells of; None without one. `text` is the language model's part."""
    vision = configuration.get("vision_config")
    if vision is not None and not isinstance(vision, Mapping):
        refused.say("vision_config", f"is {shown(vision)}, not a mapping")
    if not isinstance(vision, Mapping):
        return None
    settings = Settings(vision, {}, refused, "vision_config")
    if settings.optional("mm_embed_dim"):
        return _unencoded(settings, text)
    narrow = settings.optional("embed_dim")  # Qwen2-VL calls the language model's width hidden_size
    hidden = narrow or settings.first("hidden_size", "width", "vt_hidden_size")
    out = settings.optional("out_hidden_size") or (settings.optional("hidden_size") if narrow else 0)
    depth = settings.first("num_hidden_layers", "depth", "vt_num_hidden_layers")
    wide = settings.count("intermediate_size", settings.optional("vt_intermediate_size") or 4 * hidden)
    told = (vision.get("model_type"), configuration.get("model_type"), text.get("model_type"))
    kinds = [kind for kind in told if isinstance(kind, str)]
    row = next((_known()[kind] for kind in kinds if kind in _known()), None)
    if row and "gemma4_vision" in kinds and text.get("use_bidirectional_attention") != "vision":
        row = row.model_copy(update={"undivided": 0})  # Gemma4ModelArchConfigConvertor of vLLM 0.33.0
    matrices = (row or _UNREAD).matrices
    deeper = settings.find("deepstack_visual_indexes")
    copies = 1 + (len(deeper) if isinstance(deeper, list) else 0)
    language = text.get("hidden_size")
    return Images(
        parameters=Parameters(
            depth * (4 * hidden * hidden + matrices * hidden * wide)
            + copies * _merger(settings, hidden, out)
            + 2 * settings.optional("position_embedding_size") * hidden
        ),
        hidden=hidden, intermediate=wide, width=copies * (language if isinstance(language, int) else hidden),
        whole=bool({"ministral3", "gemma4_vision"} & set(kinds)), largest=row or _UNREAD, known=row is not None,
    )  # fmt: skip


def _unencoded(settings: Settings, text: Mapping[str, object]) -> Images:
    """Patches that are projected into the language model as they come (Gemma4UnifiedForConditionalGeneration)."""
    width, side = settings.count("mm_embed_dim"), settings.count("patch_size") * settings.count("pooling_kernel_size")
    language = text.get("hidden_size")
    out = language if isinstance(language, int) else width
    return Images(
        parameters=Parameters(3 * side * side * width + 2 * settings.count("mm_posemb_size") * width + width * out),
        hidden=width, intermediate=0, width=out, whole=True, largest=_known()["gemma4_unified_vision"], known=True,
    )  # fmt: skip


def _merger(settings: Settings, hidden: int, out: int) -> int:
    """Parameters of what joins patches into the width of the language model."""
    joined = hidden * settings.count("spatial_merge_size", 1) ** 2
    return joined * (joined + out) if out else 0


def work_of(images: Images, batch: Batch, context: Tokens, version: Accounting) -> Work:
    """What the profile run encodes: as many of the largest thing as fit into a step, one at least.

    MultiModalBudget of vllm/multimodal/encoder_budget.py; a video is as long as the context holds (qwen2_vl.py).
    """
    largest = images.largest
    item = largest.tokens * min(largest.steps, max(1, context // largest.tokens))
    items = max(1, min(max(batch.tokens, item) // item, batch.seqs * max(1, context // item)))
    encoded = items * item
    kept = items * max(batch.tokens, item, largest.kept) if version.expands_images else encoded
    return Work(encoded * largest.patches, Tokens(encoded), Tokens(kept))


def encoder_peak(images: Images, work: Work, tensor: int) -> Bytes:
    """Bytes that encoding takes at its peak: patches as they came in, and the wider of a layer's two halves."""
    ranks = 1 if images.whole else tensor
    gated = images.largest.matrices == 3
    feed = (GATED_WHOLE if gated else WHOLE) * images.hidden + images.largest.matrices * images.intermediate / ranks
    attention = WHOLE * images.hidden + SHARED * images.hidden / ranks
    return Bytes(round(2 * work.patches * (images.largest.numbers + max(feed, attention))))


def kept_bytes(images: Images, work: Work) -> Bytes:
    """Bytes of encoded images that lie beside the language model's step."""
    return Bytes(2 * work.kept * images.width)
