"""What only the organisation knows, put where a rule and a person can read it: a parameter in the account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.component import Component


def posture_facts(component: Component, facts: Mapping[str, str | int | None]) -> aws.ssm.Parameter | None:
    """Write the facts that are stated as one JSON object; what is not stated is left out and stays unknown.

    Nothing is written when nothing is stated. The values come from the document and are no secrets.
    """
    stated = {key: value for key, value in sorted(facts.items()) if value is not None}
    if not stated:
        return None
    return aws.ssm.Parameter(
        component.named("facts"), name=f"/{component.platform.label}/posture-facts/{component.noun}", type="String",
        description="What the organisation states about itself; rules read it", insecure_value=json.dumps(stated),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip
