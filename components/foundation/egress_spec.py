"""What a stack document may say about the one way to names outside AWS."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blueprint.spec import Spec
from blueprint.types import Dialect, KeyPurpose
from blueprint.wiring import Needs, Offer


class EgressProxySpec(Spec):
    """A proxy that asks who is calling and forwards to the allow-list of the wiring, nothing else."""

    kind: Literal["proxy"] = "proxy"
    replicas: int = Field(3, ge=2, le=12, description="Proxy pods, spread over zones; left out: 3")

    def needs(self) -> Needs:
        """A workload identity, the callers' credentials, and the services that mounting them takes."""
        return Needs(
            offers=(Offer(name="http-proxy", dialect=Dialect.HTTP_PROXY),),
            workloads=frozenset({"proxy"}),
            services=frozenset({"secretsmanager", "sts", "eks-auth"}),
            secrets=frozenset({"credentials"}),
            keys=frozenset({KeyPurpose.SECRETS}),
        )
