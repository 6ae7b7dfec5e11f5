"""What the planner answers, and what must hold whatever is asked. Replayed logs: test_replayed.py."""

from __future__ import annotations

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from blueprint.errors import DocumentError, NotFound
from blueprint.planner.accelerators import accelerator, accelerators
from blueprint.planner.capacity import Capacity, account, capacity
from blueprint.planner.models import known
from blueprint.planner.models import models as all_models
from blueprint.planner.request import Request, settle

SMALL = (
    "Qwen/Qwen3-8B",
    "google/gemma-3-12b-it",
    "openai/gpt-oss-20b",
    "deepseek-ai/DeepSeek-V2-Lite-Chat",
    "Qwen/Qwen3.5-27B",
)


@pytest.mark.parametrize(
    "model", ["codellama/CodeLlama-34b-hf", "meta-llama/Llama-3.3-70B-Instruct", "mistralai/Mixtral-8x7B-Instruct-v0.1"]
)
def test_what_is_larger_than_a_gpu_never_fits_it(model: str) -> None:
    small = accelerator("a10g" if "CodeLlama" in model else "h100")
    found = capacity(model, known(model), small, Request(max_model_len=2048))
    assert (found.fits, found.limiting_term, found.kv_cache_tokens) == (False, "weights", 0)
    assert found.smallest_change


def test_what_ran_out_of_memory_does_not_fit() -> None:
    """The same runs: Llama 4 Scout on two of these GPUs was given up for want of memory."""
    model = "meta-llama/Llama-4-Scout-17B-16E-Instruct"
    two, four = (
        capacity(
            model,
            known(model),
            accelerator("h100"),
            Request(tensor_parallel=wide, max_model_len=8192, gpu_memory_utilization=0.95),
        )
        for wide in (2, 4)
    )
    assert (two.fits, two.limiting_term, four.fits) == (False, "weights", True)


def test_what_was_left_out_is_named_with_the_value_that_was_taken() -> None:
    found = capacity("m", known("Qwen/Qwen3-8B"), accelerator("h100"), Request(max_model_len=8192))
    assert "max_model_len" not in found.derived
    assert found.derived == {
        "vllm_version": "0.33.0", "tensor_parallel": 1, "pipeline_parallel": 1, "data_parallel": 1, "expert_parallel": False,
        "decode_context_parallel": 1, "max_num_seqs": 1024, "max_num_batched_tokens": 8192, "dtype": "bf16", "quantization": "bf16",
        "kv_cache_dtype": "auto", "total_gpu_memory_gib": 79.19, "gpu_memory_utilization": 0.92, "enforce_eager": False,
        "runner": "generate", "language_model_only": False,
    }  # fmt: skip


def test_latent_attention_is_not_shared_out_and_context_parallel_multiplies_its_tokens() -> None:
    model, gpu = known("moonshotai/Kimi-K2-Thinking"), accelerator("h200")
    whole = capacity("kimi", model, gpu, Request(tensor_parallel=8))
    split = capacity("kimi", model, gpu, Request(tensor_parallel=8, decode_context_parallel=8))
    assert account(model, gpu, settle(model, gpu, Request(tensor_parallel=8))).pool.block_bytes == 16 * 70272
    assert split.kv_cache_tokens == pytest.approx(8 * whole.kv_cache_tokens, rel=1e-4)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"tensor_parallel": 3}, "--tensor-parallel"),
        ({"tensor_parallel": 0}, "--tensor-parallel"),
        ({"pipeline_parallel": 200}, "--pipeline-parallel"),
        ({"decode_context_parallel": 2}, "--decode-context-parallel"),
        ({"gpu_memory_utilization": 1.2}, "--gpu-memory-utilization"),
        ({"max_model_len": 10_000_000}, "--max-model-len"),
        ({"expert_parallel": True}, "--expert-parallel"),
        ({"quantization": "compressed-tensors"}, "--quantization"),
        ({"dtype": "fp8"}, "--dtype"),
    ],
)
def test_a_contradiction_is_refused_where_it_stands(changed: dict[str, object], where: str) -> None:
    with pytest.raises(DocumentError) as refused:
        capacity("m", known("Qwen/Qwen3-8B"), accelerator("h100"), Request.model_validate(changed))
    assert [problem.key for problem in refused.value.problems] == [where]


