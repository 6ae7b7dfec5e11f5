"""Whether a model fits the pool that the document gives it."""

from __future__ import annotations

import pytest

from blueprint.spec import Conflict
from components.compute.gpu_pool_spec import GpuPoolSpec
from components.models.open_weights_spec import OpenWeightsSpec
from components.serving.vllm_spec import VllmSpec


def conflicts(
    source: str = "Qwen/Qwen3-32B", instance: str = "g6e.12xlarge", context: int = 32768, **more: object
) -> list[Conflict]:
    spec = VllmSpec.model_validate(
        {"name": "chat", "model": "weights", "pool": "gpus", "context": context, "concurrency": 8, **more}
    )
    weights = OpenWeightsSpec(
        name="weights",
        source=source,
        revision="0" * 40,
        licence="Apache-2.0",
        owner="a@example.org",
        risk_class="limited",
    )
    return list(
        spec.conflicts({"models/weights": weights, "gpu_pools/gpus": GpuPoolSpec(name="gpus", instance=instance)})
    )


def test_a_model_that_fits_is_not_spoken_of() -> None:
    assert conflicts() == []


def test_weights_larger_than_the_gpu_are_refused_with_the_smallest_change() -> None:
    (found,) = conflicts(instance="g6e.2xlarge")
    assert found.certain
    assert found.field == "context"
    assert found.problem.what == "Qwen/Qwen3-32B does not fit g6e.2xlarge with one request of 32,768 tokens"
    assert found.problem.why.startswith("weights: ")
    assert found.problem.fix == "a smaller format: weights in int4"


def test_a_smaller_format_of_the_document_is_counted() -> None:
    assert conflicts(instance="g6e.2xlarge", context=4096, extra_arguments={"quantization": "awq"}) == []


@pytest.mark.parametrize("source", ["example/unknown-model", "deepseek-ai/DeepSeek-V4-Flash"])
def test_nothing_is_said_of_a_model_that_the_planner_does_not_know(source: str) -> None:
    assert conflicts(source=source, instance="g6e.xlarge") == []


def test_without_its_model_or_its_pool_nothing_is_said() -> None:
    spec = VllmSpec(name="chat", model="weights", pool="gpus", context=32768, concurrency=8)
    assert list(spec.conflicts({})) == []
