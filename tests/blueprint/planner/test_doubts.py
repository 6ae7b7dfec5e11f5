"""What an answer is said to rest on."""

from __future__ import annotations

import pytest

from blueprint.planner.accelerators import accelerator
from blueprint.planner.architecture import Architecture
from blueprint.planner.capacity import ErrorBand, capacity
from blueprint.planner.models import known, models
from blueprint.planner.request import Request


def band(model: Architecture) -> ErrorBand:
    asked = Request(vllm_version="0.19.0", max_model_len=512)
    return capacity("m", model, accelerator("h200"), asked, change=False).error_band


@pytest.mark.parametrize(
    ("backing", "origin", "said"),
    [
        ("logs", "calibrated", None),
        ("config", "calibrated", "configuration: read in a stored config.json, held against no log"),
        ("file", "calibrated", "configuration: as the file states it, held against no log"),
        ("memory", "derived", "configuration: from memory, held against no log; plan from the model's own config.json"),
    ],
)
def test_a_configuration_that_no_log_backs_is_said_to_be_that(backing: str, origin: str, said: str | None) -> None:
    found = band(known("meta-llama/Llama-3.1-8B-Instruct").model_copy(update={"backing": backing}))
    assert found.origin == origin
    assert (said in found.because) if said else len(found.because) == 1
    assert any(each.startswith("accounting: ") for each in found.because) == (origin == "calibrated")


def test_a_model_from_memory_is_never_called_calibrated() -> None:
    of_memory = [row.id for row in models().values() if row.checked == "memory"]
    assert {band(known(each)).origin for each in of_memory} <= {"derived", "guessed"}
    assert known("meta-llama/Llama-3.1-8B-Instruct").backing == "logs"
