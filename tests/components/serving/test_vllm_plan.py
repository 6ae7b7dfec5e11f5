"""What the planner decides of a served model, and what a document may not contradict."""

from __future__ import annotations

import pytest

from blueprint.planner.versions import LATEST
from blueprint.spec import Conflict
from components.compute.gpu_pool_spec import GpuPoolSpec
from components.models.open_weights_spec import OpenWeightsSpec
from components.serving.vllm_arguments import arguments
from components.serving.vllm_effects import COUNTED, NEUTRAL, uncounted
from components.serving.vllm_plan import Served, served
from components.serving.vllm_spec import OURS, VllmSpec

WEIGHTS = OpenWeightsSpec(
    name="weights", source="Qwen/Qwen3-32B", revision="0" * 40, licence="Apache-2.0", owner="a@example.org", risk_class="limited"
)  # fmt: skip


def spec(**more: object) -> VllmSpec:
    known = {"name": "chat", "model": "weights", "pool": "gpus", "context": 32768, "concurrency": 8}
    return VllmSpec.model_validate({**known, **more})


def conflicts(
    source: str = "Qwen/Qwen3-32B", instance: str = "g6e.12xlarge", nodes: int = 2, **more: object
) -> list[Conflict]:
    others = {
        "models/weights": WEIGHTS.model_copy(update={"source": source}),
        "gpu_pools/gpus": GpuPoolSpec(name="gpus", instance=instance, max_nodes=nodes),
    }
    return list(spec(**more).conflicts(others))


def told(source: str = "Qwen/Qwen3-32B", instance: str = "g6e.12xlarge", **more: object) -> Served:
    return served(spec(**more), source, instance)


def test_the_planner_counts_the_version_that_is_run() -> None:
    assert arguments().version == LATEST


def test_a_server_is_told_everything_that_decides_memory_though_the_document_is_silent() -> None:
    assert told().arguments == {
        "gpu-memory-utilization": 0.92, "kv-cache-dtype": "auto", "max-model-len": 32768, "max-num-batched-tokens": 2048,
        "max-num-seqs": 8, "tensor-parallel-size": 4,
    }  # fmt: skip


def test_one_gpu_has_less_shared_memory_and_smaller_weights_a_shorter_start() -> None:
    small = told("Qwen/Qwen3-8B", "g6e.xlarge", context=8192)
    assert (small.gpus, small.shared_memory_gib) == (1, 1)
    assert told().shared_memory_gib == 20
    assert small.startup_minutes < told("Qwen/Qwen3-32B", "g6e.2xlarge").startup_minutes


def test_replicas_follow_the_demand_and_are_two_without_one() -> None:
    assert told().replicas == told(demand=1).replicas == told(demand=16).replicas == 2
    assert told(demand=25).replicas == 4
    assert told(max_replicas=1).replicas == 1
    assert conflicts(max_replicas=1, nodes=1) == []


def test_data_ranks_hold_a_demand_with_as_many_fewer_replicas() -> None:
    def replicas(ranks: int) -> int:
        shares = {"tensor_parallel": 1, "extra_arguments": {"data-parallel-size": ranks}}
        return told("Qwen/Qwen3-30B-A3B", "p5.48xlarge", demand=200, **shares).replicas

    assert (replicas(1), replicas(2), replicas(4)) == (50, 13, 7)


def test_a_demand_that_data_ranks_hold_together_is_not_refused() -> None:
    extra = {"data-parallel-size": 4}
    asked = {"tensor_parallel": 1, "demand": 200, "max_replicas": 7}
    assert conflicts("Qwen/Qwen3-30B-A3B", "p5.48xlarge", 4, **asked, extra_arguments=extra) == []
    fewer = conflicts("Qwen/Qwen3-30B-A3B", "p5.48xlarge", 4, **{**asked, "max_replicas": 6}, extra_arguments=extra)
    assert [(each.field, each.certain) for each in fewer] == [("max_replicas", True)]


def test_what_the_document_says_stands() -> None:
    found = told(replicas=3, startup_minutes=45, tensor_parallel=2, extra_arguments={"max-num-batched-tokens": 4096})
    assert (found.replicas, found.startup_minutes, found.gpus) == (3, 45, 2)
    assert found.arguments["max-num-batched-tokens"] == 4096


def test_a_pipeline_of_the_document_is_counted_in_the_gpus_of_a_replica() -> None:
    assert told(tensor_parallel=2, extra_arguments={"pipeline-parallel-size": 2}).gpus == 4


@pytest.mark.parametrize("source", ["example/unknown-model", "deepseek-ai/DeepSeek-V4-Flash"])
def test_a_model_that_the_planner_does_not_know_is_served_as_the_document_says(source: str) -> None:
    found = told(source, tensor_parallel=2)
    assert (found.gpus, found.shared_memory_gib, found.replicas, found.startup_minutes) == (2, 20, 2, 30)
    assert "max-num-batched-tokens" not in found.arguments
    (said,) = conflicts(source=source, instance="g6e.xlarge")
    assert (said.field, said.certain, said.problem.value) == ("model", False, source)
    assert said.problem.what.startswith("whether it fits the pool is UNKNOWN")


