"""The encoder of sound in front of a language model: its weights. What it works on when vLLM measures memory is not counted."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.planner.bounds import shown
from blueprint.planner.settings import ANY, Refused, Settings
from blueprint.planner.units import Parameters


def sound_of(configuration: Mapping[str, object], hidden: int, refused: Refused) -> Parameters:
    """Parameters of the encoder that a configuration tells of; 0 without one. `hidden` is the language model's width."""
    told = configuration.get("audio_config")
    if told is not None and not isinstance(told, Mapping):
        refused.say("audio_config", f"is {shown(told)}, not a mapping")
    if not isinstance(told, Mapping):
        return Parameters(0)
    settings, kind = Settings(told, {}, refused, "audio_config"), told.get("model_type")
    if kind == "gemma4_unified_audio":  # no encoder: frames of the wave are projected (modeling_gemma4_unified.py)
        return Parameters(settings.count("audio_embed_dim") * hidden)
    if kind == "gemma4_audio":
        return Parameters(_conformer(settings) + settings.count("output_proj_dims") * hidden)
    refused.say("audio_config", f"{shown(kind)} is no encoder of sound that the planner knows")
    return Parameters(0)


def _conformer(settings: Settings) -> int:
    """Gemma4AudioModel of transformers 5.24.0: two feed-forward parts, attention with relative positions, a convolution."""
    width, first, second = settings.count("hidden_size"), *_channels(settings)
    layer = (2 * 8 + 4 + 1 + 3) * width * width + settings.count("conv_kernel_size") * width
    before = 9 * (first + first * second) + first // 4 * second * width
    return settings.count("num_hidden_layers") * layer + before + width * settings.count("output_proj_dims")


def _channels(settings: Settings) -> tuple[int, int]:
    told = settings.find("subsampling_conv_channels")
    if isinstance(told, list) and len(told) == 2 and all(map(ANY.holds, told)):
        return told[0], told[1]
    settings.refuse("subsampling_conv_channels", "does not give the channels of two convolutions")
    return 1, 1
