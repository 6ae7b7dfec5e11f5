"""Relations of those who watch."""

from __future__ import annotations

from blueprint.posture import Posture
from blueprint.types import DataClass
from compliance.facts.audit import PostureHub, Trail
from compliance.facts.base import Known, Unknown
from compliance.facts.storage import Bucket
from compliance.findings import Estate, Outcome, Verdict
from compliance.predicates.registry import relates
from compliance.predicates.verdicts import all_hold, because
from compliance.reads import told

CARD_STANDARD = "pci-dss"


@relates(Trail, parameters=("log_immutability",))
def trail_archive_guarded(subject: Trail, estate: Estate, posture: Posture) -> Verdict:  # noqa: ARG001  every predicate is called alike
    """The bucket that a trail delivers to is one of ours, locked, and closed to everybody else."""
    link = subject.bucket
    if isinstance(link, Unknown):
        return because(Outcome.UNKNOWN, told("bucket", link), link)
    if link.value is None:
        return because(Outcome.FAIL, "the trail delivers nowhere", link)
    archive = estate.at(link.value)
    if not isinstance(archive, Bucket):
        return because(Outcome.UNKNOWN, "the trail's bucket is not in this stack and was not read", link)
    lock, open_policy, blocked = archive.lock_mode, archive.open_policy, archive.public_access_blocked
    return all_hold(
        {
            "lock_mode": (lock, isinstance(lock, Known) and lock.value in {"governance", "compliance"}),
            "open_policy": (open_policy, isinstance(open_policy, Known) and not open_policy.value),
            "public_access_blocked": (blocked, isinstance(blocked, Known) and blocked.value),
        }
    )


@relates(PostureHub)
def card_standard_judged(subject: PostureHub, estate: Estate, posture: Posture) -> Verdict:  # noqa: ARG001  every predicate is called alike
    """Where card data is, the posture service judges against the card standard."""
    classes, standards = subject.data_classes, subject.standards
    if isinstance(classes, Known) and DataClass.CARDHOLDER not in classes.value:
        return because(Outcome.NOT_APPLICABLE, "no card data is here", classes)
    judged = isinstance(standards, Known) and CARD_STANDARD in standards.value
    if isinstance(classes, Unknown):
        outcome = Outcome.PASS if judged else Outcome.UNKNOWN
        return because(outcome, told("data_classes", classes), classes, standards)
    return all_hold({"standards": (standards, judged)})
