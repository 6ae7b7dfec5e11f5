"""Marquez as it is registered, for the tests of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer
from components.governance.marquez import Marquez
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph
    from blueprint.ports import Port
    from components.governance.marquez_spec import MarquezSpec

OTLP = Needs(offers=(Offer(name="otlp", dialect=Dialect.OTLP),))


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
