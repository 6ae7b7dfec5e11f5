"""The private way in before one agent, synthesised once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blueprint.ports import AgentPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer
from components.application.private_api import PrivateApi
from components.application.private_api_spec import PrivateApiSpec
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

SPEC: dict[str, Any] = {
    "saml_metadata_url": "https://login.example.org/saml/metadata",
    "callback_urls": ["https://claims.example.org/signed-in"],
}


def entered(*agents: str, **context: Any) -> ResourceGraph:
    """The API before some agents; what is no agent in `context` is said by the document or the platform."""
    said = {key: context.pop(key) for key in list(context) if key in PrivateApiSpec.model_fields}
    spec = PrivateApiSpec.model_validate({**SPEC, "agents": agents, **said})
    around = context.pop("network", None) or builders.network()
    offers = {f"agents/{name}": Needs(offers=(Offer(name="agent", dialect=Dialect.AGENT),)) for name in agents}

    def program() -> None:
        PrivateApi(
            "application", spec, platform=builders.platform({"application": spec.needs(), **offers}, **context),
            network=around, keys=builders.keys(), audit=builders.audit(), ingress=builders.ingress(),
            ports={f"agent-{name}": AgentPort(provider=f"agents/{name}", path=f"/agents/{name}") for name in agents},
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="session")
def entry() -> ResourceGraph:
    return entered("intake")
