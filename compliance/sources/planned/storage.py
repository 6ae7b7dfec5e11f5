"""Buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from blueprint.tags import Tag
from compliance.facts.base import Known, Leaf, Origin, Ref, Unknown
from compliance.facts.leaf import every, mapped, some
from compliance.facts.policy import open_to_anybody, tls_only
from compliance.facts.storage import Bucket
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import tagged_text
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading

Lock: TypeAlias = Literal["none", "versioned", "governance", "compliance"]

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_COLD = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes whose objects must be restored before they are read."""
_LOCKS: dict[str, Lock] = {"GOVERNANCE": "governance", "COMPLIANCE": "compliance"}
_YEAR = 365
ACCESS_LOGS = "access-logs"
"""Purpose of a bucket that load balancers and buckets deliver access logs to: it logs no access to itself."""


def bucket(store: Reading) -> Bucket:
    """Fold a bucket with its satellites."""
    policy = store.satellite("aws:s3/bucketPolicy:BucketPolicy", "bucket")
    block = store.satellite("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket")
    logging = store.satellite("aws:s3/bucketLogging:BucketLogging", "bucket")
    lock = store.satellite("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "bucket")
    versioning = _versioning(store)
    return Bucket(
        id=store.id("Bucket"),
        urns=(store.urn, *(each.urn for each in (policy, block, logging, lock) if each)),
        data_classes=store.classes(),
        public_access_blocked=every(block.flag(name) for name in _BLOCKS)
        if block
        else store.absent_flag("bucketPublicAccessBlock"),
        open_policy=asked(policy, "policy", open_to_anybody, store.absent_flag("open policy")),
        acls_disabled=_acls_disabled(store),
        versioning=versioning,
        key=_key(store),
        tls_only=asked(policy, "policy", tls_only, store.absent_flag("tls only")),
        lock_mode=_lock_mode(store, lock, versioning),
        lock_days=_lock_days(store, lock),
        access_logged=_somewhere(logging) if logging else store.absent_flag("bucketLogging"),
        takes_access_logs=_takes_logs(store),
        lifecycle_days=_expiry(store),
        unfinished_removed=_unfinished_removed(store),
        searchable_days=_searchable(store),
        account=store.account(),
        separate_account=store.separate_account(),
        audit_relevant=mapped(store.tag(Tag.AUDIT_RELEVANT), lambda text: text == "true"),
    )


def _acls_disabled(store: Reading) -> Leaf[bool]:
    beside = store.satellite("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "bucket")
    if beside is None:
        return store.absent_flag("bucketOwnershipControls")
    enforced = mapped(beside.text("rule.objectOwnership"), lambda owner: owner == "BucketOwnerEnforced")
    return every([enforced, mapped(store.text("acl"), lambda acl: acl == "private")])


def _versioning(store: Reading) -> Leaf[bool]:
    beside = store.satellite("aws:s3/bucketVersioning:BucketVersioning", "bucket")
    if beside is None:
        return store.absent_flag("bucketVersioning")
    return mapped(beside.text("versioningConfiguration.status"), lambda status: status == "Enabled")


def _key(store: Reading) -> Leaf[Ref | None]:
    beside = store.satellite(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "bucket"
    )
    if beside is None:
        return mapped(store.absent("bucketServerSideEncryptionConfiguration"), lambda _: None)
    rule = "rules.0.applyServerSideEncryptionByDefault"
    algorithm = beside.text(f"{rule}.sseAlgorithm")
    if isinstance(algorithm, Known) and algorithm.value == "AES256":
        return mapped(algorithm, lambda _: None)
    return beside.link(f"{rule}.kmsMasterKeyId")


def _lock_mode(store: Reading, lock: Reading | None, versioning: Leaf[bool]) -> Leaf[Lock]:
    if lock is not None and lock.raw("rule.defaultRetention.mode") is not MISSING:
        return mapped(lock.text("rule.defaultRetention.mode"), lambda mode: _LOCKS.get(mode, "versioned"))
    doubt = None if lock else store.doubt("(bucketObjectLockConfiguration)")
    return doubt or mapped(versioning, lambda on: "versioned" if on else "none")


def _lock_days(store: Reading, lock: Reading | None) -> Leaf[int]:
    if lock is None:
        return mapped(store.absent("bucketObjectLockConfiguration"), lambda _: 0)
    if lock.raw("rule.defaultRetention.years") is not MISSING:
        return mapped(lock.number("rule.defaultRetention.years"), lambda years: years * _YEAR)
    return lock.number("rule.defaultRetention.days")


def _somewhere(logging: Reading) -> Leaf[bool]:
    return mapped(logging.link("targetBucket"), lambda target: target is not None)


def _takes_logs(store: Reading) -> Leaf[bool]:
    deliveries = store.satellites("aws:s3/bucketLogging:BucketLogging", "targetBucket")
    if deliveries:
        return deliveries[0].known("targetBucket", value=True)
    if tagged_text(store.resource, Tag.PURPOSE.value) == ACCESS_LOGS:
        return Known(value=True, origin=Origin(urn=store.urn, path=f"tags.{Tag.PURPOSE.value}", how="tag"))
    return store.absent_flag("deliveries of access logs")


def _ageing(store: Reading) -> Iterator[tuple[Reading, str]]:
    for beside in store.satellites("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucket"):
        yield from ((beside, path) for path in beside.items("rules") if beside.raw(f"{path}.status") != "Disabled")


def _unfinished_removed(store: Reading) -> Leaf[bool]:
    removing = [rules.present(f"{path}.abortIncompleteMultipartUpload") for rules, path in _ageing(store)]
    return some([*removing, store.absent_flag("unfinished uploads")])


def _expiry(store: Reading) -> Leaf[int | None]:
    days = [
        rules.number(f"{path}.expiration.days")
        for rules, path in _ageing(store)
        if rules.raw(f"{path}.expiration.days") is not MISSING
    ]
    if not days:
        return mapped(store.absent("expiration"), lambda _: None)
    return mapped(_least(days), lambda least: least)


def _searchable(store: Reading) -> Leaf[int | Literal["forever"]]:
    days = []
    for rules, path in _ageing(store):
        for item in rules.items(f"{path}.transitions"):
            storage = rules.text(f"{item}.storageClass")
            if isinstance(storage, Unknown) or storage.value in _COLD:
                days.append(rules.number(f"{item}.days"))
        if rules.raw(f"{path}.expiration.days") is not MISSING:
            days.append(rules.number(f"{path}.expiration.days"))
    if not days:
        return mapped(store.absent("expiration"), lambda _: "forever")
    return mapped(_least(days), lambda least: least)


def _least(days: list[Leaf[int]]) -> Leaf[int]:
    unknown = next((leaf for leaf in days if isinstance(leaf, Unknown)), None)
    return unknown or min((leaf for leaf in days if isinstance(leaf, Known)), key=lambda leaf: leaf.value)


ADAPTERS = (Adapter("aws:s3/bucket:Bucket", bucket), Adapter("aws:s3/bucketV2:BucketV2", bucket))