@pytest.mark.parametrize(
    ("tensor", "extra"),
    [
        (8, {}), (2, {"data-parallel-size": 4}), (None, {"pipeline-parallel-size": 2}), (8, {"enable-lora": True}),
    ],
)  # fmt: skip
def test_what_nobody_counted_is_refused_when_a_node_has_fewer_gpus(
    tensor: int | None, extra: dict[str, object]
) -> None:
    assert told("acme/unknown", tensor_parallel=tensor, extra_arguments=extra).gpus == 8
    unknown, refused = conflicts(source="acme/unknown", tensor_parallel=tensor, extra_arguments=extra)
    assert not unknown.certain
    assert (refused.field, refused.certain) == ("tensor_parallel" if tensor else "extra_arguments", True)
    assert refused.problem.allowed == "1 to 4 GPUs in all"
    assert refused.problem.what == "makes a replica span 8 GPUs, more than a node of pool gpus has"
    assert refused.problem.fix == "share the model over 4 GPUs, or choose a pool of larger nodes"


def test_every_argument_of_vllm_is_counted_or_neutral_or_unknown_or_our_own() -> None:
    every = arguments().arguments.keys()
    unknown = frozenset(uncounted(dict.fromkeys(every - OURS.keys(), "")))
    sets = (OURS.keys(), COUNTED.keys(), NEUTRAL, unknown)
    assert frozenset().union(*sets) == every
    assert sum(len(each) for each in sets) == len(every)


@pytest.mark.parametrize(
    "name",
    [
        "spec-method", "speculative-config", "block-size", "compilation-config", "max-cudagraph-capture-size",
        "mm-ipc-gpu-memory-gb", "mm-encoder-tp-mode", "limit-mm-per-prompt", "mamba-ssm-cache-dtype",
        "kv-cache-memory-bytes", "enable-eplb", "async-scheduling", "attention-backend", "cpu-offload-gb", "config", "hf-overrides",
    ],
)  # fmt: skip
def test_an_argument_that_decides_memory_and_is_not_counted_makes_it_unknown(name: str) -> None:
    known = arguments().arguments[name]
    value = known.choices[0] if known.choices else {"flag": True, "json": "{}"}.get(known.kind, 1)
    (said,) = conflicts(instance="g6e.2xlarge", extra_arguments={name: value, "seed": 7})
    assert (said.field, said.certain, said.problem.value) == ("extra_arguments", False, name)


def test_what_vllm_does_by_itself_is_counted_and_its_opposite_is_not() -> None:
    assert told(extra_arguments={"enable-prefix-caching": True, "enable-chunked-prefill": True}) == told()
    (said,) = conflicts(instance="g6e.2xlarge", extra_arguments={"enable-prefix-caching": False})
    assert (said.certain, said.problem.value) == (False, "enable-prefix-caching")


def test_a_model_that_answers_with_vectors_is_counted_as_such() -> None:
    assert conflicts(extra_arguments={"runner": "auto"}) == conflicts(extra_arguments={"runner": "pooling"}) == []


def test_neutral_arguments_change_nothing_of_what_is_counted() -> None:
    assert told(extra_arguments={"seed": 7, "tool-call-parser": "hermes"}) == told()


@pytest.mark.parametrize(
    ("more", "value", "why"),
    [
        ({"quantization": "bitsandbytes"}, "bitsandbytes", "the planner knows no weight format of that name"),
        ({"quantization": 4}, "quantization", "the planner cannot read its value"),
        (
            {"cpu-offload-gb": 4, "block-size": 32},
            "block-size, cpu-offload-gb",
            "what it does to memory is not counted",
        ),
    ],
)
def test_what_is_unknown_says_which_part_of_the_document_makes_it_so(
    more: dict[str, object], value: str, why: str
) -> None:
    (said,) = conflicts(extra_arguments=more)
    assert (said.field, said.problem.value, said.problem.why) == ("extra_arguments", value, why)


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


def test_fewer_replicas_than_the_demand_takes_are_warned_of() -> None:
    (found,) = conflicts(demand=25, replicas=2)
    assert (found.field, found.certain, found.problem.allowed) == ("replicas", False, "4 or more")
    assert found.problem.why == "one replica holds 8 of 32,768 tokens"


def test_a_start_that_is_given_up_too_early_is_warned_of() -> None:
    (found,) = conflicts(startup_minutes=5)
    assert (found.field, found.certain) == ("startup_minutes", False)
    assert f"{told().startup_minutes} or more" in found.problem.allowed


def test_a_demand_beyond_the_bound_of_the_document_or_of_its_pool_is_refused() -> None:
    assert [(each.field, each.certain) for each in conflicts(demand=100)] == [("max_replicas", True), ("pool", True)]
    assert conflicts(demand=100, max_replicas=20, nodes=13) == []


