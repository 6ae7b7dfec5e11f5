"""Every place of the platform that can be filled, and what can fill it. Adding a kind touches this table alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NamedTuple, cast

from blueprint.spec import Spec
from blueprint.types import Dialect, Layer

if TYPE_CHECKING:
    from blueprint.component import Component

ENTRY_POINTS = "blueprint.components"
"""Group of entry points by which another distribution adds kinds: name "slot:kind", value "module:Spec,module:Component"."""


class Slot(NamedTuple):
    """One place: its layer, whether a document may fill it more than once, and its kinds."""

    layer: Layer
    many: bool
    offers: Dialect | None
    requires: frozenset[str]
    """Slots that must be filled before this one may be: foundations before agents."""
    kinds: Mapping[str, tuple[str, str]]
    """Kind -> ("module:Spec", "module:Component"); the first kind is the one meant when none is named."""
    always: bool = False
    """Filled with the first kind's defaults when the document does not mention it."""
    rests_on: tuple[frozenset[str], ...] = ()
    """Groups of slots; a group of which none is filled is a warning: it works, and nobody should scale it."""


def _kind(layer: Layer, module: str, noun: str) -> tuple[str, str]:
    return f"components.{layer}.{module}_spec:{noun}Spec", f"components.{layer}.{module}:{noun}"


_F, _C, _S, _O = Layer.FOUNDATION, Layer.COMPUTE, Layer.SERVING, Layer.OBSERVABILITY

