"""What a stack document may say about an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, KeyPurpose, Name
from blueprint.wiring import Needs, Offer, Want
from components.agents.image_reference import ImageReference
from components.agents.tool_server_spec import CPU, MEMORY
from components.gateway.callers import SECRET
from components.gateway.litellm_spec import KEY_PREFIX, CacheSize, DatabaseSize

if TYPE_CHECKING:
    from collections.abc import Iterable

QualifiedTool = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]/[A-Za-z][A-Za-z0-9_]{0,63}$")]
RUNTIME, WORKER, APPROVER, DATABASES = "runtime", "worker", "approver", "databases"
APPROVER_KEY = f"{SECRET}-{APPROVER}"
CHECKPOINTS, MEMORY_STORE = "checkpoints", "memory"
"""The two databases; the third tier is the cache."""


class LangGraphSpec(Spec):
    """An agent of an image of your own, on LangGraph, with its memory, its queue of approvals and its tools.

    What the image must do: answer GET /ok on port 8000 of all addresses, in clear, in each of its parts; run as user 65534
    with a read-only root and /tmp to write to; find which part it is in PART.
    - runtime: the threads API (POST /threads, POST /threads/{id}/runs, GET /threads/{id}/state), streaming included. When a
      run comes to a tool of AFTER_APPROVAL it stops, keeps its checkpoint, and sends a message to APPROVALS_QUEUE_URL:
      {"id", "thread", "checkpoint", "tool", "arguments", "reason"}, with the thread as group and the id as deduplication id.
    - approver: takes such messages for an hour at a time, shows them at GET /approvals, and with POST /approvals/{id}
      {"approved": true|false, "by", "why"} makes the call, with a key that the other parts do not have, resumes the run from
      its checkpoint with the outcome, and only then deletes the message. What nobody decides ends in the dead-letter queue.
    - worker (with durable): activities of Temporal's task queue named as the agent.
    Callers' requests carry X-Caller, who asks; X-Blueprint-Groups, the groups of that person, must be handed on with every
    call of a tool. The image is trusted to do so, as it is trusted with its key.
    What it is told: OPENAI_BASE_URL and MCP_URL with the key in GATEWAY_KEY_FILE; MODELS, TOOLS and AFTER_APPROVAL as comma
    separated names; DATABASE_HOST and DATABASE_PORT with CHECKPOINTS_ and MEMORY_ DATABASE, USER and PASSWORD_FILE, to be
    read for each new connection; REDIS_URI; TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE; and the names that OpenTelemetry's SDKs read.
    SSL_CERT_FILE names who signs certificates inside the cluster.
    """

    kind: Literal["langgraph"] = "langgraph"
    name: Name = Field(description="Its name; callers reach it at /agents/<name>/")
    image: ImageReference = Field(description="Image of the agent, by digest, in a registry of an account of yours")
    models: tuple[Name, ...] = Field((), description="Routes of the gateway that it may call; left out: all of them")
    tools: tuple[QualifiedTool, ...] = Field(
        (), description="Tools of the gateway that it may use by itself, as <server>/<tool>; left out: none"
    )
    after_approval: tuple[QualifiedTool, ...] = Field(
        (), description="Tools that it may use once a person has approved the very call; left out: none"
    )
    durable: bool = Field(
        default=False, description="Whether runs go through Temporal, with workers of their own; left out: no"
    )
    replicas: int = Field(2, ge=2, le=100, description="Pods of runtime and worker each; left out: 2")
    cpu: str = Field("500m", pattern=CPU, description="Processor time of a pod; left out: 500m, up to 2")
    memory: str = Field("1Gi", pattern=MEMORY, description="Memory of a pod; left out: 1Gi")
    run_seconds: int = Field(300, ge=1, le=3600, description="Longest answer of one request; left out: 300")
    approval_hours: int = Field(
        24,
        ge=2,
        le=168,
        description="Hours after which an undecided request counts as lost and raises an alarm; left out: 24",
    )
    memory_days: Annotated[int | None, Tightens("data_retention_max_days")] = Field(
        None, ge=1, le=3650, description="Days that long-term memory lasts; left out: the posture's limit, or 365"
    )
    database: DatabaseSize = Field(
        DatabaseSize(), description="Checkpoints and long-term memory; left out: see DatabaseSize"
    )
    cache: CacheSize = Field(CacheSize(), description="Working memory; left out: see CacheSize")
    keep: bool = Field(
        default=True, description="Whether memory and queue outlive the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> LangGraphSpec:
        problems = tuple(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """Its parts, each with pods of its own."""
        return (RUNTIME, APPROVER, *((WORKER,) if self.durable else ()))

    def needs(self) -> Needs:
        """Models and tools of the gateway, a sink for traces, Temporal where it is durable; two keys of the gateway."""
        secrets = frozenset({SECRET, APPROVER_KEY, f"{CHECKPOINTS}-password", f"{MEMORY_STORE}-password"})
        return Needs(
            wants=tuple(self._wants()),
            offers=(Offer(name="agent", dialect=Dialect.AGENT),),
            workloads=frozenset({*self.parts, DATABASES}),
            services=frozenset({"eks-auth", "secretsmanager", "sqs", "sts"}),
            keys=frozenset({KeyPurpose.DATABASES, KeyPurpose.LOGS, KeyPurpose.SECRETS, KeyPurpose.STREAMS}),
            secrets=secrets,
            prefixes=dict.fromkeys((SECRET, APPROVER_KEY), KEY_PREFIX),
        )

    def _wants(self) -> Iterable[Want]:
        """What waits for a person is asked for by the approver alone, and by nobody else."""
        models, tools, held = frozenset(self.models), frozenset(self.tools), frozenset(self.after_approval)
        for part in self.parts:
            yield Want(
                name=f"otlp-{part}", dialect=Dialect.OTLP, access="write", workload=part, allows=frozenset({"grpc"})
            )
            if part != APPROVER:
                yield Want(name=f"models-{part}", dialect=Dialect.OPENAI_V1, workload=part, allows=models)
                if tools:
                    yield Want(name=f"tools-{part}", dialect=Dialect.MCP, of="gateway", workload=part, allows=tools)
                if self.durable:
                    yield Want(name=f"temporal-{part}", dialect=Dialect.TEMPORAL, workload=part)
        if held:
            yield Want(name=f"tools-{APPROVER}", dialect=Dialect.MCP, of="gateway", workload=APPROVER, allows=held,
                       approved=held)  # fmt: skip


def _problems(spec: LangGraphSpec) -> Iterable[str]:
    for name in sorted(set(spec.tools) & set(spec.after_approval)):
        yield f"{name!r} is used with and without approval; leave out one"
    for field in ("models", "tools", "after_approval"):
        listed = getattr(spec, field)
        yield from (
            f"{field} names {name!r} twice" for name in sorted({each for each in listed if listed.count(each) > 1})
        )