def test_a_pool_of_one_node_has_no_room_for_the_second_replica_that_nobody_asked_for() -> None:
    (found,) = conflicts(nodes=1)
    assert (found.field, found.certain) == ("pool", False)
    assert found.problem.what == "2 replicas, 1 to a node, take 2 nodes"
    assert found.problem.fix == "raise max_nodes of pool gpus to 2, or ask for no more than 1"
    assert conflicts(nodes=1, replicas=1) == []


@pytest.mark.parametrize(
    ("field", "more", "allowed"),
    [
        ("tensor_parallel", {"tensor_parallel": 8}, "1 to 4 GPUs in all"),
        ("tensor_parallel", {"tensor_parallel": 3}, "1, 2, 4, 8, 16"),
        ("context", {"context": 100_000}, "1 to 40960"),
    ],
)
def test_what_vllm_would_refuse_is_refused_in_the_document(field: str, more: dict[str, object], allowed: str) -> None:
    (found,) = conflicts(tensor_parallel=more.get("tensor_parallel"), context=more.get("context", 32768))
    assert (found.field, found.certain, found.problem.allowed) == (field, True, allowed)


def test_a_format_that_only_names_how_weights_are_packed_is_no_reason_to_refuse() -> None:
    (found,) = conflicts(extra_arguments={"quantization": "compressed-tensors"})
    assert (found.field, found.certain) == ("extra_arguments", False)


def test_without_its_model_or_its_pool_nothing_is_said() -> None:
    assert list(spec().conflicts({})) == []


def test_a_pool_whose_gpus_cannot_compute_in_the_model_s_own_format_is_named_as_such() -> None:
    (found,) = conflicts("nvidia/Llama-3.1-8B-Instruct-NVFP4", "g4dn.xlarge", tensor_parallel=1)
    assert (found.field, found.certain) == ("pool", True)
    assert "needs compute capability" in found.problem.what


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("max-num-batched-tokens", -5, "above 0, up to 16,777,216"),
        ("data-parallel-size", 0, "above 0, up to 4,096"),
        ("enable-expert-parallel", True, "false"),
        ("decode-context-parallel-size", 3, "1"),
        ("max-num-batched-tokens", 4, "8 and more"),
    ],
)
def test_an_extra_argument_that_vllm_would_refuse_is_refused_by_its_name(
    name: str, value: object, allowed: str
) -> None:
    (found,) = conflicts(instance="g6e.12xlarge", tensor_parallel=1, extra_arguments={name: value})
    assert (found.field, found.problem.path, found.certain) == ("extra_arguments", (name,), True)
    assert found.problem.allowed == allowed
    assert all((found.problem.value, found.problem.why, found.problem.fix))


def test_an_impossible_number_is_refused_whether_or_not_the_rest_can_be_counted() -> None:
    wrong = {"data-parallel-size": 0, "enable-lora": True}
    (found,) = conflicts(source="acme/unknown", extra_arguments=wrong)
    assert (found.problem.path, found.certain) == (("data-parallel-size",), True)


def test_advice_calls_a_setting_as_the_document_does() -> None:
    (found,) = conflicts(extra_arguments={"max-num-batched-tokens": 4})
    assert found.problem.fix == "raise it, or set concurrency to 4"


def test_ranks_beyond_a_node_are_told_of_the_argument_that_asks_for_them() -> None:
    (found,) = conflicts("Qwen/Qwen3-8B", "g6e.2xlarge", context=8192, extra_arguments={"data-parallel-size": 2})
    assert (found.field, found.problem.path, found.problem.value) == ("extra_arguments", ("data-parallel-size",), "2")
    assert found.problem.what == "makes a replica span 2 GPUs, more than a node of pool gpus has"


def test_a_pool_whose_gpus_do_not_divide_the_heads_is_named_when_nobody_wrote_tensor_parallel() -> None:
    (found,) = conflicts("Qwen/Qwen2.5-7B-Instruct", "p5.48xlarge")
    assert (found.field, found.certain, found.problem.value) == ("pool", True, "gpus")
    assert found.problem.what.startswith(
        "its nodes have 8 GPUs, so that tensor_parallel, left out, is 8, which does not"
    )
    assert found.problem.allowed == "tensor_parallel 1, 2, 4"


def test_more_gpus_than_the_pool_has_are_advised_as_another_pool() -> None:
    (found,) = conflicts("meta-llama/Llama-3.3-70B-Instruct", "g6e.2xlarge", context=16384)
    assert found.problem.fix.startswith("choose a pool whose nodes have 4 GPUs, since g6e.2xlarge has 1; ")
    (within,) = conflicts("meta-llama/Llama-3.3-70B-Instruct", "g6e.12xlarge", context=16384, tensor_parallel=1)
    assert within.problem.fix == "more GPUs: tensor_parallel 4"
