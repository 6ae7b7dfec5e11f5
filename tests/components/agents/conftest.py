"""One synthesised agent for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blueprint.ports import McpPort, OpenAiPort, OtlpPort, TemporalPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, Want
from components.agents.langgraph import LangGraph
from components.agents.langgraph_spec import LangGraphSpec
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph
    from blueprint.ports import Port

AGENT_IMAGE = f"111122223333.dkr.ecr.us-east-1.amazonaws.com/agents/intake@sha256:{'0' * 63}2"
LEAST = {"name": "intake", "image": AGENT_IMAGE}
WHOLE = {
    **LEAST, "models": ["chat"], "tools": ["case-notes/search"], "after_approval": ["tickets/close"], "durable": True,
}  # fmt: skip
GATEWAY = Needs(
    offers=(
        Offer(name="openai", dialect=Dialect.OPENAI_V1, names=frozenset({"chat", "economy"})),
        Offer(name="mcp", dialect=Dialect.MCP, names=frozenset({"case-notes/search", "tickets/close"}),
              held=frozenset({"tickets/close"})),
    )
)  # fmt: skip
NEIGHBOURS = {
    "gateway": GATEWAY, "observability": Needs(offers=(Offer(name="otlp", dialect=Dialect.OTLP),)),
    "durable_execution": Needs(offers=(Offer(name="temporal", dialect=Dialect.TEMPORAL),)),
}  # fmt: skip
APPLICATION = Needs(wants=(Want(name="agent-intake", dialect=Dialect.AGENT, of="agents/intake"),))


def ports(spec: LangGraphSpec) -> dict[str, Port]:
    authorities = "kube-root-ca.crt"
    made: dict[str, Port] = {
        "otlp": OtlpPort(provider="observability", grpc="https://collector.observability.svc:4317",
                         http="https://collector.observability.svc:4318", authorities=authorities),
        "models": OpenAiPort(provider="gateway", url="https://gateway.gateway.svc/v1", models=("chat", "economy")),
        "tools": McpPort(provider="gateway", url="https://gateway.gateway.svc/mcp", secret_arn=None, authorities=authorities,
                         tools=("case-notes/search", "tickets/close")),
        "temporal": TemporalPort(provider="durable_execution", address="durable-execution.durable-execution.svc:7233",
                                 namespace="agents", authorities=authorities, audience="temporal:agents:write"),
    }  # fmt: skip
    return {want.name: made[want.name.partition("-")[0]] for want in spec.needs().wants}


def synthesised(document: dict[str, object], **more: Needs) -> ResourceGraph:
    spec = LangGraphSpec.model_validate(document)
    noun = f"agents/{spec.name}"

    def program() -> None:
        context = builders.platform({**NEIGHBOURS, noun: spec.needs(), **more})
        LangGraph(
            noun, spec, platform=context, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            identity=builders.identity(context), cluster=builders.cluster(context), secrets=builders.secrets(context),
            backup=builders.backup(), ingress=builders.ingress(), ports=ports(spec),
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="session")
def agent() -> ResourceGraph:
    return synthesised(dict(WHOLE), application=APPLICATION)


@pytest.fixture(scope="session")
def least() -> ResourceGraph:
    return synthesised(dict(LEAST))
