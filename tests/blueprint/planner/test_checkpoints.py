from __future__ import annotations

import pytest

from blueprint.planner.checkpoints import FORMATS_IN_NAMES, checkpoint
from blueprint.planner.quantization import FORMATS


@pytest.mark.parametrize(
    ("name", "model", "form"),
    [
        ("Qwen/Qwen3-32B", "qwen3-32b", None),
        ("Qwen/Qwen3-32B-FP8", "qwen3-32b", "fp8"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "llama-3.1-8b-instruct", "int4"),
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4", "nemotron-3-nano-30b-a3b", "nvfp4"),
        ("acme/bf16", "bf16", None),
    ],
)
def test_a_name_is_taken_apart(name: str, model: str, form: str | None) -> None:
    assert checkpoint(name) == (model, form, name.partition("/")[0].lower())


def test_every_ending_says_a_format_that_is_known() -> None:
    assert {form for _, form in FORMATS_IN_NAMES} <= FORMATS.keys()
