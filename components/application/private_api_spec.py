"""What a stack document may say about the private way in for applications and people."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, KeyPurpose, Name
from blueprint.wiring import Needs, Want

HttpsUrl = Annotated[
    str, StringConstraints(pattern=r"^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?(/[^\s?#]*)?(\?[^\s#]*)?$")
]

Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:/._-]{1,256}$")]


class PrivateApiSpec(Spec):
    """A private API before the agents, with single sign-on, and the capture of what people say about answers."""

    kind: Literal["private_api"] = "private_api"
    saml_metadata_url: HttpsUrl = Field(
        description="SAML metadata of the organisation's identity provider, which alone signs people in; no secret is shared"
    )
    callback_urls: tuple[HttpsUrl, ...] = Field(
        min_length=1, description="Addresses of the applications that people come back to after signing in"
    )
    groups_attribute: Attribute = Field(
        "http://schemas.xmlsoap.org/claims/Group",
        description="SAML attribute with a person's groups, by which stores of documents tell who may see what; left out: "
        "http://schemas.xmlsoap.org/claims/Group",
    )
    agents: tuple[Name, ...] = Field(
        (), description="Entries of `agents` that can be called, at /agents/<name>/; left out: none, feedback alone"
    )
    session_minutes: Annotated[int | None, Tightens("session_idle_minutes")] = Field(
        None, ge=5, le=1440, description="Life of a token in minutes; left out: the posture's value"
    )
    tls_min_version: Annotated[Literal["1.2", "1.3"] | None, Tightens("tls_min_version")] = Field(
        None, description="Oldest TLS version that is spoken; left out: the posture's value"
    )
    requests_per_second: int = Field(
        50, ge=1, le=10_000, description="Requests a second over all callers; twice as many at once. Left out: 50"
    )
    requests_per_five_minutes: int = Field(
        10_000, ge=100, le=2_000_000_000, description="Requests of one address before it is blocked; left out: 10000"
    )
    keep: bool = Field(
        default=True, description="Whether sign-in and feedback outlive the stack; left out: protected, kept on delete"
    )

    def needs(self) -> Needs:
        """The agents that it leads to, the VPC's endpoint of private APIs, and keys for feedback, streams and logs."""
        return Needs(
            wants=tuple(Want(name=f"agent-{name}", dialect=Dialect.AGENT, of=f"agents/{name}") for name in self.agents),
            services=frozenset({"execute-api"}),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.OBJECTS, KeyPurpose.STREAMS}),
        )
