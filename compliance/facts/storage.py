"""Buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Bucket(Subject):
    """A bucket with everything that S3 keeps beside it: access block, versions, encryption, policy, lock, ageing, log."""

    public_access_blocked: Leaf[bool]
    open_policy: Leaf[bool]
    """Its policy lets everybody do something."""
    acls_disabled: Leaf[bool]
    """Its owner owns every object, and access lists, the older way to share, count for nothing."""
    versioning: Leaf[bool]
    key: Leaf[Ref | None]
    """None: encrypted under the service's own key."""
    tls_only: Leaf[bool]
    lock_mode: Leaf[Literal["none", "versioned", "governance", "compliance"]]
    lock_days: Leaf[int]
    access_logged: Leaf[bool]
    takes_access_logs: Leaf[bool]
    """Others deliver access logs to it, so it keeps none of its own and cannot be encrypted under a key of ours."""
    lifecycle_days: Leaf[int | None]
    """Days until objects are removed; None: they are not."""
    unfinished_removed: Leaf[bool]
    """Parts of uploads that never ended are removed."""
    searchable_days: Leaf[int | Literal["forever"]]
    """Days until objects move to a storage class that must be restored before it can be read."""
    account: Leaf[str | None]
    separate_account: Leaf[bool]
    """It lives in another account than the stack."""
    audit_relevant: Leaf[bool]
