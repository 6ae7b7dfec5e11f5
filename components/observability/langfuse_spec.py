"""What a stack document may say about the store of traces."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Frozen, Hostname, KeyPurpose
from blueprint.wiring import Needs, Offer, Want

HttpsUrl = Annotated[
    str, StringConstraints(pattern=r"^https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(/[^\s?#]*)?$")
]
SecretArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}$"),
]
ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/@-]{1,256}$")]

PROJECT_KEY = "project-key"
KEY_PREFIX = "sk-lf-"
"""Langfuse shows the first six characters of a secret key and expects these."""
SIGN_ON_PROXY = "http-proxy"


class SignOn(Frozen):
    """The organisation's own identity provider, over OpenID Connect; there is no other way to sign in."""

    issuer: HttpsUrl = Field(description="Address of the provider, reached through the egress proxy")
    client_id: ClientId = Field(description="As whom Langfuse is registered with the provider")
    client_secret_arn: SecretArn = Field(
        description="Secret of this account and region that holds the client's secret, under the platform's key for secrets"
    )


class Page(Frozen):
    """The way for people to look at traces: a name on the platform's load balancer."""

    host: Hostname = Field(description="Name that people use; the load balancer's certificate must cover it")
    sign_on: SignOn = Field(description="Who may look: whoever the identity provider lets in, as a viewer")


class MetadataSize(Frozen):
    """Aurora capacity for users, projects and keys; traces are kept elsewhere."""

    min_units: float = Field(0.5, ge=0.5, le=256, multiple_of=0.5, description="Capacity units at rest; left out: 0.5")
    max_units: float = Field(4, ge=1, le=256, multiple_of=0.5, description="Capacity units under load; left out: 4")
    instances: int = Field(2, ge=2, le=15, description="Instances, spread over zones; left out: a writer and a reader")


class QueueSize(Frozen):
    """Valkey capacity for what waits to be written."""

    node: str = Field(
        "cache.m7g.large", pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$", description="Left out: cache.m7g.large"
    )
    replicas: int = Field(1, ge=1, le=5, description="Replicas in other zones; left out: 1")


class ClickHouseSize(Frozen):
    """Each of the three replicas, which hold the same traces."""

    cpu: int = Field(2, ge=1, le=64, description="Processors of each replica; left out: 2")
    memory_gib: int = Field(8, ge=4, le=512, description="Memory of each replica; left out: 8")
    disk_gib: int = Field(100, ge=20, le=16_384, description="Disk of each replica; left out: 100")


class LangfuseSpec(Spec):
    """Traces with the content that the collector lets through, for people who mend prompts and agents."""

    kind: Literal["langfuse"] = "langfuse"
    page: Page | None = Field(None, description="The way in for people; left out: there is none, and no account either")
    retention_days: Annotated[int | None, Tightens("prompt_log_retention_days")] = Field(
        None, ge=1, le=3653, description="Days that traces are kept; left out: the posture's value"
    )
    web_replicas: int = Field(2, ge=2, le=20, description="Pods that take traces; left out: 2")
    worker_replicas: int = Field(2, ge=2, le=50, description="Pods that write traces down; left out: 2")
    clickhouse: ClickHouseSize = Field(
        ClickHouseSize(), description="Where traces are kept; left out: see ClickHouseSize"
    )
    database: MetadataSize = Field(MetadataSize(), description="Projects and keys; left out: see MetadataSize")
    queue: QueueSize = Field(QueueSize(), description="What waits to be written; left out: see QueueSize")
    keep: bool = Field(
        default=True, description="Whether traces outlive the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> LangfuseSpec:
        if self.database.max_units < self.database.min_units:
            raise ValueError(
                f"database.max_units is {self.database.max_units}, less than min_units {self.database.min_units}"
            )
        return self

    def needs(self) -> Needs:
        """Secrets of its own, keys for what it keeps, and a way to the identity provider where people come in."""
        proxied = (Want(name=SIGN_ON_PROXY, dialect=Dialect.HTTP_PROXY, workload="web"),) if self.page else ()
        return Needs(
            wants=proxied,
            offers=(Offer(name="traces", dialect=Dialect.TRACES),),
            workloads=frozenset({"web", "worker", "clickhouse", "retention", "databases"}),
            services=frozenset({"s3", "secretsmanager", "sts", "eks-auth"}),
            egress=frozenset({urlsplit(self.page.sign_on.issuer).hostname or ""} if self.page else ()),
            keys=frozenset({KeyPurpose.DATABASES, KeyPurpose.DISKS, KeyPurpose.LOGS, KeyPurpose.OBJECTS, KeyPurpose.SECRETS}),
            secrets=frozenset(
                {"clickhouse", "clickhouse-maintenance", "clickhouse-replicas", "nextauth", PROJECT_KEY, "salt"}
            ),
            prefixes={PROJECT_KEY: KEY_PREFIX},
        )  # fmt: skip