SLOTS: Mapping[str, Slot] = {
    "identity": Slot(_F, False, Dialect.IDENTITY, frozenset(), {"managed": _kind(_F, "identity", "Identity")}, True),
    "keys": Slot(_F, False, Dialect.KEYS, frozenset(), {"managed": _kind(_F, "keys", "KeyRing")}, True),
    "audit": Slot(_F, False, Dialect.AUDIT, frozenset(), {
        "managed": _kind(_F, "audit", "AuditTrail"),
        "existing": _kind(_F, "existing_audit", "ExistingAuditTrail"),
    }, True),
    "account_baseline": Slot(_F, False, None, frozenset(), {"managed": _kind(_F, "account", "AccountBaseline")}, True),
    "network": Slot(_F, False, Dialect.NETWORK, frozenset(), {
        "managed": _kind(_F, "network", "Network"),
        "existing": _kind(_F, "existing_network", "ExistingNetwork"),
    }),
    "secrets": Slot(_F, False, Dialect.SECRETS, frozenset(), {"managed": _kind(_F, "secrets", "SecretStore")}, True),
    "backup": Slot(_F, False, Dialect.BACKUP, frozenset(), {"managed": _kind(_F, "backup", "BackupVault")}, True),
    "budget": Slot(_F, False, None, frozenset(), {"managed": _kind(_F, "budget", "Budget")}),
    "cluster": Slot(_C, False, Dialect.KUBERNETES, frozenset({"network"}), {"eks": _kind(_C, "cluster", "Cluster")}),
    "egress": Slot(_F, False, Dialect.HTTP_PROXY, frozenset({"cluster"}), {"proxy": _kind(_F, "egress", "EgressProxy")}),
    "ingress": Slot(_F, False, Dialect.INGRESS, frozenset({"network"}), {"private": _kind(_F, "ingress", "Ingress")}),
    "gpu_pools": Slot(_C, True, Dialect.CAPACITY, frozenset({"cluster"}), {"managed": _kind(_C, "gpu_pool", "GpuPool")}),
    "tracing": Slot(_O, False, Dialect.TRACES, frozenset({"cluster"}), {"langfuse": _kind(_O, "langfuse", "Langfuse")}),
    "observability": Slot(_O, False, Dialect.OTLP, frozenset({"cluster"}), {
        "managed": _kind(_O, "observability", "Observability"),
    }),
    "lakehouse": Slot(Layer.DATA, False, Dialect.ICEBERG, frozenset({"network"}), {
        "iceberg": _kind(Layer.DATA, "lakehouse", "Lakehouse"),
    }),
    "streaming": Slot(Layer.DATA, False, Dialect.KAFKA, frozenset({"network"}), {
        "msk": _kind(Layer.DATA, "streaming", "Streaming"),
    }),
    "models": Slot(Layer.MODELS, True, Dialect.WEIGHTS, frozenset(), {
        "open_weights": _kind(Layer.MODELS, "open_weights", "OpenWeights"),
    }),
    "serving": Slot(_S, True, Dialect.MODEL_ROUTE, frozenset(), {
        "vllm": _kind(_S, "vllm", "Vllm"),
        "bedrock": _kind(_S, "bedrock", "Bedrock"),
    }),
    "vector_stores": Slot(Layer.RETRIEVAL, True, Dialect.MCP, frozenset({"cluster", "observability"}), {
        "pgvector": _kind(Layer.RETRIEVAL, "pgvector", "PgVector"),
        "opensearch": _kind(Layer.RETRIEVAL, "opensearch", "OpenSearch"),
        "qdrant": _kind(Layer.RETRIEVAL, "qdrant", "Qdrant"),
    }),
    "tools": Slot(Layer.AGENTS, True, Dialect.MCP, frozenset({"cluster"}), {
        "mcp_server": _kind(Layer.AGENTS, "tool_server", "ToolServer"),
    }),
    "gateway": Slot(Layer.GATEWAY, False, Dialect.OPENAI_V1, frozenset({"cluster", "serving", "observability", "ingress"}), {
        "litellm": _kind(Layer.GATEWAY, "litellm", "LiteLlm"),
    }),
    "lineage": Slot(Layer.GOVERNANCE, False, Dialect.OPENLINEAGE, frozenset({"cluster"}), {
        "marquez": _kind(Layer.GOVERNANCE, "marquez", "Marquez"),
    }),
    "durable_execution": Slot(Layer.AGENTS, False, Dialect.TEMPORAL, frozenset({"cluster", "observability"}), {
        "temporal": _kind(Layer.AGENTS, "temporal", "Temporal"),
    }),
    "agents": Slot(Layer.AGENTS, True, Dialect.AGENT, frozenset({"cluster", "gateway", "observability"}), {
        "langgraph": _kind(Layer.AGENTS, "langgraph", "LangGraph"),
    }, rests_on=(frozenset({"lakehouse", "vector_stores"}), frozenset({"evaluation"}))),
    "evaluation": Slot(_O, False, None, frozenset({"gateway", "observability"}), {
        "scheduled": _kind(_O, "evaluation", "Evaluation"),
    }),
    "dashboards": Slot(_O, False, None, frozenset({"observability", "cluster", "ingress"}), {
        "grafana": _kind(_O, "grafana", "Grafana"),
    }),
    "governance": Slot(Layer.GOVERNANCE, False, None, frozenset(), {
        "registry": _kind(Layer.GOVERNANCE, "registry", "Registry"),
    }),
    "use_cases": Slot(Layer.GOVERNANCE, True, None, frozenset({"governance"}), {
        "registered": _kind(Layer.GOVERNANCE, "use_case", "UseCase"),
    }),
    "application": Slot(
        Layer.APPLICATION, False, None, frozenset({"gateway", "ingress", "observability"}),
        {"private_api": _kind(Layer.APPLICATION, "private_api", "PrivateApi")},
        rests_on=(frozenset({"vector_stores", "lakehouse"}), frozenset({"evaluation"})),
    ),
}  # fmt: skip
"""In the order in which components are made."""

FUTURE: Mapping[str, str] = {
    "features": "the feature store",
    "training": "training",
    "pipelines": "pipelines",
}
"""Document keys that the design names and no code serves yet; using one is refused with just that."""


@cache
def slots() -> Mapping[str, Slot]:
    """Our slots with the kinds that installed distributions add to them."""
    table = dict(SLOTS)
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda found: found.name):
        slot, _, kind = entry.name.partition(":")
        spec, _, component = entry.value.partition(",")
        table[slot] = table[slot]._replace(kinds={**table[slot].kinds, kind: (spec, component)})
    return table


@cache
def spec_of(slot: str, kind: str) -> type[Spec]:
    """Spec class of a kind; loads no SDK."""
    return cast("type[Spec]", _load(slots()[slot].kinds[kind][0]))


def component_of(slot: str, kind: str) -> type[Component]:
    """Component class of a kind; loads the SDK."""
    return cast("type[Component]", _load(slots()[slot].kinds[kind][1]))


def _load(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
