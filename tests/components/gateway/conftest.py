"""One synthesised gateway for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blueprint.ports import McpPort, ModelRoutePort, OtlpPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, Registration
from components.gateway.litellm import LiteLlm
from components.gateway.litellm_spec import LiteLlmSpec
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

DOCUMENT = {
    "routes": [
        {
            "name": "chat",
            "models": [
                {
                    "serving": "large",
                    "weight": 3,
                    "price": {"input_usd_per_million": 0.5, "output_usd_per_million": 1.5},
                },
                {"serving": "small"},
            ],
            "fallbacks": ["economy"],
        },
        {"name": "economy", "models": [{"serving": "small"}], "timeout_seconds": 30},
    ],
    "teams": [{"name": "claims", "owner": "claims@example.org", "models": ["economy"], "budget_usd_month": 250}],
}

WITH_TOOLS = {
    **DOCUMENT,
    "tools": [
        {"server": "vector_stores/case-notes", "tools": ["search"]},
        {"server": "tools/tickets", "tools": ["find"], "after_approval": ["close"]},
    ],
}


def served(name: str) -> tuple[str, Needs]:
    approved = Registration(
        kind="model", name=name, owner="a@example.org", risk_class="high", approved_by="b@example.org"
    )
    return f"serving/{name}", Needs(
        offers=(Offer(name="model-route", dialect=Dialect.MODEL_ROUTE),), registers=(approved,)
    )


def synthesised(spec: LiteLlmSpec, **more: Needs) -> ResourceGraph:
    needs = {
        "gateway": spec.needs(), "observability": Needs(offers=(Offer(name="otlp", dialect=Dialect.OTLP),)),
        **dict(served(name) for name in spec.served),
        **{entry.server: Needs(offers=(Offer(name="mcp", dialect=Dialect.MCP, names=frozenset(entry.all)),)) for entry in spec.tools},
        **more,
    }  # fmt: skip

    def program() -> None:
        context = builders.platform(needs)
        ports = {
            f"route-{name}": ModelRoutePort(
                provider=f"serving/{name}", model=name, config_map=f"model-{name}", key="route.yaml"
            )
            for name in spec.served
        }
        otlp = OtlpPort(
            provider="observability", grpc="https://collector.observability.svc:4317",
            http="https://collector.observability.svc:4318", authorities="kube-root-ca.crt",
        )  # fmt: skip
        tools = {
            f"tools-{entry.name}": McpPort(
                provider=entry.server, url=f"https://{entry.name}.example.svc/mcp", tools=entry.all,
                secret_arn=builders.arn("secretsmanager", f"secret:claims-prod/{entry.server}/key"),
                authorities="kube-root-ca.crt",
            )
            for entry in spec.tools
        }  # fmt: skip
        LiteLlm(
            "gateway", spec, platform=context, network=builders.network(), keys=builders.keys(),
            identity=builders.identity(context), cluster=builders.cluster(context), secrets=builders.secrets(context),
            backup=builders.backup(), ingress=builders.ingress(), ports={**ports, **tools, "otlp": otlp},
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="session")
def spec() -> LiteLlmSpec:
    return LiteLlmSpec.model_validate(DOCUMENT)


@pytest.fixture(scope="session")
def gateway(spec: LiteLlmSpec) -> ResourceGraph:
    return synthesised(spec)
