"""Marquez as it is registered, for the tests of its parts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer
from components.governance.marquez import Marquez
from components.governance.marquez_spec import MarquezSpec
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph
    from blueprint.ports import Port

OTLP = Needs(offers=(Offer(name="otlp", dialect=Dialect.OTLP),))


@cache
def plain() -> ResourceGraph:
    """What an empty part of the document makes, registered once a run."""
    return synthesised(MarquezSpec())


def synthesised(spec: MarquezSpec, ports: list[Port] | None = None, **more: Needs) -> ResourceGraph:
    needs = {"lineage": spec.needs(), **more}

    def program() -> None:
        context = builders.platform(needs)
        made = Marquez(
            "lineage", spec, platform=context, network=builders.network(), keys=builders.keys(),
            identity=builders.identity(context), cluster=builders.cluster(context), secrets=builders.secrets(context),
            backup=builders.backup(), ports={},
        )  # fmt: skip
        if ports is not None:
            ports.append(made.port)

    return builders.graph(program)
