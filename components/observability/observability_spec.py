"""What a stack document may say about signals, alerts and objectives."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Frozen, KeyPurpose
from blueprint.wiring import Needs, Offer, Want

HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(/[^\s]*)?$")]
Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]


class Objectives(Frozen):
    """What is promised to callers; alerts compare how fast the allowance for failure is used up."""

    availability_percent: float = Field(
        99.9, ge=90, le=99.999, description="Share of requests that succeed in 30 days; left out: 99.9"
    )
    first_token_seconds: float = Field(
        2.5, gt=0, le=120, description="Wait for the first token at the 95th percentile; left out: 2.5"
    )
    response_seconds: float = Field(
        30, gt=0, le=3600, description="Wait for a whole answer at the 95th percentile; left out: 30"
    )
    freshness_hours: float = Field(
        24, gt=0, le=8760, description="Age of the newest document of a store that is still fresh; left out: 24"
    )
    freshness_percent: float = Field(
        99, ge=50, le=99.999, description="Share of 30 days in which a store is fresh; left out: 99"
    )
    queue_depth: int = Field(
        20, ge=1, le=10_000, description="Requests that wait in one model server for five minutes; left out: 20"
    )
    cache_usage_percent: float = Field(
        90, gt=0, le=100, description="Use of a model server's key-value cache for ten minutes; left out: 90"
    )
    budget_left_percent: float = Field(
        10, ge=0, lt=100, description="Part of a team's budget that is left when its owner hears of it; left out: 10"
    )


class ObservabilitySpec(Spec):
    """One collector, one metrics workspace, traces and logs in CloudWatch, alerts to the platform's topic."""

    kind: Literal["managed"] = "managed"
    log_retention_days: Annotated[int | None, Tightens("audit_log_retention_days")] = Field(
        None, ge=1, le=3653, description="Days that logs are kept; left out: the posture's value"
    )
    prompt_logging: Annotated[Level | None, Tightens("prompt_logging")] = Field(
        None, description="How much of prompts and answers is passed on in traces; left out: the posture's value"
    )
    trace_percent: float = Field(
        100, ge=0, le=100, description="Share of requests whose trace is kept; left out: all of them"
    )
    scrape_seconds: int = Field(30, ge=5, le=300, description="Seconds between two readings of a metric; left out: 30")
    objectives: Objectives = Field(Objectives(), description="What is promised to callers; left out: see Objectives")
    on_call_url: HttpsUrl | None = Field(
        None, description="Endpoint of an on-call service that the alert topic calls; left out: the topic's own readers"
    )
    replicas: int = Field(2, ge=2, le=20, description="Collector pods, spread over zones; left out: 2")
    keep: bool = Field(
        default=True, description="Whether metrics and logs outlive the stack; left out: protected, kept on delete"
    )

    def needs(self) -> Needs:
        """Endpoints of the services that signals go to, a store of traces where there is one, and keys for what is kept."""
        return Needs(
            wants=(Want(name="traces", dialect=Dialect.TRACES, workload="collector", access="write", optional=True),),
            offers=(
                Offer(name="otlp", dialect=Dialect.OTLP),
                Offer(name="prometheus", dialect=Dialect.PROMETHEUS),
            ),
            workloads=frozenset({"collector", "dcgm-exporter"}),
            services=frozenset({"aps-workspaces", "logs", "xray", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.ALERTS}),
        )
