"""How a model turns positions: how far that stretches its context, and how large its tables are."""

from __future__ import annotations

import math
from collections.abc import Mapping

from blueprint.planner.bounds import BOUNDS, shown
from blueprint.planner.families import Family
from blueprint.planner.settings import BOUNDED, Settings

STRETCHING = frozenset({"yarn", "linear", "dynamic", "ntk"})
"""Kinds whose factor makes the context longer; what Llama 3 and LongRoPE state is stretched already."""
FACTORS, SHARES = (1.0, 1024.0), (0.0, 1.0)
"""Least and most of a factor that stretches, and of the part of a head that turns."""


def context_of(family: Family, settings: Settings, *, yarn: bool) -> int:
    """Tokens that vLLM accepts (_get_and_verify_max_len of vllm/config/model.py); what Gemma 3 states is stretched already.

    `yarn`: whether it stretches; since 0.30 vLLM takes what is stated beside it for stretched.
    """
    stated = settings.count("max_position_embeddings")
    context = stated
    for table in _tables(settings):
        kind, factor = _kind(table), _factor(settings, table)
        if kind in STRETCHING - (frozenset() if yarn else {"yarn"}) and not family.stretched:
            before = table.get("original_max_position_embeddings") if kind == "yarn" else None
            context = int((_tokens(settings, before) if before is not None else stated) * factor)
    if not BOUNDS["max_position_embeddings"].holds(context):
        settings.refuse("rope_parameters", f"stretches {stated:,} tokens to {context:,}", str(BOUNDS["max_position_embeddings"]), why=BOUNDED)  # fmt: skip
    return context


def numbers_of(family: Family, settings: Settings, width: int, wide: int) -> int:
    """Numbers of all tables for each position of the context, of a head that is so wide; `wide`: of one that sees everything, 0: the same.

    Layers with a window may turn at another base, in a table of their own, and a wider head is turned whole (gemma4_rope.py of
    vLLM 0.33.0). Where the context is stretched already, the table of a linear factor still has as many rows as the factor says
    (LinearScalingRotaryEmbedding of 0.33.0; 3 logs of 0.19).
    """
    turned = round(width * _share(settings))
    linear = [_factor(settings, table) for table in _tables(settings) if _kind(table) == "linear"]
    rows = max(linear, default=1.0) if family.stretched else 1.0
    return round((turned if family.two_bases else 0) + (wide if family.two_bases and wide else turned) * rows)


def _tables(settings: Settings) -> list[Mapping[str, object]]:
    """Parameters of each table: transformers 5 nests those of kinds of layers, and has another name for them."""
    key = "rope_parameters" if settings.find("rope_parameters") is not None else "rope_scaling"
    told = settings.find(key)
    if told is None:
        return []
    if not isinstance(told, Mapping):
        settings.refuse(key, f"is {shown(told)}, not a mapping")
        return []
    nested = [each for each in told.values() if isinstance(each, Mapping)]
    return nested or [told]


def _kind(table: Mapping[str, object]) -> str:
    return str(table.get("rope_type") or table.get("type") or "default")


def _factor(settings: Settings, table: Mapping[str, object]) -> float:
    return _number(settings, "factor", table.get("factor"), FACTORS)


def _share(settings: Settings) -> float:
    told = settings.find("rope_parameters")
    beside = told.get("partial_rotary_factor") if isinstance(told, Mapping) else None
    stated = settings.find("partial_rotary_factor")
    return _number(settings, "partial_rotary_factor", beside if stated is None else stated, SHARES)


def _number(settings: Settings, key: str, value: object, bound: tuple[float, float]) -> float:
    """A number between two others; 1 where it is missing."""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if value is None:
        return 1.0
    if bound[0] <= number <= bound[1] and number > 0:
        return float(number)
    settings.refuse(f"rope_parameters.{key}", "is no number that can be meant", f"a number from {bound[0]:g} to {bound[1]:g}", value=shown(value), why=BOUNDED)  # fmt: skip
    return 1.0


def _tokens(settings: Settings, value: object) -> int:
    bound = BOUNDS["max_position_embeddings"]
    if isinstance(value, int) and bound.holds(value):
        return value
    settings.refuse(
        "original_max_position_embeddings",
        "is no number that can be meant",
        str(bound),
        value=shown(value),
        why=BOUNDED,
    )
    return 1
