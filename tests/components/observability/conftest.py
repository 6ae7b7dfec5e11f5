"""One synthesised observability for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from components.observability.observability import Observability
from components.observability.observability_spec import ObservabilitySpec
from tests.components import builders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.graph import ResourceGraph
    from blueprint.ports import Port

OTLP = Want(name="otlp", dialect=Dialect.OTLP, access="write")
NEIGHBOURS = {
    "gateway": Needs(
        wants=(OTLP.model_copy(update={"workload": "gateway"}),), workloads=frozenset({"gateway", "teams"})
    ),
    "serving/chat": Needs(wants=(OTLP,), workloads=frozenset({"vllm"})),
    "gpu_pools/l40s": Needs(),
}


def synthesised(
    spec: ObservabilitySpec,
    neighbours: Mapping[str, Needs] = NEIGHBOURS,
    *,
    account_owner: bool = True,
    ports: Mapping[str, Port] | None = None,
) -> ResourceGraph:
    def program() -> None:
        context = builders.platform({"observability": spec.needs(), **neighbours}, account_owner=account_owner)
        Observability(
            "observability", spec, platform=context, network=builders.network(), keys=builders.keys(),
            audit=builders.audit(), identity=builders.identity(context), cluster=builders.cluster(context), ports=ports,
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="session")
def observability() -> ResourceGraph:
    return synthesised(ObservabilitySpec())
