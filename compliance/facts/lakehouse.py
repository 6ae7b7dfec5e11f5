"""Lakehouses: their catalogue, who may read what, tables, and where queries run."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Catalogue(Subject):
    """How the account's data catalogue is encrypted."""

    at_rest: Leaf[bool]
    key: Leaf[Ref | None]
    passwords_encrypted: Leaf[bool]
    """Passwords of connections are given out encrypted only."""
    passwords_key: Leaf[Ref | None]


@dataclass(frozen=True)
class LakeSettings(Subject):
    """What the lake's permission service does when nobody says otherwise."""

    open_by_default: Leaf[bool]
    """New databases or tables are left to IAM alone."""
    administered: Leaf[bool]
    """Somebody is named who grants access."""
    outside_engines: Leaf[bool]
    """Engines that filter rows themselves, or read whole tables, are admitted."""


@dataclass(frozen=True)
class LakeLocation(Subject):
    """A place in object storage that is reached through the permission service."""

    own_role: Leaf[bool]
    """A role made for it, not the one that all locations of the account share."""
    around_permissions: Leaf[bool]
    """Whoever may read the objects by IAM needs no permission of the lake."""


@dataclass(frozen=True)
class LakeZone(Subject):
    """A database of the catalogue with the bucket that it lies in."""

    zone: Leaf[str]
    """What the database is for, as its tag says: raw, validated, curated."""
    open_by_default: Leaf[bool]
    """Whoever IAM lets may use new tables."""
    registered: Leaf[bool]
    """Its place is reached through the permission service."""
    searched: Leaf[bool]
    """Sensitive data is looked for in its bucket, again and again."""
    legible: Leaf[bool]
    """Whoever looks may use the key that the bucket is encrypted under."""


@dataclass(frozen=True)
class LakeGrant(Subject):
    """What one principal may do with one thing of the lake."""

    principal_named: Leaf[bool]
    """It is somebody, not whoever IAM lets and not everybody of the account."""
    passed_on: Leaf[bool]
    """The principal may grant it to others."""
    named_rights: Leaf[bool]
    """The rights are listed, not all of them given."""
    zones_written: Leaf[int]
    """Databases that this principal may write to, through this and all other grants."""


@dataclass(frozen=True)
class LakeTable(Subject):
    """A table of the catalogue, with its upkeep."""

    open_format: Leaf[bool]
    """It keeps its history and can be changed by several engines at once."""
    compacted: Leaf[bool]
    history_limited: Leaf[bool]
    """Earlier states, and what was deleted since, are removed after a time."""
    orphans_removed: Leaf[bool]
    """Files that no state names are removed."""
    owned: Leaf[bool]
    origin_told: Leaf[bool]
    classified: Leaf[bool]


@dataclass(frozen=True)
class QueryWorkgroup(Subject):
    """Where queries run, and under which settings."""

    enforced: Leaf[bool]
    """Callers cannot override the settings."""
    results_encrypted: Leaf[bool]
    results_key: Leaf[Ref | None]
    limit_bytes: Leaf[int | None]
    """What one query may read; None: everything."""
    metered: Leaf[bool]
    engine: Leaf[str]
    results_owner_checked: Leaf[bool]
    """Results go to a bucket of a known account only."""


@dataclass(frozen=True)
class DiscoveryJob(Subject):
    """A job that looks for sensitive data in buckets."""

    running: Leaf[bool]
    scheduled: Leaf[bool]
    """Again and again, and not once."""
    everything: Leaf[bool]
    """All objects, not a sample of them."""
