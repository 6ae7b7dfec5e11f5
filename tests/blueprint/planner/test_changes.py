"""Pairs of model and instance type that do not fit: what limits them, and the least that would help."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from blueprint.planner.accelerators import accelerator, gpu_of
from blueprint.planner.capacity import Capacity, capacity
from blueprint.planner.changes import _round
from blueprint.planner.instances import instance
from blueprint.planner.models import known
from blueprint.planner.request import Request, divides

GOLDEN = Path(__file__).with_name("unfitting.yaml")

PAIRS = [
    (model, machine, gpus)
    for model, machines in {
        "Qwen/Qwen3-32B": (
            ("g6.xlarge", 1),
            ("g6e.xlarge", 1),
            ("g5.12xlarge", 4),
            ("g6.12xlarge", 2),
            ("p5.4xlarge", 1),
        ),
        "Qwen/Qwen2.5-72B-Instruct": (
            ("g6e.xlarge", 1),
            ("g6e.12xlarge", 2),
            ("p5.4xlarge", 1),
            ("g7e.2xlarge", 1),
            ("g5.48xlarge", 8),
        ),
        "meta-llama/Llama-3.3-70B-Instruct": (
            ("g6e.12xlarge", 2),
            ("p5.4xlarge", 1),
            ("p4d.24xlarge", 4),
            ("g7e.2xlarge", 1),
            ("g6.48xlarge", 8),
        ),
        "meta-llama/Llama-3.1-405B-Instruct": (
            ("p5.48xlarge", 8),
            ("p4de.24xlarge", 8),
            ("g6e.48xlarge", 8),
            ("g7e.48xlarge", 8),
        ),
        "deepseek-ai/DeepSeek-R1": (("p5.48xlarge", 8), ("p4de.24xlarge", 8), ("g6e.48xlarge", 8), ("g5.48xlarge", 8)),
        "mistralai/Mixtral-8x22B-Instruct-v0.1": (("g6e.12xlarge", 4), ("p5.4xlarge", 1), ("p4d.24xlarge", 4)),
        "openai/gpt-oss-120b": (("g6e.xlarge", 1), ("g5.12xlarge", 2), ("g6.12xlarge", 2)),
        "Qwen/Qwen3-30B-A3B": (("g6.xlarge", 1), ("g6e.xlarge", 1), ("g5.12xlarge", 2)),
        "google/gemma-3-27b-it": (("g6.xlarge", 1), ("g6e.xlarge", 1), ("g5.12xlarge", 2)),
        "moonshotai/Kimi-K2-Thinking": (("p5.48xlarge", 8), ("g7e.48xlarge", 4)),
        "meta-llama/Llama-3.1-8B-Instruct": (("g6.xlarge", 1), ("g5.xlarge", 1)),
        "microsoft/phi-4": (("g6.xlarge", 1), ("g5.2xlarge", 1)),
        "meta-llama/Llama-4-Scout-17B-16E-Instruct": (("p5.48xlarge", 2), ("g6e.12xlarge", 4)),
    }.items()
    for machine, gpus in machines
]


def answers() -> dict[str, str]:
    found = {}
    for model, machine, gpus in PAIRS:
        gpu = gpu_of(instance(machine))
        assert gpu is not None
        architecture = known(model)
        length = min(architecture.context, 131072)
        each = capacity(model, architecture, gpu, Request(tensor_parallel=gpus, max_model_len=length))
        found[f"{model} on {machine}, {gpus} GPUs, {length} tokens"] = (
            "fits" if each.fits else f"{each.limiting_term}; {each.smallest_change}"
        )
    return found


def test_what_does_not_fit_is_answered_with_what_limits_it_and_the_least_that_helps(
    pytestconfig: pytest.Config,
) -> None:
    found = answers()
    if pytestconfig.getoption("--golden"):
        GOLDEN.write_text(yaml.safe_dump(found, width=200), encoding="utf-8")
    assert len(found) >= 40
    assert "fits" not in found.values()
    assert found == yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("model", "gpu"), [("Qwen/Qwen3-32B", "l40s"), ("microsoft/phi-4", "l4"), ("google/gemma-3-27b-it", "l40s")]
)
def test_a_change_that_is_proposed_does_make_it_fit(model: str, gpu: str) -> None:
    said = capacity(model, known(model), accelerator(gpu), Request()).smallest_change or ""
    changed: dict[str, object] = {}
    for flag, name in (
        ("--max-num-seqs", "max_num_seqs"),
        ("--max-model-len", "max_model_len"),
        ("--tensor-parallel", "tensor_parallel"),
    ):
        if f"{flag} " in said:
            changed[name] = int(said.partition(f"{flag} ")[2].split(",")[0])
    if "--kv-cache-dtype fp8" in said:
        changed["kv_cache_dtype"] = "fp8"
    if "weights in " in said:
        changed["quantization"] = said.partition("weights in ")[2].split(",")[0]
    assert changed
    assert capacity(model, known(model), accelerator(gpu), Request.model_validate(changed)).fits
    assert all(divides(known(model), int(str(value))) for key, value in changed.items() if key == "tensor_parallel")


@pytest.mark.parametrize("model", ["meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3.5-27B", "google/gemma-3-12b-it", "microsoft/phi-4",
                                   "tiiuae/Falcon-H1-7B-Instruct", "Qwen/Qwen3.5-35B-A3B"])  # fmt: skip
@pytest.mark.parametrize("gpu", ["l4", "l40s", "h100"])
def test_the_longest_sequence_that_is_told_does_fit_and_a_longer_one_does_not(model: str, gpu: str) -> None:
    def answer(length: int | None) -> Capacity:
        return capacity(model, known(model), accelerator(gpu), Request(max_model_len=length), change=False)

    longest = answer(None).longest_context
    assert not longest or answer(longest).fits
    assert longest + 64 > known(model).context or not answer(longest + 64).fits


def test_what_has_no_room_for_images_may_have_room_for_text_alone() -> None:
    model, gpu = known("Qwen/Qwen2.5-VL-7B-Instruct"), accelerator("l4")
    asked = Request(max_model_len=128_000, quantization="fp8", kv_cache_dtype="fp8")
    found, alone = (
        capacity("", model, gpu, each) for each in (asked, asked.model_copy(update={"language_model_only": True}))
    )
    assert (found.fits, alone.fits) == (False, True)
    assert alone.weights_gib_per_gpu < found.weights_gib_per_gpu


@pytest.mark.parametrize(
    ("model", "gpu", "flags", "change", "most"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "l4", {}, "--max-model-len", 24000),
        ("Qwen/Qwen3-32B", "a10g", {"tensor_parallel": 4}, "--max-num-seqs", 168),
        ("Qwen/Qwen3-0.6B", "t4", {"tensor_parallel": 4, "max_model_len": 2048}, "--gpu-memory-utilization", 0.89),
    ],
)
def test_a_change_is_the_smallest_of_its_kind(
    model: str, gpu: str, flags: dict[str, object], change: str, most: float
) -> None:
    chosen, name = accelerator(gpu), change.strip("-").replace("-", "_")
    said = capacity(model, known(model), chosen, Request.model_validate(flags)).smallest_change or ""
    assert said.endswith(f"{change} {most}")
    step = {"--max-model-len": 1000, "--max-num-seqs": 1, "--gpu-memory-utilization": 0.01}[change]
    fits = [
        capacity(model, known(model), chosen, Request.model_validate({**flags, name: each})).fits
        for each in (most, most + step)
    ]
    assert fits == [True, False]


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, 0), (2048, 2048), (2311, 2300), (32768, 32768), (40959, 40000), (135_000, 131_072), (4_086_032, 4_000_000)],
)
def test_a_length_is_rounded_down_to_what_people_write(number: int, written: int) -> None:
    assert _round(number) == written
