"""Vocabularies and small value types that every other module may import."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)


class Plain(BaseModel):
    """A value without sets: frozen, unknown keys refused. What is written by the ten thousand is one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Frozen(Plain):
    """A value: frozen, unknown keys refused, sets written in sorted order.

    A frozenset is written in hash order, which changes with PYTHONHASHSEED; the bytes of a document must not.
    """

    @model_serializer(mode="wrap")
    def _sets_sorted(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, object]:
        written: dict[str, object] = handler(self)
        if info.mode == "json":
            for name, value in written.items():
                if isinstance(getattr(self, name, None), frozenset) and isinstance(value, list):
                    written[name] = sorted(value, key=str)
        return written


class Layer(StrEnum):
    """A layer of the platform, bottom first; also the folder of its components."""

    FOUNDATION = "foundation"
    COMPUTE = "compute"
    MODELS = "models"
    SERVING = "serving"
    GATEWAY = "gateway"
    DATA = "data"
    FEATURES = "features"
    RETRIEVAL = "retrieval"
    TRAINING = "training"
    PIPELINES = "pipelines"
    AGENTS = "agents"
    APPLICATION = "application"
    OBSERVABILITY = "observability"
    GOVERNANCE = "governance"


class Dialect(StrEnum):
    """The protocol that a port speaks. Implementations are interchangeable within one dialect."""

    IDENTITY = "identity"
    NETWORK = "network"
    KEYS = "keys"
    AUDIT = "audit"
    SECRETS = "secrets"
    BACKUP = "backup"
    INGRESS = "ingress"
    HTTP_PROXY = "http-proxy"
    KUBERNETES = "kubernetes"
    CAPACITY = "capacity"
    WEIGHTS = "weights"
    MODEL_ROUTE = "model-route"
    OPENAI_V1 = "openai-v1"
    POSTGRES = "postgres"
    REDIS = "redis"
    S3 = "s3"
    OTLP = "otlp"
    PROMETHEUS = "prometheus"
    TRACES = "traces"
    ICEBERG = "iceberg"
    KAFKA = "kafka"
    OPENSEARCH = "opensearch"
    QDRANT = "qdrant"
    MCP = "mcp"
    TEMPORAL = "temporal"
    AGENT = "agent"
    OPENLINEAGE = "openlineage"


class DataClass(StrEnum):
    """What kind of data a resource may hold."""

    PHI = "phi"
    CARDHOLDER = "cardholder"
    PII = "pii"
    FEDERAL = "federal"
    INTERNAL = "internal"
    PUBLIC = "public"


class KeyPurpose(StrEnum):
    """What a customer managed key encrypts; one key for each purpose."""

    LOGS = "logs"
    DISKS = "disks"
    CLUSTER_SECRETS = "cluster-secrets"
    SECRETS = "secrets"
    DATABASES = "databases"
    OBJECTS = "objects"
    BACKUP = "backup"
    ALERTS = "alerts"
    STREAMS = "streams"


class Strength(StrEnum):
    """How firmly a source asks for a value, strongest first."""

    LITERAL = "literal"
    LITERAL_WITHOUT_VALUE = "literal_without_value"
    REQUIRED = "required"
    ADDRESSABLE = "addressable"
    PRACTICE = "practice"


class Severity(StrEnum):
    """How much a violated rule matters, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Mode(StrEnum):
    """Which contributions are joined: what the texts say, or what is commonly done as well."""

    LITERAL = "literal"
    PRACTICE = "practice"


class Partition(StrEnum):
    """An AWS partition."""

    AWS = "aws"
    GOVCLOUD = "aws-us-gov"
    CHINA = "aws-cn"


def _network(text: str) -> str:
    try:
        return str(ipaddress.IPv4Network(text))
    except ValueError as error:
        raise ValueError(f"not an IPv4 network in CIDR form: {error}") from error


def _private_network(text: str) -> str:
    network = ipaddress.IPv4Network(text)
    if not network.is_private:
        raise ValueError(
            "a VPC of the platform uses private address space: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
        )
    return text


Noun: TypeAlias = str
"""A component in a document: "gateway" (one of its kind) or "serving/chat" (one of many)."""

Value: TypeAlias = bool | int | str | frozenset[str] | tuple[int | None, int | None]
"""What a parameter can hold. A pair is an interval, None where it is open."""

Cidr = Annotated[str, AfterValidator(_network)]
PrivateCidr = Annotated[Cidr, AfterValidator(_private_network)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
RegionName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Arn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+$")]
VpcId = Annotated[str, StringConstraints(pattern=r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$")]
SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-([0-9a-f]{8}|[0-9a-f]{17})$")]
AmiId = Annotated[str, StringConstraints(pattern=r"^ami-([0-9a-f]{8}|[0-9a-f]{17})$")]
Hostname = Annotated[str, StringConstraints(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
Percent = Annotated[int, Field(ge=0, le=100)]
