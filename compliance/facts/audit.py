"""Who watches: trail, recorder, detectors, scanners."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Trail(Subject):
    """An audit trail of the account."""

    multi_region: Leaf[bool]
    global_events: Leaf[bool]
    validation: Leaf[bool]
    logging: Leaf[bool]
    management_events: Leaf[bool]
    data_events: Leaf[bool]
    key: Leaf[Ref | None]
    log_group: Leaf[Ref | None]
    bucket: Leaf[Ref | None]
    record_fields: Leaf[frozenset[str]]
    """What each of its records says, as AWS documents it."""


@dataclass(frozen=True)
class ConfigRecorder(Subject):
    """A recorder of the configuration history, with its status."""

    recording: Leaf[bool]
    all_supported: Leaf[bool]
    global_types: Leaf[bool]


@dataclass(frozen=True)
class ThreatDetector(Subject):
    """GuardDuty with the features that are switched on."""

    enabled: Leaf[bool]
    features: Leaf[frozenset[str]]
    file_integrity_days: Leaf[int | None]
    """Days between looks at files: 0 while run-time monitoring watches them, None where nothing does."""


@dataclass(frozen=True)
class PostureHub(Subject):
    """Security Hub with the standards it judges against, by short name."""

    enabled: Leaf[bool]
    standards: Leaf[frozenset[str]]


@dataclass(frozen=True)
class VulnerabilityScanner(Subject):
    """Inspector and what it scans."""

    resource_types: Leaf[frozenset[str]]
    interval_days: Leaf[int | None]
    """Days between scans of hosts: 0, for Inspector scans again on every new flaw; None where hosts are not scanned."""


@dataclass(frozen=True)
class DataDiscovery(Subject):
    """Macie."""

    enabled: Leaf[bool]
