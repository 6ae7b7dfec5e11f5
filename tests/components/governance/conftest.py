"""A register with a managed model, a model of our own and a use case, synthesised once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, Want
from components.governance.registry import Registry
from components.governance.registry_spec import RegistrySpec
from components.governance.use_case import UseCase
from components.governance.use_case_spec import UseCaseSpec
from components.models.open_weights_spec import OpenWeightsSpec
from components.serving.bedrock import Bedrock
from components.serving.bedrock_spec import BedrockSpec
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
APPROVED: dict[str, Any] = {
    "owner": "claims@example.org",
    "risk_class": "high",
    "approved_by": "risk@example.org",
    "approved_on": "2026-11-02",
}
BEDROCK: dict[str, Any] = {"name": "chat", "model": MODEL, **APPROVED}
WEIGHTS: dict[str, Any] = {
    "name": "qwen3", "source": "Qwen/Qwen3-32B", "revision": "9216db5781bf21249d130ec9da846c4624c16137",
    "digest": "sha256:" + "6b" * 32, "licence": "Apache-2.0", **APPROVED,
}  # fmt: skip
USE_CASE: dict[str, Any] = {
    "name": "intake", "purpose": "Sorts incoming claims for clerks", "review_by": "2027-05-01", "models": ["chat"], **APPROVED,
}  # fmt: skip


def registered(
    spec: RegistrySpec | None = None,
    *,
    bedrock: Any = None,
    use_case: Any = None,
    audited: bool = True,
    called: bool = True,
    **context: Any,
) -> ResourceGraph:
    """The register of a platform with one served model, its caller, weights of our own and perhaps a use case."""
    governance = spec or RegistrySpec()
    chat = BedrockSpec.model_validate(bedrock or BEDROCK)
    case = UseCaseSpec.model_validate(USE_CASE if use_case is None else use_case) if use_case != {} else None
    needs = {
        "governance": governance.needs(),
        "models/qwen3": OpenWeightsSpec.model_validate(WEIGHTS).needs(),
        "serving/chat": chat.needs(),
        "gateway": Needs(
            workloads=frozenset({"gateway"}),
            wants=(Want(name="route-chat", dialect=Dialect.MODEL_ROUTE, of="serving/chat"),) if called else (),
        ),
        "audit": Needs(offers=(Offer(name="audit", dialect=Dialect.AUDIT),)),
        **({} if case is None else {"use_cases/intake": case.needs()}),
    }

    def program() -> None:
        around = builders.platform(needs, **context)
        neighbours: dict[str, Any] = {"platform": around, "keys": builders.keys()}
        identity = builders.identity(around)
        Bedrock("serving/chat", chat, network=builders.network(), identity=identity, **neighbours)
        if audited:
            Registry(
                "governance",
                governance,
                audit=builders.audit(),
                identity=identity,
                backup=builders.backup(),
                **neighbours,
            )
        if case is not None:
            UseCase("use_cases/intake", case, audit=builders.audit(), **neighbours)

    return builders.graph(program)


@pytest.fixture(scope="session")
def register() -> ResourceGraph:
    return registered()
