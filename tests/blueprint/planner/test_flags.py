"""What is refused of a request before any model is looked at, and with it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.errors import DocumentError, NotFound
from blueprint.planner.accelerators import accelerator
from blueprint.planner.architecture import architecture
from blueprint.planner.capacity import capacity
from blueprint.planner.flags import RANGES, impossible
from blueprint.planner.models import known
from blueprint.planner.quantization import weight_format, weights_of
from blueprint.planner.request import Request

QWEN = "Qwen/Qwen3-8B"
PLAIN: dict[str, Any] = {
    "model_type": "qwen3", "num_hidden_layers": 4, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2, "intermediate_size": 1024,
    "vocab_size": 1000,
}  # fmt: skip


def refused(model: str = QWEN, gpu: str = "h100", **flags: Any) -> dict[str, str]:
    with pytest.raises(DocumentError) as error:
        capacity("m", known(model), accelerator(gpu), Request.model_construct(**flags), change=False)
    return {problem.key: f"{problem.what}; {problem.allowed}; {problem.fix}" for problem in error.value.problems}


def test_every_number_that_can_be_asked_for_has_bounds() -> None:
    numbers = {name for name, field in Request.model_fields.items() if field.annotation in (int | None, float | None)}
    assert set(RANGES) == numbers


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf, 1e300, 10**400])
@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_number_that_nobody_can_mean_is_refused_with_its_bounds(name: str, value: float) -> None:
    asked: dict[str, Any] = {name: value}
    assert f"cannot be meant; {RANGES[name]}" in refused(**asked)[f"--{name.replace('_', '-')}"]


def test_every_flag_that_is_impossible_is_told_at_once() -> None:
    assert len(refused(tensor_parallel=0, max_model_len=-1, gpu_memory_utilization=2.0, vllm_version="latest", dtype="")) == 5  # fmt: skip


def test_mebibytes_are_told_from_gibibytes() -> None:
    assert "81559 MiB are 79.65 GiB" in refused(total_gpu_memory_gib=81559)["--total-gpu-memory-gib"]
    assert "MiB are" not in refused(total_gpu_memory_gib=1e9)["--total-gpu-memory-gib"]


@pytest.mark.parametrize("name", ["quantization", "kv_cache_dtype", "dtype", "vllm_version"])
def test_an_empty_name_is_not_the_same_as_none(name: str) -> None:
    asked: dict[str, Any] = {name: " "}
    assert "is empty" in refused(**asked)[f"--{name.replace('_', '-')}"]


@pytest.mark.parametrize(
    "version", ["0.19.0garbage", "latest", "0", "0.19.0 ", "0.19..0", "99", "1.2.3.4.5", "99999999.0"]
)
def test_garbage_is_no_version(version: str) -> None:
    assert "0.8.0 to" in refused(vllm_version=version)["--vllm-version"]


def test_a_version_that_was_not_read_is_counted_as_the_last_one_and_said_to_be() -> None:
    model, gpu = known("meta-llama/Llama-3.1-8B-Instruct"), accelerator("h100")
    last, next_one = (
        capacity("m", model, gpu, Request(vllm_version=each), change=False) for each in ("0.33.0", "99.0")
    )
    assert next_one.weights_gib_per_gpu == last.weights_gib_per_gpu
    assert next_one.error_band.origin == "guessed"
    assert "vLLM 99.0 comes after 0.33.0, the last that was read: it is counted as that" in next_one.error_band.because
    for spelled in ("v0.33", "0.33.2", "0.33.0rc1", "0.19.1rc2.dev3+g1a2b"):
        assert not any("comes after" in each for each in capacity("m", model, gpu, Request(vllm_version=spelled), change=False).error_band.because)  # fmt: skip
    with pytest.raises(NotFound):
        capacity("m", model, gpu, Request(vllm_version="0.3"), change=False)


@pytest.mark.parametrize(
    ("gpu", "flag", "why"),
    [
        ("t4", "fp8", "needs compute capability 8.0"),
        ("v100", "fp8", "needs compute capability 8.0"),
        ("t4", "bfloat16", "needs compute capability 8.0"),
        ("h100", "fp8_ds_mla", "is the format of sparse latent attention, which qwen3 has not"),
    ],
)
def test_a_cache_that_nothing_reads_is_refused(gpu: str, flag: str, why: str) -> None:
    assert why in refused(gpu=gpu, dtype="float16", kv_cache_dtype=flag)["--kv-cache-dtype"]


def test_sparse_latent_attention_keeps_its_own_format() -> None:
    found = capacity("m", known("deepseek-ai/DeepSeek-V3.2"), accelerator("h200"),
                     Request(kv_cache_dtype="fp8_ds_mla", tensor_parallel=8, max_model_len=4096), change=False)  # fmt: skip
    assert found.kv_cache_tokens > 0


def test_a_context_that_yarn_stretches_has_to_be_stated_since_vllm_0_30() -> None:
    scaling = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}
    stretched = {**PLAIN, "max_position_embeddings": 40960, "rope_scaling": scaling}
    gpu = accelerator("h100")
    for version, length in (("0.29.0", 131072), ("0.30.0", 40960), ("0.33.0", 40960)):
        found = capacity("m", architecture(stretched), gpu, Request(vllm_version=version), change=False)
        assert (found.derived["max_model_len"], found.longest_context) == (length, length)
    with pytest.raises(DocumentError, match="state 131072 as its max_position_embeddings"):
        capacity("m", architecture(stretched), gpu, Request(max_model_len=65536), change=False)
    whole = architecture({**stretched, "max_position_embeddings": 131072})
    assert capacity("m", whole, gpu, Request(max_model_len=131072), change=False).longest_context == 131072


def test_what_yarn_makes_shorter_is_as_long_as_it_states_since_vllm_0_30() -> None:
    scaling = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 8192}
    model = architecture({**PLAIN, "max_position_embeddings": 32768, "rope_scaling": scaling})
    lengths = {
        each: capacity("m", model, accelerator("h100"), Request(vllm_version=each), change=False).derived[
            "max_model_len"
        ]
        for each in ("0.29.0", "0.30.0")
    }
    assert lengths == {"0.29.0": 16384, "0.30.0": 32768}


def test_a_model_that_answers_with_vectors_is_not_asked_for_text() -> None:
    asked = Request(runner="generate", max_model_len=512)
    with pytest.raises(DocumentError, match="asks for text of a model that answers with vectors"):
        capacity("m", known("BAAI/bge-m3"), accelerator("l4"), asked, change=False)
    left, auto = (
        capacity("m", known("BAAI/bge-m3"), accelerator("l4"), Request(runner=each, max_model_len=512), change=False)
        for each in (None, "auto")
    )
    assert left.derived["runner"] == auto.derived["runner"] == "pooling"


def test_a_step_by_default_is_never_more_than_all_sequences_at_full_length_and_a_given_one_stands() -> None:
    model, gpu = known("Qwen/Qwen3-8B"), accelerator("l4")
    short = capacity("m", model, gpu, Request(max_model_len=16, max_num_seqs=8), change=False)
    given = capacity(
        "m", model, gpu, Request(max_model_len=16, max_num_seqs=8, max_num_batched_tokens=32768), change=False
    )
    assert short.derived["max_num_batched_tokens"] == 128
    assert given.activation_gib_per_gpu > short.activation_gib_per_gpu


@pytest.mark.parametrize(("model", "dtype"), [("google/gemma-3-12b-it", "float32"), ("Qwen/Qwen3-8B", "float16")])
def test_a_gpu_without_bfloat16_computes_in_16_bits_unless_they_overflow(model: str, dtype: str) -> None:
    wide, narrow = (weights_of(known(model), weight_format(each)).total for each in (dtype, "bfloat16"))
    found = capacity("m", known(model), accelerator("t4"), Request(tensor_parallel=4, max_model_len=2048), change=False)
    ratio = 2.0 if dtype == "float32" else 1.0
    assert wide == pytest.approx(ratio * narrow, rel=0.02)
    assert found.weights_gib_per_gpu == pytest.approx(wide / 4 / 2**30, rel=0.05)


def test_float16_is_refused_where_it_overflows() -> None:
    assert "too narrow" in refused(model="google/gemma-3-12b-it", dtype="float16")["--dtype"]


anything = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans())


@given(st.dictionaries(st.sampled_from(sorted(RANGES)), anything))
def test_what_is_not_impossible_is_a_number_within_its_bounds(flags: dict[str, object]) -> None:
    wrong = {problem.key for problem in impossible(flags.items())}
    for name, value in flags.items():
        if (
            f"--{name.replace('_', '-')}" not in wrong
            and isinstance(value, int | float)
            and not isinstance(value, bool)
        ):
            assert 0 < value <= RANGES[name].most
