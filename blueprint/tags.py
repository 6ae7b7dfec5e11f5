"""The one vocabulary of tags, written on every resource and read back by the rules."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from blueprint.types import DataClass, Layer, Noun
from blueprint.wiring import slug


class Tag(StrEnum):
    """Keys of AWS tags; as Kubernetes labels they carry the prefix `blueprint/`."""

    PLATFORM = "platform"
    ENVIRONMENT = "environment"
    OWNER = "owner"
    COST_CENTRE = "cost-centre"
    LAYER = "layer"
    COMPONENT = "component"
    DATA_CLASS = "data-class"
    AUDIT_RELEVANT = "audit-relevant"
    BACKUP = "backup"
    PURPOSE = "purpose"
    MODEL = "model"
    ENDPOINT = "endpoint"
    DATASET = "dataset"
    CUSTOMER = "customer"
    VALUE_PREFIX = "value-prefix"
    MODEL_OWNER = "model-owner"
    RISK_CLASS = "risk-class"
    APPROVED_BY = "approved-by"
    APPROVED_ON = "approved-on"


REQUIRED = (Tag.PLATFORM, Tag.ENVIRONMENT, Tag.OWNER, Tag.COST_CENTRE, Tag.LAYER, Tag.COMPONENT, Tag.DATA_CLASS)
"""Without these a cost cannot be told apart and a rule cannot know what data it judges."""

NO_DATA = "none"
_SEPARATOR = "."


def data_class_text(classes: Iterable[DataClass]) -> str:
    """Data classes as one tag value that is also a legal label value: "cardholder.phi", or "none"."""
    return _SEPARATOR.join(sorted(str(name) for name in classes)) or NO_DATA


def data_classes(text: str) -> frozenset[DataClass]:
    """Read the value that data_class_text wrote; raises ValueError for a name that is no data class."""
    return frozenset() if text == NO_DATA else frozenset(DataClass(part) for part in text.split(_SEPARATOR))


def aws_tags(
    *,
    platform: str,
    environment: str,
    owner: str,
    cost_centre: str,
    layer: Layer,
    noun: Noun,
    classes: Iterable[DataClass],
    more: dict[Tag, str] | None = None,
) -> dict[str, str]:
    """Tags of one AWS resource, sorted by key."""
    tags = {
        Tag.PLATFORM: platform,
        Tag.ENVIRONMENT: environment,
        Tag.OWNER: owner,
        Tag.COST_CENTRE: cost_centre,
        Tag.LAYER: layer.value,
        Tag.COMPONENT: slug(noun),
        Tag.DATA_CLASS: data_class_text(classes),
        **(more or {}),
    }
    return {key.value: tags[key] for key in sorted(tags)}


def kubernetes_labels(tags: dict[str, str]) -> dict[str, str]:
    """The same facts as labels; the owner's address is not a legal label value and becomes an annotation."""
    return {f"blueprint/{key}": value for key, value in tags.items() if key != Tag.OWNER}
