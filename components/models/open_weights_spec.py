"""What a stack document may say about a model whose weights we hold ourselves."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from blueprint.spec import Spec
from blueprint.types import Dialect, Email, Frozen, Hostname, KeyPurpose, Name
from blueprint.wiring import Needs, Offer, Registration, Want

HubId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Revision = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
IsoDate = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
RiskClass: TypeAlias = Literal["minimal", "limited", "high"]
MIRROR = "mirror"
"""Workload that brings the weights; only where the document asks for it."""


class MirrorFrom(Frozen):
    """Where weights are fetched from, through the platform's proxy; such names, and no others, open a way out."""

    hub: Hostname = Field(
        "huggingface.co",
        description="Hub that speaks the API of Hugging Face, without signing in; left out: huggingface.co",
    )
    redirects: tuple[Hostname, ...] = Field(
        ("*.hf.co",), description='Names that the hub sends downloads to; left out: "*.hf.co"'
    )


class OpenWeightsSpec(Spec):
    """One entry of the model catalogue: what it is, who answers for it, and which bytes are meant."""

    kind: Literal["open_weights"] = "open_weights"
    name: Name = Field(description="Name of the entry, by which serving chooses it")
    source: HubId = Field(description="Where the weights come from, as owner/model on the hub, or in your own mirror")
    revision: Revision = Field(
        description="Commit of the source that is mirrored, 40 hexadecimal digits; never a branch"
    )
    licence: str = Field(
        min_length=2, max_length=64, description="Licence as an SPDX id, or its title where it has none"
    )
    owner: Email = Field(description="Who answers for the model")
    risk_class: RiskClass = Field(description="Your own classification of what can go wrong with it")
    digest: Digest | None = Field(
        None,
        description="sha256 of the SHA256SUMS file that lists every file of the mirror; left out: the bytes are checked "
        "against the list beside them but the list itself is not pinned, and the rule on integrity fails",
    )
    mirror: MirrorFrom | None = Field(
        None,
        description="Fetches the revision into the bucket, once, checking every file against the hub's repository and the "
        "whole against `digest`; needs the egress proxy; left out: whoever may write to the bucket brings it",
    )
    approved_by: Email | None = Field(
        None, description="Who approved it, somebody else than the owner; left out: not approved, and its rule fails"
    )
    approved_on: IsoDate | None = Field(
        None, description='Day of the approval, quoted: "2026-11-20"; left out: unknown'
    )
    keep: bool = Field(
        default=True, description="Whether the weights outlive the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _approval_is_whole(self) -> Self:
        if (self.approved_by is None) != (self.approved_on is None):
            raise ValueError("approved_by and approved_on belong together: give both or neither")
        if self.approved_by is not None and self.approved_by.lower() == self.owner.lower():
            raise ValueError(f"approved_by is {self.approved_by}, who is the owner; somebody else must approve")
        return self

    def needs(self) -> Needs:
        """A key for the weights, the way to their bucket, an entry of the register; with a mirror, the names behind the proxy."""
        mirror = self.mirror
        proxy = Want(name="http-proxy", dialect=Dialect.HTTP_PROXY, workload=MIRROR)
        return Needs(
            wants=() if mirror is None else (proxy,),
            offers=(Offer(name="weights", dialect=Dialect.WEIGHTS),),
            workloads=frozenset() if mirror is None else frozenset({MIRROR}),
            egress=frozenset() if mirror is None else frozenset({mirror.hub, *mirror.redirects}),
            services=frozenset({"s3", "kms"}),
            keys=frozenset({KeyPurpose.OBJECTS}),
            data_classes=frozenset(),
            registers=(self._entry(),),
        )

    def _entry(self) -> Registration:
        return Registration(
            kind="model", name=self.name, owner=self.owner, risk_class=self.risk_class, digest=self.digest,
            approved_by=self.approved_by, approved_on=self.approved_on,
            about={"licence": self.licence, "source": f"{self.source}@{self.revision}"},
        )  # fmt: skip
