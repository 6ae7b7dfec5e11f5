"""Bytes of a weight by number format, and which parts of a model a format leaves alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from blueprint.errors import NotFound
from blueprint.planner.architecture import Architecture
from blueprint.planner.units import Bytes

Reach = Literal["everything", "layers", "experts"]


class WeightFormat(NamedTuple):
    """A number format of weights as vLLM keeps them."""

    name: str
    bytes_per_weight: float
    """With the scales of its groups."""
    reach: Reach
    """What is converted: `layers` leaves embedding, output layer, routers, linear layers and an encoder of images alone;
    `experts` leaves all but them, in a model that has any."""
    capability: float
    """Lowest compute capability that runs it, through a kernel that widens it where the arithmetic is missing."""
    source: str


_DOCS = "https://docs.vllm.ai/en/v0.32.0/features/quantization/"

_BNB = "_dequantize_dq of bitsandbytes_loader.py in vLLM 0.26; derived"

FORMATS: Mapping[str, WeightFormat] = MappingProxyType(
    {
        each.name: each
        for each in (
            WeightFormat("fp32", 4.0, "everything", 7.0, "four bytes; held against a log of vLLM 0.19"),
            WeightFormat("bf16", 2.0, "everything", 8.0, "two bytes; held against logs of vLLM 0.19"),
            WeightFormat("fp16", 2.0, "everything", 7.0, "two bytes; held against logs of vLLM 0.19"),
            WeightFormat("fp8", 1.0, "layers", 8.0, f"{_DOCS}llm_compressor/fp8/; below capability 8.9 weights only"),
            WeightFormat("int8", 1.0, "layers", 7.5, f"{_DOCS}llm_compressor/int8/"),
            WeightFormat("int4", 0.52, "layers", 7.5, "4 bits and a scale of 16 for each 128; logs of vLLM 0.19"),
            WeightFormat("int4-g32", 0.5625, "experts", 8.0, "4 bits and a scale of 16 for each 32; derived"),
            WeightFormat("mxfp4", 0.53, "experts", 8.0, "4 bits and a scale of 8 for each 32; a log of vLLM 0.19"),
            WeightFormat(
                "bnb-4bit", 0.5625, "layers", 7.5, f"4 bits and a scale of 32 for each 64, which vLLM unpacks: {_BNB}"
            ),
            WeightFormat("nvfp4", 0.5625, "layers", 8.9, "4 bits and a scale of 8 for each 16; derived"),
        )
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "bfloat16": "bf16", "float16": "fp16", "half": "fp16", "float32": "fp32", "float": "fp32",
        "awq": "int4", "awq_marlin": "int4", "gptq": "int4", "gptq_marlin": "int4", "w4a16": "int4", "int4": "int4",
        "w8a8": "int8", "w8a16": "int8", "experts_int8": "int8", "fbgemm_fp8": "fp8", "fp8_per_tensor": "fp8", "fp8_per_block": "fp8",
        "fp8_per_channel": "fp8", "gpt_oss_mxfp4": "mxfp4", "modelopt_fp4": "nvfp4", "nvfp4_per_token": "nvfp4",
    }
)  # fmt: skip
"""What vLLM calls the same thing in `--dtype` and `--quantization`."""

PADDED_TO = 256
"""vLLM rounds the width of MXFP4 experts up to this many, for its kernels (weights of gpt-oss-20b in a log of 0.19)."""


def weight_format(name: str) -> WeightFormat:
    """The format of that name or alias. Raises NotFound with the nearest ones."""
    found = FORMATS.get(ALIASES.get(name.lower(), name.lower()))
    if found is None:
        raise NotFound("weight format", name, {*FORMATS, *ALIASES})
    return found


def smaller_than(own: WeightFormat, capability: float) -> list[WeightFormat]:
    """Formats that a model in 16 bits is commonly quantised to, on a GPU of that compute capability; the largest first.

    One that is published in a format of its own has none.
    """
    if own.reach != "everything":
        return []
    able = (FORMATS[name] for name in ("fp8", "int4"))
    return [each for each in able if each.bytes_per_weight < own.bytes_per_weight and each.capability <= capability]


class Weights(NamedTuple):
    """Bytes of all weights before they are shared out, by how they are."""

    embedding: Bytes
    head: Bytes
    layers: Bytes
    experts: Bytes
    vision: Bytes
    whole: Bytes
    """The same on every tensor rank: routers, down-projections, some encoders of images."""
    rotary: Bytes
    """The table of rotary positions, the same on every GPU: 2.5 GiB at a context of ten million."""

    @property
    def total(self) -> Bytes:
        """Bytes of the whole model."""
        return sum(self, Bytes(0))

    @property
    def fetched(self) -> Bytes:
        """Bytes that are read from files: the table of rotary positions is computed."""
        return Bytes(self.total - self.rotary)


def weights_of(model: Architecture, chosen: WeightFormat) -> Weights:
    """Bytes of a model's weights in a format; what the format leaves alone stays in 16 bits."""
    body, small = model.body, chosen.bytes_per_weight
    wide = small if chosen.reach == "everything" else 2.0
    of_layers = wide if chosen.reach == "experts" and model.experts else small
    others = dict(model.others) if chosen.name == model.format else {}
    of_part = {part: FORMATS[others[part]].bytes_per_weight if part in others else otherwise for part, otherwise in
               (("attention", of_layers), ("dense", of_layers), ("experts", small))}  # fmt: skip
    spared = model.spared
    of_attention = _mean(spared.attention, wide, of_part["attention"])
    again = 2.0 * body.decompressed * (1 - spared.attention) if of_part["attention"] < 2.0 else 0.0
    padding = _padding(model) if chosen.name == "mxfp4" else 1.0
    shared, whole = (0, body.vision) if model.images and model.images.whole else (body.vision, 0)
    return Weights(
        embedding=Bytes(round(body.embedding * wide)),
        head=Bytes(round(body.head * wide)),
        layers=Bytes(
            round(
                body.attention * of_attention
                + again
                + body.states * _mean(spared.states, wide, of_layers)
                + body.dense * _mean(spared.dense, wide, of_part["dense"])
            )
        ),
        experts=Bytes(round(body.experts * _mean(spared.experts, wide, of_part["experts"]) * padding)),
        vision=Bytes(round(shared * wide)),
        whole=Bytes(round(body.replicated * of_attention + (body.routers + whole) * wide)),
        rotary=Bytes(2 * model.rotary * model.context),
    )


def _mean(share: float, wide: float, small: float) -> float:
    """Bytes of a weight where that share of them is wide."""
    return share * wide + (1 - share) * small


def _padding(model: Architecture) -> float:
    width = model.expert_intermediate
    return -(-width // PADDED_TO) * PADDED_TO / width if width else 1.0
