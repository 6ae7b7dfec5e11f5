"""Images that the organisation builds itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

ImageReference = Annotated[
    str,
    StringConstraints(
        pattern=r"^\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9][a-z0-9._/-]*(:[\w.-]+)?@sha256:[0-9a-f]{64}$"
    ),
]
"""By digest, in a registry of an AWS account: <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>."""