@pytest.mark.parametrize(
    ("model", "tensor", "shared", "refused", "allowed"),
    [
        ("Qwen/Qwen3-8B", 6, 4, "does not divide the 6 tensor ranks", "1"),
        ("Qwen/Qwen3-8B", 8, 2, "is more than the ranks that hold the same heads", "1"),
        ("Qwen/Qwen2.5-7B-Instruct", 28, 2, "does not divide the 7 query heads of each head of the cache", "1, 7"),
        ("openai/gpt-oss-20b", 16, 2, "is not supported for layers with a window", "1"),
    ],
)
def test_ranks_that_cannot_share_the_tokens_of_a_sequence_are_refused(
    model: str, tensor: int, shared: int, refused: str, allowed: str
) -> None:
    asked = Request(tensor_parallel=tensor, decode_context_parallel=shared, max_model_len=4096)
    with pytest.raises(DocumentError) as error:
        capacity("m", known(model), accelerator("h100"), asked)
    (problem,) = (each for each in error.value.problems if each.key == "--decode-context-parallel")
    assert (problem.what, problem.allowed) == (refused, allowed)


def test_replicated_heads_may_share_out_tokens() -> None:
    asked = Request(tensor_parallel=8, max_model_len=4096)
    whole, halves = (
        capacity("m", known("Qwen/Qwen3-30B-A3B"), accelerator("h100"), asked.model_copy(update={"decode_context_parallel": ranks}))
        for ranks in (1, 2)
    )  # fmt: skip
    assert halves.kv_cache_tokens == pytest.approx(2 * whole.kv_cache_tokens, rel=0.01)


def test_experts_that_cannot_be_cut_evenly_are_refused_unless_they_stay_whole() -> None:
    model, gpu = known("mistralai/Mixtral-8x7B-Instruct-v0.1"), accelerator("h200")
    asked = Request(tensor_parallel=2, data_parallel=3, max_model_len=8192)
    with pytest.raises(DocumentError, match="cuts experts 14336 wide into 6 slices") as refused:
        capacity("m", model, gpu, asked)
    assert [problem.key for problem in refused.value.problems] == ["--data-parallel"]
    assert capacity("m", model, gpu, asked.model_copy(update={"expert_parallel": True})).fits


def test_shared_experts_that_vllm_may_hold_whole_are_a_guess() -> None:
    asked = Request(tensor_parallel=4, data_parallel=2, expert_parallel=True, max_model_len=8192)
    shared, none = (
        capacity("m", known(model), accelerator("h200"), asked, change=False).error_band.origin
        for model in ("zai-org/GLM-4.5-Air", "Qwen/Qwen3-30B-A3B")
    )
    assert (shared, none) == ("guessed", "derived")


def test_a_format_that_a_gpu_cannot_run_is_refused_with_those_it_can() -> None:
    with pytest.raises(DocumentError, match=r"needs compute capability 8\.9") as refused:
        capacity("m", known("Qwen/Qwen3-8B"), accelerator("a100"), Request(quantization="nvfp4"))
    assert "fp8" in refused.value.problems[0].allowed


def test_unknown_names_are_answered_with_the_nearest() -> None:
    model, gpu = known("Qwen/Qwen3-8B"), accelerator("h100")
    with pytest.raises(NotFound, match="fp8"):
        capacity("m", model, gpu, Request(kv_cache_dtype="fp9"))
    with pytest.raises(NotFound, match="vLLM version"):
        capacity("m", model, gpu, Request(vllm_version="0.3"))


def test_graphs_are_taken_from_the_cache_since_0_21_and_not_without_them() -> None:
    model, gpu = known("Qwen/Qwen3-8B"), accelerator("h100")
    old, new, eager = (
        capacity("m", model, gpu, Request(vllm_version=version, enforce_eager=eager, gpu_memory_utilization=0.9))
        for version, eager in (("0.19.0", False), ("0.21.0", False), ("0.21.0", True))
    )
    assert old.available_kv_cache_gib_per_gpu - new.available_kv_cache_gib_per_gpu == pytest.approx(
        new.cuda_graph_gib_per_gpu, abs=0.02
    )
    assert (eager.cuda_graph_gib_per_gpu, eager.available_kv_cache_gib_per_gpu) == (
        0.0,
        old.available_kv_cache_gib_per_gpu,
    )


def asked(most: int, step: int, **more: object) -> Request:
    return Request.model_validate({"max_num_seqs": most, "max_num_batched_tokens": most + step, **more})


@pytest.mark.parametrize("gpu", ["l4", "h100"])
def test_a_model_that_answers_with_vectors_neither_samples_nor_counts_tokens(gpu: str) -> None:
    model = known("Qwen/Qwen3-8B")
    text, vectors = (capacity("m", model, accelerator(gpu), Request(runner=each)) for each in ("generate", "pooling"))
    assert text.buffers_gib_per_gpu > vectors.buffers_gib_per_gpu == 0
    assert text.activation_gib_per_gpu >= vectors.activation_gib_per_gpu
    assert text.weights_gib_per_gpu > vectors.weights_gib_per_gpu  # no output layer is loaded
    table = known("Qwen/Qwen3-Embedding-8B")
    assert (table.pools, table.body.head, model.pools) == (True, 0, False)


