"""Log groups."""

from __future__ import annotations

from typing import Literal

from blueprint.tags import Tag
from compliance.facts.leaf import mapped
from compliance.facts.logs import LogGroup
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.reading import Reading


def log_group(group: Reading) -> LogGroup:
    """Fold a log group. Zero days is how CloudWatch writes that events never expire."""
    return LogGroup(
        id=group.id("LogGroup"),
        urns=(group.urn,),
        data_classes=group.classes(),
        retention=mapped(group.number("retentionInDays"), _retention),
        key=group.link("kmsKeyId"),
        audit_relevant=mapped(group.tag(Tag.AUDIT_RELEVANT), lambda text: text == "true"),
    )


def _retention(days: int) -> int | Literal["forever"]:
    return days or "forever"


ADAPTERS = (Adapter("aws:cloudwatch/logGroup:LogGroup", log_group),)
