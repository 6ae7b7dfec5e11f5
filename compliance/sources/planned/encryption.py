"""Keys and certificates."""

from __future__ import annotations

from blueprint.tags import Tag
from compliance.facts.base import Known, Leaf
from compliance.facts.encryption import Certificate, KmsKey
from compliance.facts.leaf import inverted, mapped
from compliance.facts.policy import administration_apart, open_to_anybody
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import Reading


def key(held: Reading) -> KmsKey:
    """Fold a key; without a policy of its own the account's administrators are also its users."""
    holder = held.satellite("aws:kms/keyPolicy:KeyPolicy", "keyId") or held
    rotation = held.flag("enableKeyRotation")
    return KmsKey(
        id=held.id("KmsKey"),
        urns=(held.urn,),
        data_classes=held.classes(),
        rotation=rotation,
        rotation_days=_days(held, rotation),
        administrators_separate=asked(holder, "policy", administration_apart, held.absent_flag("administrators apart")),
        open_principal=asked(holder, "policy", open_to_anybody, held.absent_flag("open policy")),
        deletion_window_days=held.number("deletionWindowInDays"),
        enabled=held.flag("isEnabled"),
        purpose=held.tag(Tag.PURPOSE),
    )


def certificate(issued: Reading) -> Certificate:
    """Fold a certificate; one with a body of its own was imported."""
    return Certificate(
        id=issued.id("Certificate"),
        urns=(issued.urn,),
        data_classes=issued.classes(),
        issued_by_service=inverted(issued.present("certificateBody")),
        transparent=mapped(
            issued.text("options.certificateTransparencyLoggingPreference"), lambda text: text == "ENABLED"
        ),
    )


def _days(held: Reading, rotation: Leaf[bool]) -> Leaf[int | None]:
    if isinstance(rotation, Known) and rotation.value:
        return mapped(held.number("rotationPeriodInDays"), lambda days: days)
    return mapped(rotation, lambda _: None)


ADAPTERS = (Adapter("aws:kms/key:Key", key), Adapter("aws:acm/certificate:Certificate", certificate))
