"""One model served by vLLM and one by Bedrock, each synthesised once, with the same gateway in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blueprint.ports import CapacityPort, OtlpPort, WeightsPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, Want
from components.serving.bedrock import Bedrock
from components.serving.bedrock_spec import BedrockSpec
from components.serving.vllm import Vllm
from components.serving.vllm_spec import VllmSpec
from tests.components import builders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.graph import ResourceGraph
    from blueprint.spec import Spec

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
DIGEST = f"sha256:{'ab' * 32}"


def vllm_spec(**more: object) -> VllmSpec:
    known = {"name": "chat", "model": "qwen", "pool": "l40s", "context": 32768, "concurrency": 64}
    return VllmSpec.model_validate({**known, **more})


def around(spec: Spec, *, routed: bool) -> Mapping[str, Needs]:
    """What stands beside a served model called chat."""
    route = Want(name="route-chat", dialect=Dialect.MODEL_ROUTE, of="serving/chat", workload="gateway")
    return {
        "serving/chat": spec.needs(),
        "models/qwen": Needs(offers=(Offer(name="weights", dialect=Dialect.WEIGHTS),)),
        "gpu_pools/l40s": Needs(offers=(Offer(name="capacity", dialect=Dialect.CAPACITY),)),
        "cluster": Needs(workloads=frozenset({"keda-operator"})),
        "observability": Needs(offers=(Offer(name="otlp", dialect=Dialect.OTLP),)),
        "gateway": Needs(workloads=frozenset({"gateway"}), wants=(route,) if routed else ()),
    }


def vllm_graph(spec: VllmSpec, *, routed: bool = True) -> ResourceGraph:
    context = builders.platform(around(spec, routed=routed))
    pool = CapacityPort(
        provider="gpu_pools/l40s", instance="g6e.12xlarge", accelerators=4, accelerator_resource="nvidia.com/gpu",
        node_labels={"blueprint/pool": "l40s"},
        tolerations=({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},),
    )  # fmt: skip
    weights = WeightsPort(
        provider="models/qwen", bucket="weights", uri=f"s3://weights/{'a' * 40}", digest=DIGEST, model="Qwen/Qwen3-32B"
    )
    traces = OtlpPort(
        provider="observability", grpc="https://collector:4317", http="https://collector:4318", authorities="kube-root-ca.crt"
    )  # fmt: skip

    def program() -> None:
        Vllm(
            "serving/chat", spec, platform=context, network=builders.network(), keys=builders.keys(),
            identity=builders.identity(context), cluster=builders.cluster(context), secrets=builders.secrets(context),
            ports={"weights": weights, "otlp": traces}, uses={"gpu_pools/l40s": pool},
        )  # fmt: skip

    return builders.graph(program)


def bedrock_graph(spec: BedrockSpec, *, routed: bool = True, account_owner: bool = True) -> ResourceGraph:
    context = builders.platform(around(spec, routed=routed), account_owner=account_owner)

    def program() -> None:
        Bedrock(
            "serving/chat", spec, platform=context, network=builders.network(), keys=builders.keys(),
            identity=builders.identity(context), cluster=builders.cluster(context),
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="session")
def vllm() -> ResourceGraph:
    return vllm_graph(vllm_spec(extra_arguments={"enable-auto-tool-choice": True, "max-num-batched-tokens": 8192}))


@pytest.fixture(scope="session")
def bedrock() -> ResourceGraph:
    return bedrock_graph(BedrockSpec(name="chat", model=MODEL))