requests = st.builds(
    asked,
    st.integers(1, 1024),
    st.integers(0, 15360),
    max_model_len=st.integers(16, 8192),
    gpu_memory_utilization=st.floats(0.1, 1.0),
    vllm_version=st.sampled_from(["0.12.0", "0.19.0", "0.21.0", "0.24.0", "0.27.0", "0.29.0", "0.33.0"]),
    tensor_parallel=st.sampled_from([1, 2]),
)
models = st.sampled_from(SMALL)
every = st.sampled_from(sorted(all_models()))
gpus = st.sampled_from(["a10g", "l4", "l40s", "a100-80gb", "h100", "h200", "b200", "rtx-pro-6000"])


def plain(model: str, gpu: str, request: Request) -> Capacity:
    """The answer; a case that is refused is none."""
    try:
        return capacity(model, known(model), accelerator(gpu), request, change=False)
    except DocumentError:
        reject()


@settings(max_examples=200, deadline=None)
@given(every, gpus, requests)
def test_cache_weights_and_the_rest_never_exceed_the_budget(model: str, gpu: str, request: Request) -> None:
    architecture, chosen = known(model), accelerator(gpu)
    try:
        settled = settle(architecture, chosen, request)
    except DocumentError:
        reject()
    found = account(architecture, chosen, settled)
    terms = (found.weights, found.activation, found.buffers, found.non_torch, found.graphs)
    assert min(terms) >= 0
    rest = sum(map(int, terms)) - (0 if found.graphs_in_budget else found.graphs)
    assert found.blocks == 0 or found.blocks * found.pool.block_bytes + rest <= found.budget
    assert found.budget <= settled.total + 1


@settings(max_examples=60, deadline=None)
@given(every, gpus, requests)
def test_a_smaller_cache_never_holds_fewer_tokens(model: str, gpu: str, request: Request) -> None:
    whole, half = (
        plain(model, gpu, request.model_copy(update={"kv_cache_dtype": each})) for each in ("bfloat16", "fp8")
    )
    assert half.kv_cache_tokens >= whole.kv_cache_tokens
    assert half.fits >= whole.fits


@settings(max_examples=60, deadline=None)
@given(every, gpus, requests, st.floats(0.1, 60.0))
def test_more_memory_never_makes_less_fit(model: str, gpu: str, request: Request, more: float) -> None:
    memory = accelerator(gpu).memory_gib
    less = plain(model, gpu, request.model_copy(update={"total_gpu_memory_gib": memory}))
    greater = plain(model, gpu, request.model_copy(update={"total_gpu_memory_gib": memory + more}))
    assert greater.kv_cache_tokens >= less.kv_cache_tokens
    assert greater.fits >= less.fits


@settings(max_examples=60, deadline=None)
@given(every, gpus, requests, st.integers(1, 4096))
def test_a_shorter_context_never_makes_less_fit(model: str, gpu: str, request: Request, shorter: int) -> None:
    length = request.max_model_len or 0
    assert (
        plain(model, gpu, request.model_copy(update={"max_model_len": max(1, length - shorter)})).fits
        >= plain(model, gpu, request).fits
    )


@settings(max_examples=60, deadline=None)
@given(every, st.sampled_from(["l4", "l40s", "h100", "b200"]), requests)
def test_a_smaller_format_never_makes_less_fit(model: str, gpu: str, request: Request) -> None:
    answers = [
        plain(model, gpu, request.model_copy(update={"quantization": form})) for form in ("fp32", "bf16", "fp8", "int4")
    ]
    assert [each.fits for each in answers] == sorted(each.fits for each in answers)
    assert [each.kv_cache_tokens for each in answers] == sorted(each.kv_cache_tokens for each in answers)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SMALL), st.sampled_from(["l40s", "h100", "a100-80gb", "h200"]), requests, st.floats(0.5, 1.0))
def test_more_gpus_never_make_less_fit_where_half_the_weights_outweigh_the_collectives(
    model: str, gpu: str, request: Request, share: float
) -> None:
    """Collectives take 2 GiB of each GPU, so a model of less than 4 GiB does lose by sharing; none of these is.

    They also take from what the budget leaves free, which is why what is limited by that is no part of it.
    """
    spread = [
        request.model_copy(update={"tensor_parallel": wide, "gpu_memory_utilization": share}) for wide in (1, 2, 4)
    ]
    answers = [plain(model, gpu, each) for each in spread]
    starting = [each.limiting_term not in {"gpu_memory_utilization", "cuda_graph"} for each in answers]
    assert [each.fits for each, starts in zip(answers, starting, strict=True) if starts] == sorted(
        each.fits for each, starts in zip(answers, starting, strict=True) if starts
    )


def test_every_gpu_answers_for_every_model_of_the_test() -> None:
    for gpu in (each for each in accelerators().values() if each.capability >= 8):
        for model in SMALL:
            assert plain(model, gpu.name, Request(max_model_len=4096)).gpu == gpu.name
