"""The platform as a whole: what is there at all, so that absence is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class Platform(Subject):
    """Exactly one for each stack, whatever else there is. Counts include what exists outside of the stack."""

    trails: Leaf[int]
    recorders: Leaf[int]
    detectors: Leaf[int]
    posture_hubs: Leaf[int]
    scanners: Leaf[int]
    sensitive_data_sought: Leaf[bool]
    analyzers: Leaf[int]
    unused_access_analyzers: Leaf[int]
    password_policies: Leaf[int]
    backup_plans: Leaf[int]
    backup_vaults: Leaf[int]
    restore_tests: Leaf[int]
    vpcs: Leaf[int]
    keys: Leaf[int]
    budgets: Leaf[int]
    log_archives: Leaf[int]
    """Buckets that are evidence, as their tag says."""
    users: Leaf[int]
    """IAM users and access keys: long-lived credentials."""
    untagged: Leaf[int]
    """Resources that could carry tags and miss one of the required ones."""
    untagged_names: Leaf[frozenset[str]]
    unclassified: Leaf[int]
    """Resources that could carry tags and do not say which data classes they hold."""
    stateful_not_backed_up: Leaf[frozenset[str]]
    """Databases, file systems and volumes that no backup plan selects."""
    functions_without_log_group: Leaf[frozenset[str]]
    disks_encrypted_by_default: Leaf[bool]
    """The account encrypts every new volume, whoever makes it."""
    default_namespace: Leaf[frozenset[str]]
    """Kubernetes objects in the namespace that nobody governs."""
    regions: Leaf[frozenset[str]]
    partitions: Leaf[frozenset[str]]
    accounts: Leaf[frozenset[str]]
    services: Leaf[frozenset[str]]
    """AWS services, by endpoint name, whose resources may hold data of some class."""
    processors_registered: Leaf[bool]
    """No outside party sees data; whether terms with one are signed stands in no resource."""
    alarms_for: Leaf[frozenset[str]]
    """Security event classes and finding sources with an alarm that tells somebody."""
    log_event_classes: Leaf[frozenset[str]]
    """Event classes that the trail and the detectors record."""
    certificate_expiry_alarm: Leaf[bool]
    production_account: Leaf[Literal["same", "namespace", "account"]]
    mfa: Leaf[Literal["none", "privileged", "all", "phishing_resistant_all"]]
    session_idle_minutes: Leaf[int]
    failed_logons: Leaf[int]
    """Log-ins that fail in a row until the sign-in locks the account."""
    break_glass: Leaf[bool]
    """An emergency role exists."""
