"""What a stack document may say about dashboards."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Frozen, KeyPurpose
from blueprint.wiring import Needs, Want
from components.observability.observability_spec import HttpsUrl

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
Group = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/@-]{0,127}$")]
Claim = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_:-]{0,63}$")]

WORKLOAD = "grafana"


class SignIn(Frozen):
    """The organisation's identity provider, which alone says who comes in and as what (OpenID Connect)."""

    authorize_url: HttpsUrl = Field(description="Where browsers are sent to sign in")
    token_url: HttpsUrl = Field(description="Where Grafana exchanges the code; its host is opened in the egress proxy")
    profile_url: HttpsUrl = Field(description="Where Grafana asks who somebody is; its host is opened likewise")
    client_id: ClientId = Field(
        description="As whom Grafana is registered there, with the redirect https://<ingress.host>/grafana/login/generic_oauth; "
        "its client secret is dashboards/client-secret, which the provider has to know: name a rotator of yours for it"
    )
    groups_claim: Claim = Field("groups", description="Claim that lists a person's groups; left out: groups")
    viewers: tuple[Group, ...] = Field(min_length=1, description="Groups that may look; nobody else comes in")
    explorers: tuple[Group, ...] = Field(
        (),
        description="Groups that may also ask questions of their own; left out: nobody, everyone sees dashboards alone",
    )

    @property
    def hosts(self) -> frozenset[str]:
        """Names that Grafana itself calls."""
        return frozenset(host for url in (self.token_url, self.profile_url) if (host := urlsplit(url).hostname))


class GrafanaSpec(Spec):
    """Dashboards of the layers that the platform has, for people who sign in at the organisation's identity provider."""

    kind: Literal["grafana"] = "grafana"
    sign_in: SignIn = Field(description="The identity provider; there is no other way in")
    session_idle_minutes: Annotated[int | None, Tightens("session_idle_minutes")] = Field(
        None, ge=5, le=1440, description="A session left alone ends after this time; left out: the posture's value"
    )
    session_hours: int = Field(12, ge=1, le=24, description="The longest that a session lasts; left out: 12")
    replicas: int = Field(2, ge=2, le=10, description="Pods, spread over zones; left out: 2")

    def needs(self) -> Needs:
        """Metrics, the proxy to the identity provider, and endpoints of what is shown."""
        return Needs(
            wants=(
                Want(name="metrics", dialect=Dialect.PROMETHEUS, workload=WORKLOAD),
                Want(name="http-proxy", dialect=Dialect.HTTP_PROXY, workload=WORKLOAD),
            ),
            workloads=frozenset({WORKLOAD}),
            services=frozenset({"aps-workspaces", "monitoring", "secretsmanager", "sts", "eks-auth"}),
            egress=self.sign_in.hosts,
            keys=frozenset({KeyPurpose.SECRETS}),
            secrets=frozenset({"client-secret", "secret-key"}),
        )
