"""Temporal as it is registered, for the tests of its parts; `conftest` of this folder belongs to all agents."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer
from components.agents.temporal import Temporal
from components.agents.temporal_spec import TemporalSpec
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

OTLP = Needs(offers=(Offer(name="otlp", dialect=Dialect.OTLP),))


@cache
def plain() -> ResourceGraph:
    """What an empty part of the document makes, registered once a run."""
    return synthesised(TemporalSpec())


def synthesised(spec: TemporalSpec, ports: list[object] | None = None, **more: Needs) -> ResourceGraph:
    needs = {"durable_execution": spec.needs(), "observability": OTLP, **more}

    def program() -> None:
        context = builders.platform(needs)
        made = Temporal(
            "durable_execution", spec, platform=context, network=builders.network(), keys=builders.keys(),
            identity=builders.identity(context), cluster=builders.cluster(context), backup=builders.backup(), ports={},
        )  # fmt: skip
        if ports is not None:
            ports.append(made.port)

    return builders.graph(program)
