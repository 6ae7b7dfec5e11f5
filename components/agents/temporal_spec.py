"""What a stack document may say about durable execution."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Frozen, KeyPurpose, Name
from blueprint.wiring import Needs, Offer, Want
from components.data.aurora_spec import AuroraSize

ROLES = ("frontend", "history", "internal-frontend", "matching", "worker")
"""Programs of the server, each a Deployment; the internal frontend is the server's own way in, without tokens."""
METRICS_PORT = 9090


class Replicas(Frozen):
    """How many pods each program of the server has."""

    frontend: int = Field(2, ge=2, le=50, description="Pods that workers and callers reach; left out: 2")
    internal_frontend: int = Field(2, ge=2, le=50, description="Pods that the server itself reaches; left out: 2")
    history: int = Field(3, ge=2, le=200, description="Pods that hold the workflows' state; left out: 3")
    matching: int = Field(2, ge=2, le=100, description="Pods that hand tasks to workers; left out: 2")
    worker: int = Field(2, ge=2, le=20, description="Pods of the server's own workflows; left out: 2")


class Limits(Frozen):
    """How much the workflows may ask of the server, so that a loop in one does not take it from the rest."""

    requests_per_second: int = Field(
        1200, ge=10, le=100_000, description="Calls of the namespace over all frontend pods; left out: 1200"
    )
    pollers: int = Field(
        1200, ge=10, le=100_000, description="Waiting workers of the namespace on one frontend pod; left out: 1200"
    )
    history_megabytes: int = Field(50, ge=1, le=200, description="Largest history of one workflow; left out: 50")
    history_events: int = Field(
        51_200, ge=1000, le=200_000, description="Most events in the history of one workflow; left out: 51200"
    )
    payload_kilobytes: int = Field(
        2048,
        ge=16,
        le=4096,
        description="Largest input or result, which belongs in a bucket when larger; left out: 2048",
    )


class TemporalSpec(Spec):
    """Workflows that outlive their workers: what has happened is kept, and is not done again.

    Histories hold what workflows and activities are given and answer. Only the volume encrypts them here: a workflow that
    handles regulated data must encrypt payloads in its own worker (a payload codec of Temporal's libraries).
    """

    kind: Literal["temporal"] = "temporal"
    namespace: Name = Field("agents", description="Namespace of the platform's workflows; left out: agents")
    history_shards: int = Field(
        512, ge=1, le=16_384,
        description="Parts into which workflows are divided; it can NEVER be changed after the first deployment, "
        "only by moving to a new server; left out: 512",
    )  # fmt: skip
    retention_days: Annotated[int | None, Tightens("data_retention_max_days")] = Field(
        None, ge=1, le=3650,
        description="Days that the history of a closed workflow is kept; left out: 30, or the posture's most if that is less",
    )  # fmt: skip
    replicas: Replicas = Field(Replicas(), description="Pods of each program; left out: see Replicas")
    limits: Limits = Field(Limits(), description="Limits of the namespace; left out: see Limits")
    database: AuroraSize = Field(
        AuroraSize(max_units=16), description="Histories and what is searched in them; left out: 0.5 to 16 units"
    )
    keep: bool = Field(
        default=True, description="Whether the database outlives the stack; left out: protected, kept on delete"
    )

    @property
    def counted(self) -> dict[str, int]:
        """Replicas of each program."""
        return {role: getattr(self.replicas, role.replace("-", "_")) for role in ROLES}

    def needs(self) -> Needs:
        """A collector that asks each program for its metrics, and a frontend for workers."""
        return Needs(
            wants=tuple(
                Want(
                    name=f"metrics-{role}", dialect=Dialect.OTLP, access="write", workload=role,
                    allows=frozenset({f"scrape-{METRICS_PORT}"}),
                )
                for role in ROLES
            ),
            offers=(Offer(name="temporal", dialect=Dialect.TEMPORAL),),
            workloads=frozenset({*ROLES, "databases", "namespaces", "schema"}),
            services=frozenset({"secretsmanager", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.DATABASES, KeyPurpose.LOGS, KeyPurpose.SECRETS}),
        )  # fmt: skip
