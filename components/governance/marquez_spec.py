"""What a stack document may say about the record of lineage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, KeyPurpose
from blueprint.wiring import Needs, Offer, Want
from components.data.aurora_spec import AuroraSize

KEY = "key"
"""Secret that callers send."""
HTTPS = 8443
"""Where the pods answer."""


class MarquezSpec(Spec):
    """Which job read and wrote which data, told by the jobs themselves in OpenLineage's form.

    Names, schemas and versions of data are kept, not the data.
    """

    kind: Literal["marquez"] = "marquez"
    retention_days: Annotated[int | None, Tightens("training_lineage_retention_days")] = Field(
        None,
        ge=1,
        le=36_500,
        description="Days that lineage is kept; left out: the posture's value, which may be forever",
    )
    replicas: int = Field(2, ge=2, le=20, description="Pods that take events; left out: 2")
    database: AuroraSize = Field(AuroraSize(max_units=4), description="What was told; left out: 0.5 to 4 units")
    keep: bool = Field(
        default=True, description="Whether the database outlives the stack; left out: protected, kept on delete"
    )

    def needs(self) -> Needs:
        """A key for callers, and a collector that asks for metrics where there is one."""
        metrics = Want(
            name="metrics", dialect=Dialect.OTLP, access="write", workload="marquez", optional=True,
            allows=frozenset({f"scrape-{HTTPS}"}),
        )  # fmt: skip
        return Needs(
            wants=(metrics,),
            offers=(Offer(name="lineage", dialect=Dialect.OPENLINEAGE),),
            workloads=frozenset({"databases", "marquez"}),
            services=frozenset({"secretsmanager", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.DATABASES, KeyPurpose.LOGS, KeyPurpose.SECRETS}),
            secrets=frozenset({KEY}),
        )
