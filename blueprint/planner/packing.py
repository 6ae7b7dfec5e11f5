"""How the weights of a checkpoint are packed: its `quantization_config`, or the number format that it states."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from blueprint.planner.bounds import shown
from blueprint.planner.families import Family
from blueprint.planner.groups import Group, formats_of
from blueprint.planner.modules import PARTS, Part
from blueprint.planner.settings import Refused
from blueprint.planner.spared import Spared, spared_of

KEYS = ("quantization_config", "compression_config")
"""Where checkpoints keep it; the second is what compressed-tensors wrote before."""
PLAIN: Mapping[str, str] = MappingProxyType(
    {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "float8_e4m3fn": "fp8", "auto": "bf16", "None": "bf16"}
)
"""By what a configuration states as its `dtype`; a silent one is taken for 16 bits."""
BY_BITS: Mapping[int, str] = MappingProxyType({4: "int4", 8: "int8"})
BY_ALGORITHM: Mapping[str, str] = MappingProxyType(
    {"FP8": "fp8", "FP8_PB_WO": "fp8", "FP8_PER_CHANNEL_PER_TOKEN": "fp8", "NVFP4": "nvfp4", "MXFP4": "mxfp4"}
)
BY_METHOD: Mapping[str, str] = MappingProxyType(
    {"fp8": "fp8", "fbgemm_fp8": "fp8", "mxfp4": "mxfp4", "experts_int8": "int8", "modelopt_fp4": "nvfp4"}
)
BY_WEIGHTS: Mapping[str, str] = MappingProxyType({"8 float": "fp8", "8 int": "int8", "4 int": "int4", "4 float": "nvfp4"})  # fmt: skip
"""Of compressed-tensors, by bits and type."""
CACHED = ("kv_cache_scheme", "kv_cache_quant_algo")
"""Where checkpoints keep the format of the cache."""
ALLOWED = "fp8, mxfp4, modelopt, compressed-tensors, bitsandbytes, awq, gptq and auto-round with 4 or 8 bits"


class Packing(NamedTuple):
    """The format of a checkpoint's weights, and what departs from it."""

    format: str
    others: tuple[tuple[Part, str], ...] = ()
    """Parts in another format than the most of the weights."""
    spared: Spared = Spared()
    caches: str = ""
    """The way of packing, where the checkpoint asks for a cache in 8 bits."""


def packing_of(
    text: Mapping[str, object], family: Family, layers: int, having: Mapping[str, int], refused: Refused
) -> Packing:
    """Read how weights are packed; what is not known is refused."""
    key, told = next(((key, text[key]) for key in KEYS if text.get(key) is not None), (KEYS[0], None))
    if told is None:
        return Packing(_plain(text, refused))
    if not isinstance(told, Mapping):
        refused.say(key, f"is {shown(told)}, not a mapping", allowed="a mapping with a quant_method")
        return Packing("bf16")
    method = str(told.get("quant_method", "")).lower()
    before = len(refused.problems)
    by_part = _grouped(told, family, refused) if method == "compressed-tensors" else {}
    largest: Part = "experts" if having["experts"] else "dense"
    found = by_part.get(largest) or _alone(method, told)
    if not found and len(refused.problems) == before:
        refused.say(key, "is no format that the planner knows", value=f"{shown(method)} {_detail(told)}".strip(), allowed=ALLOWED)  # fmt: skip
    others = tuple(
        (part, form) for part, form in by_part.items() if form != found and (having["experts"] or part != "experts")
    )
    return Packing(found, others, spared_of(told, family, layers, having, refused), _caches(told, method, refused))


def _caches(told: Mapping[str, object], method: str, refused: Refused) -> str:
    """Read what a checkpoint says of its cache (get_kv_cache_quant_algo_string of vllm/utils/torch_utils.py)."""
    inner = told.get("quantization")
    parts = [each for each in (inner, told) if isinstance(each, Mapping)]
    key, scheme = next(((key, part[key]) for key in CACHED for part in parts if part.get(key)), ("", None))
    bits = scheme.get("num_bits") if isinstance(scheme, Mapping) else str(scheme).lower()
    if not key or bits == 8 or bits == "fp8":  # noqa: PLR1714  what is no number may not be hashable
        return method.partition("_")[0] if key else ""
    refused.say(key, "asks for a cache that the planner does not know", value=shown(scheme), allowed="8 bits, fp8")
    return ""


def _plain(text: Mapping[str, object], refused: Refused) -> str:
    stated = text.get("dtype") if text.get("dtype") is not None else text.get("torch_dtype")
    name = str(stated).removeprefix("torch.") if stated is None or isinstance(stated, str) else ""
    if name not in PLAIN:
        refused.say("dtype", "is no number format that weights are published in", value=shown(stated), allowed=", ".join(sorted(PLAIN.keys() - {"None"})))  # fmt: skip
    return PLAIN.get(name, "bf16")


def _alone(method: str, told: Mapping[str, object]) -> str:
    """The one format of everything that is converted; empty when it is not known."""
    bits = told.get("bits") or told.get("w_bit")
    if method in {"awq", "gptq", "auto-round", "gptq_marlin", "awq_marlin"}:
        return BY_BITS.get(bits, "") if isinstance(bits, int) else ""
    if method == "bitsandbytes":
        return "bnb-4bit" if told.get("load_in_4bit") is True else "int8" if told.get("load_in_8bit") is True else ""
    if method == "modelopt":
        return BY_ALGORITHM.get(str(told.get("quant_algo", "")).upper(), "")
    return BY_METHOD.get(method, "")


def _detail(told: Mapping[str, object]) -> str:
    known = ("quant_algo", "bits", "w_bit")
    return ", ".join(f"{key}: {shown(told[key])}" for key in known if told.get(key) is not None)


def _grouped(told: Mapping[str, object], family: Family, refused: Refused) -> Mapping[Part, str]:
    """The format of each part by the groups of compressed-tensors."""
    groups = told.get("config_groups")
    read = [_group(each) for each in groups.values()] if isinstance(groups, Mapping) else []
    if not read or not all(each.format for each in read):
        return {}
    if len({each.format for each in read}) == 1:
        return dict.fromkeys(PARTS, read[0].format)
    found, untold = formats_of(read, family)
    for what in untold:
        refused.say("quantization_config.config_groups", what, value=", ".join(sorted({each.format for each in read})),
                    allowed="one format for all groups, or targets that name attention, experts or the rest as a whole",
                    why="how many weights are in which format would be a guess")  # fmt: skip
    return found


def _group(told: object) -> Group:
    weights = told.get("weights") if isinstance(told, Mapping) else None
    targets = told.get("targets") if isinstance(told, Mapping) else None
    if not isinstance(weights, Mapping):
        return Group("", ())
    named = BY_WEIGHTS.get(f"{weights.get('num_bits')} {weights.get('type')}", "")
    small = named == "int4" and weights.get("group_size") == 32
    listed = targets if isinstance(targets, list) else ["Linear"]
    return Group("int4-g32" if small else named, tuple(str(each) for each in listed))
