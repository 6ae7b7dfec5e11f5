"""What a stack document may say about the private way in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Hostname, KeyPurpose, PrivateCidr
from blueprint.wiring import Needs, Offer

CertificateArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}$")
]


class IngressSpec(Spec):
    """A load balancer that only the organisation's own networks reach, over TLS, behind a web application firewall."""

    kind: Literal["private"] = "private"
    host: Hostname = Field(description="Name that callers use; the certificate must cover it")
    certificate_arn: CertificateArn = Field(description="Certificate in AWS Certificate Manager, which renews it")
    allowed_cidrs: tuple[PrivateCidr, ...] = Field(
        (), description="Private networks that may call; left out: the VPC alone"
    )
    tls_min_version: Annotated[Literal["1.2", "1.3"] | None, Tightens("tls_min_version")] = Field(
        None, description="Oldest TLS version that is spoken; left out: the posture's value"
    )
    requests_per_five_minutes: int = Field(
        10_000, ge=100, le=2_000_000_000, description="Requests of one address before it is blocked; left out: 10000"
    )
    keep: bool = Field(
        default=True, description="Whether the load balancer is protected against deletion; left out: it is"
    )

    def needs(self) -> Needs:
        """A key for the firewall's log; and whoever registers targets calls the load balancers' API."""
        return Needs(
            offers=(Offer(name="ingress", dialect=Dialect.INGRESS),),
            services=frozenset({"elasticloadbalancing"}),
            keys=frozenset({KeyPurpose.LOGS}),
        )
