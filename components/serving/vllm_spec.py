"""What a stack document may say about a model that vLLM serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from blueprint.spec import Conflict, Spec
from blueprint.types import Dialect, KeyPurpose, Name, Noun
from blueprint.wiring import Needs, Offer, Want
from components.serving.vllm_arguments import Scalar, problems

WORKLOAD = "vllm"
API_KEY = "api-key"
"""Name of the secret that callers present."""

OURS: Mapping[str, str] = {
    "api-key": "comes from the secret store",
    "disable-access-log-for-endpoints": "is fixed",
    "enable-log-outputs": "would write prompts and answers to the log",
    "enable-log-requests": "would write prompts to the log at its debug level",
    "gpu-memory-utilization": "is the field gpu_memory_utilization",
    "host": "is fixed",
    "kv-cache-dtype": "is the field kv_cache_dtype",
    "load-format": "follows from where weights are read",
    "max-model-len": "is the field context",
    "max-num-seqs": "is the field concurrency",
    "middleware": "would run code that nobody reviewed",
    "model": "is the field model",
    "otlp-traces-endpoint": "follows from observability",
    "port": "is fixed",
    "served-model-name": "is the name of the entry",
    "shutdown-timeout": "is the field drain_seconds",
    "ssl-ca-certs": "is fixed",
    "ssl-certfile": "is fixed",
    "ssl-keyfile": "is fixed",
    "tensor-parallel-size": "is the field tensor_parallel, or the pool's GPUs",
    "tool-server": "would call out of the platform or run code that a model wrote",
    "trust-remote-code": "would run code that comes with the weights",
    "trust-request-chat-template": "would run templates that callers send",
}
"""Arguments that the component sets itself, or never sets, with the reason."""


class VllmSpec(Spec):
    """One model from the catalogue on one GPU pool, behind the OpenAI API of vLLM."""

    kind: Literal["vllm"] = "vllm"
    name: Name = Field(description="Name of the entry; also the model name that the server answers to")
    model: Name = Field(description="Name of an entry of `models`")
    pool: Name = Field(description="Name of an entry of `gpu_pools`")
    context: int = Field(ge=256, le=10_485_760, description="Longest prompt and answer together, in tokens")
    concurrency: int = Field(
        ge=1,
        le=4096,
        description="Most requests that one replica works on at once; each of its data ranks, where there are several",
    )
    tensor_parallel: int | None = Field(
        None, ge=1, le=16, description="GPUs that one replica spans; left out: all GPUs of a node of the pool"
    )
    kv_cache_dtype: Literal["auto", "fp8", "fp8_e4m3", "fp8_e5m2"] = Field(
        "auto", description="How keys and values are held; left out: auto, the model's own"
    )
    gpu_memory_utilization: float = Field(
        0.92, ge=0.5, le=0.97, description="Share of GPU memory that vLLM may use; left out: 0.92, vLLM's own default"
    )
    demand: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Requests of full length that all replicas together are to hold at once; left out: nobody asked, and "
        "replicas decides",
    )
    replicas: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Fewest replicas; left out: as many as hold the demand, and no fewer than 2, so that one can be drained, unless max_replicas is 1",
    )
    max_replicas: int = Field(4, ge=1, le=200, description="Most replicas; left out: 4")
    queue_per_replica: int = Field(
        5, ge=1, le=1000, description="Waiting requests per replica above which another one is started; left out: 5"
    )
    startup_minutes: int | None = Field(
        None,
        ge=5,
        le=240,
        description="Longest time to load, compile and warm up before a replica is given up; left out: what the planner "
        "counts for weights of this size on these nodes, and 30 for a model that it does not know",
    )
    drain_seconds: int = Field(
        120, ge=15, le=3600, description="Time that running requests get when a replica is stopped; left out: 120"
    )
    extra_arguments: Mapping[str, Scalar] = Field(
        default_factory=dict,
        description="Further arguments of vLLM without their dashes, checked against its own list; left out: none",
    )

    @model_validator(mode="after")
    def _arguments_are_vllms_own(self) -> Self:
        found = [
            f"{name} cannot be set here: it {OURS[name]}" for name in sorted(OURS.keys() & self.extra_arguments.keys())
        ]
        found += problems({name: value for name, value in self.extra_arguments.items() if name not in OURS})
        if (self.replicas or 0) > self.max_replicas:
            found.append(f"replicas is {self.replicas}, more than max_replicas {self.max_replicas}")
        if found:
            raise ValueError("; ".join(found))
        return self

    def needs(self) -> Needs:
        """Weights of one model, a sink for traces, nodes of one pool."""
        return Needs(
            wants=(
                Want(name="weights", dialect=Dialect.WEIGHTS, of=f"models/{self.model}"),
                Want(name="otlp", dialect=Dialect.OTLP, access="write"),
            ),
            offers=(Offer(name="model-route", dialect=Dialect.MODEL_ROUTE),),
            uses=frozenset({f"gpu_pools/{self.pool}"}),
            workloads=frozenset({WORKLOAD}),
            services=frozenset({"s3", "secretsmanager", "kms", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.SECRETS}),
            secrets=frozenset({API_KEY}),
        )

    def conflicts(self, others: Mapping[Noun, Spec]) -> Iterator[Conflict]:
        """Whether the model fits the GPUs of its pool; UNKNOWN for a model or for arguments that the planner cannot read."""
        from components.compute.gpu_pool_spec import GpuPoolSpec  # noqa: PLC0415  the planner's tables are read when asked
        from components.models.open_weights_spec import OpenWeightsSpec  # noqa: PLC0415
        from components.serving.vllm_plan import conflicts  # noqa: PLC0415

        weights, pool = others.get(f"models/{self.model}"), others.get(f"gpu_pools/{self.pool}")
        if isinstance(weights, OpenWeightsSpec) and isinstance(pool, GpuPoolSpec):
            yield from conflicts(self, weights.source, pool)
