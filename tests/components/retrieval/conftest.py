"""One synthesised store of each kind for all tests of this folder, with a consumer of its tools and one of its native port."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.ports import OtlpPort
from blueprint.slots import component_of, spec_of
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, Want
from components.retrieval.store_spec import StoreSpec
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph
    from blueprint.ports import Port

KINDS = ("opensearch", "pgvector", "qdrant")
NOUN = "vector_stores/knowledge"
REQUIRED: dict[str, Any] = {"name": "knowledge", "embedding_model": "embeddings-large", "dimensions": 1024}
NATIVE = {"opensearch": Dialect.OPENSEARCH, "pgvector": Dialect.POSTGRES, "qdrant": Dialect.QDRANT}


def spec(kind: str, **more: Any) -> StoreSpec:
    found = spec_of("vector_stores", kind).model_validate({"kind": kind, **REQUIRED, **more})
    assert isinstance(found, StoreSpec)
    return found


def needs(told: StoreSpec, *, native: bool = True, tools: bool = True) -> dict[str, Needs]:
    knowledge = Want(name="tools-knowledge", dialect=Dialect.MCP, of=NOUN, workload="gateway")
    documents = Want(name="documents", dialect=NATIVE[told.kind], of=NOUN, access="write", workload="loader")
    return {
        NOUN: told.needs(),
        "observability": Needs(offers=(Offer(name="otlp", dialect=Dialect.OTLP),)),
        "gateway": Needs(wants=(knowledge,) if tools else (), workloads=frozenset({"gateway"})),
        "pipelines": Needs(wants=(documents,) if native else (), workloads=frozenset({"loader"})),
    }


@cache
def made(
    told: StoreSpec, *, native: bool = True, tools: bool = True, account_owner: bool = True, zones: int = 3
) -> tuple[ResourceGraph, dict[str, Port]]:
    """Its graph and its ports."""
    ports: dict[str, Port] = {}
    places = builders.ZONES[:zones]

    def program() -> None:
        context = builders.platform(needs(told, native=native, tools=tools), account_owner=account_owner, zones=places)
        otlp = OtlpPort(
            provider="observability", grpc="https://collector.observability.svc:4317",
            http="https://collector.observability.svc:4318", authorities="kube-root-ca.crt",
        )  # fmt: skip
        make: Any = component_of("vector_stores", told.kind)
        store = make(
            NOUN, told, platform=context, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            identity=builders.identity(context), cluster=builders.cluster(context), secrets=builders.secrets(context),
            backup=builders.backup(), ports={"otlp": otlp},
        )  # fmt: skip
        ports.update(store.ports)

    return builders.graph(program, zones=places), ports


@pytest.fixture(scope="session")
def pgvector() -> ResourceGraph:
    return made(spec("pgvector"))[0]


@pytest.fixture(scope="session")
def opensearch() -> ResourceGraph:
    return made(spec("opensearch"))[0]


@pytest.fixture(scope="session")
def qdrant() -> ResourceGraph:
    return made(spec("qdrant"))[0]
