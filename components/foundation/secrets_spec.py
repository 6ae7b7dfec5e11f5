"""What a stack document may say about secrets; their values never stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, KeyPurpose
from blueprint.wiring import Needs, Offer

FunctionArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}$")
]
Rotator: TypeAlias = Literal["random", "none"] | FunctionArn


class SecretStoreSpec(Spec):
    """Which secrets there are follows from the wiring; this says how they are renewed."""

    kind: Literal["managed"] = "managed"
    rotation_days: Annotated[int | None, Tightens("access_key_max_age_days")] = Field(
        None, ge=1, le=1000, description="Days after which a secret is renewed; left out: the posture's value"
    )
    rotators: Mapping[str, Rotator] = Field(
        default_factory=dict,
        description="Who renews a secret, by its name such as gateway/master-key: random makes a new random value, "
        "a Lambda ARN is a rotator of yours, none renews nothing and fails its rule; left out: random for all",
    )
    recovery_days: int = Field(
        30, ge=7, le=30, description="Days that a deleted secret can be brought back; left out: 30, the longest"
    )

    def needs(self) -> Needs:
        """Keys for the secrets and for the rotator's log, and the endpoint that the rotator calls."""
        return Needs(
            offers=(Offer(name="secrets", dialect=Dialect.SECRETS),),
            services=frozenset({"secretsmanager", "kms", "logs", "sqs"}),
            keys=frozenset({KeyPurpose.SECRETS, KeyPurpose.LOGS}),
        )
