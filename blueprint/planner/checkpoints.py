"""What the name of a checkpoint says: the model whose layers it has, and the format of its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

FORMATS_IN_NAMES = (
    ("qat-q4_0-w4a16-ct", "int4"), ("qat-w4a16-ct", "int4"), ("w4a16-ct", "int4"), ("qat-w4a16", "int4"),
    ("fp8-dynamic", "fp8"), ("fp8-block", "fp8"), ("fp8_dynamic", "fp8"), ("fp8-kv", "fp8"), ("w8a8-fp8", "fp8"), ("fp8", "fp8"),
    ("nvfp4a16", "nvfp4"), ("nvfp4-v2", "nvfp4"), ("nvfp4", "nvfp4"), ("fp4", "nvfp4"),
    ("awq-int4", "int4"), ("awq-4bit", "int4"), ("awq-w4a16", "int4"), ("awq-marlin", "int4"), ("awq", "int4"),
    ("gptq-int4", "int4"), ("gptq-4bit", "int4"), ("gptq-w4a16", "int4"), ("gptq-int8", "int8"), ("gptq-8bit", "int8"), ("gptq", "int4"),
    ("int4-autoround", "int4"), ("autoround-int4", "int4"), ("quantized.w4a16", "int4"), ("w4a16-g128", "int4"), ("w4a16", "int4"),
    ("quantized.w8a8", "int8"), ("quantized.w8a16", "int8"), ("w8a8-int8", "int8"), ("w8a8", "int8"), ("w8a16", "int8"),
    ("int4", "int4"), ("int8", "int8"), ("bnb-4bit", "bnb-4bit"), ("bf16", "bf16"),
)  # fmt: skip
"""Endings that publishers use, each before those that it ends in. unsloth-bnb-4bit is none: what it leaves in 16 bits differs."""
_ENDING = re.compile(r"[-_.](" + "|".join(re.escape(text) for text, _ in FORMATS_IN_NAMES) + r")$")
_MAKERS = re.compile(r"^(meta-|nvidia-)")


CONVERTING: Mapping[str, frozenset[str]] = MappingProxyType(
    {"dense": frozenset({"qwen", "redhatai", "nvidia"}), "experts": frozenset({"qwen"})}
)
"""Who converts linear layers too, of models without experts and with them: weights printed in logs of 9 checkpoints."""


class Checkpoint(NamedTuple):
    """A name, taken apart."""

    model: str
    """Small letters, without owner, maker and ending: two names of the same model agree."""
    format: str | None
    """None where the name does not say."""
    owner: str


def checkpoint(name: str) -> Checkpoint:
    """Take a name apart: `RedHatAI/Qwen3-32B-FP8-dynamic` is `qwen3-32b` in `fp8`."""
    short = name.rpartition("/")[2].lower()
    ending = _ENDING.search(short)
    form = dict(FORMATS_IN_NAMES)[ending[1]] if ending else None
    owner = name.partition("/")[0].lower()
    return Checkpoint(_MAKERS.sub("", short[: ending.start()] if ending else short), form, owner)
