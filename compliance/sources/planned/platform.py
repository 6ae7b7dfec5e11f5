"""The inventory of a whole graph."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import JsonValue

from blueprint.graph import Resource
from blueprint.source import read
from blueprint.tags import REQUIRED, Tag
from blueprint.types import Frozen
from compliance.facts.audit import (
    ConfigRecorder,
    DataDiscovery,
    PostureHub,
    ThreatDetector,
    Trail,
    VulnerabilityScanner,
)
from compliance.facts.backup import BackupPlan, BackupVault, RestoreTest
from compliance.facts.base import Known, Leaf, Origin, Subject, Unknown
from compliance.facts.budgets import Budget
from compliance.facts.encryption import KmsKey
from compliance.facts.functions import Function
from compliance.facts.identity import AccessAnalyzer, PasswordPolicy
from compliance.facts.leaf import every, mapped
from compliance.facts.logs import Alarm
from compliance.facts.network import Vpc
from compliance.facts.platform import Platform
from compliance.facts.storage import Bucket
from compliance.facts.subjects import Subjects
from compliance.sources.planned.event_classes import DATA, MANAGEMENT, RUNTIME, RUNTIME_FEATURE
from compliance.sources.planned.links import Links, readable, tagged_text
from compliance.sources.planned.network import service_name
from compliance.sources.planned.objects import DEFAULT, UNTOLD, namespace_of
from compliance.sources.planned.pods import PODS
from compliance.sources.planned.reading import Reading
from compliance.sources.planned.services import OF_ENDPOINT, WITHOUT_DATA, service_of

T = TypeVar("T")

STACK = "pulumi:pulumi:Stack"
BASELINE = "blueprint:foundation:AccountBaseline"
STATED = "/posture-facts/"
"""In the name of an SSM parameter: what the organisation states about itself."""
STATEFUL = (
    *(
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:dynamodb/table:Table",
        "aws:efs/fileSystem:FileSystem",
    ),
    *(
        "aws:ebs/volume:Volume",
        "aws:neptune/cluster:Cluster",
        "aws:docdb/cluster:Cluster",
        "aws:fsx/lustreFileSystem:LustreFileSystem",
    ),
)
"""Stores that AWS Backup can take; buckets are kept by versions and locks, and judged by those."""
ENCRYPTED_DISKS = "aws:ebs/encryptionByDefault:EncryptionByDefault"
PLACED = (
    *PODS,
    *(f"kubernetes:core/v1:{kind}" for kind in ("ConfigMap", "Secret", "Service", "ServiceAccount")),
    *(f"kubernetes:rbac.authorization.k8s.io/v1:{kind}" for kind in ("Role", "RoleBinding")),
)
"""Kubernetes objects that stand in a namespace and mean something to whoever else is there."""
CREDENTIALS = ("aws:iam/user:User", "aws:iam/accessKey:AccessKey", "aws:iam/userLoginProfile:UserLoginProfile")
SINGLETONS: tuple[type[Subject], ...] = (
    *(ConfigRecorder, ThreatDetector, PostureHub, VulnerabilityScanner, DataDiscovery, AccessAnalyzer, PasswordPolicy),
)
"""What exists once an account, and is made by the stack that owns it."""
EXPIRY = frozenset({"DaysToExpiry", "acm"})
"""The metric of certificates that run out, and the source that announces them."""


APART: tuple[Literal["same", "namespace", "account"], ...] = ("same", "namespace", "account")
FACTORS: tuple[Literal["none", "privileged", "all", "phishing_resistant_all"], ...] = (
    "none", "privileged", "all", "phishing_resistant_all",
)  # fmt: skip


class Taggable(Frozen):
    """The resource types that carry tags."""

    as_of: str
    source: str
    types: frozenset[str]


@cache
def taggable() -> frozenset[str]:
    """Resource type tokens that carry tags."""
    return Taggable.model_validate(read(Path(__file__).with_name("taggable.yaml")).data).types


def platform(links: Links, found: Subjects) -> Platform:
    """Count what there is. Called after all other subjects are folded."""
    return _Inventory(links, found).platform()


class _Inventory:
    def __init__(self, links: Links, found: Subjects) -> None:
        self.links, self.found, self.graph = links, found, links.graph
        roots = self.graph.by_type.get(STACK, ())
        self.urn = roots[0].urn if roots else f"urn:pulumi:{self.graph.stack}::::{STACK}::{self.graph.stack}"
        self.aws = tuple(each for each in self.graph.resources if each.type.startswith("aws:") and each.custom)
        self.stated = dict(self._stated())

    def platform(self) -> Platform:
        once, own = self._once, self._own
        missing = tuple(self._without(REQUIRED))
        return Platform(
            id=f"Platform/{self.graph.stack}",
            urns=(self.urn,),
            data_classes=self.links.all_classes(self.urn),
            trails=own(Trail),
            recorders=once(ConfigRecorder),
            detectors=once(ThreatDetector),
            posture_hubs=once(PostureHub),
            scanners=once(VulnerabilityScanner),
            sensitive_data_sought=mapped(once(DataDiscovery), lambda number: number > 0),
            analyzers=once(AccessAnalyzer),
            unused_access_analyzers=self._unused_access_analyzers(),
            password_policies=once(PasswordPolicy),
            backup_plans=own(BackupPlan),
            backup_vaults=own(BackupVault),
            restore_tests=own(RestoreTest),
            vpcs=own(Vpc),
            keys=own(KmsKey),
            budgets=own(Budget),
            log_archives=self._log_archives(),
            users=self._counted("users", len(self.graph.of(*CREDENTIALS)), at_most=True),
            untagged=self._counted("untagged", len(missing), at_most=True),
            untagged_names=self._everything("untagged", frozenset(missing)),
            unclassified=self._counted("unclassified", len(tuple(self._without((Tag.DATA_CLASS,)))), at_most=True),
            stateful_not_backed_up=self._not_backed_up(),
            functions_without_log_group=self._unlogged(),
            disks_encrypted_by_default=self._disks(),
            default_namespace=self._default_namespace(),
            regions=self._everything("regions", frozenset(each.region for each in self.aws if each.region)),
            partitions=self._everything(
                "partitions", frozenset(_partition(each.region) for each in self.aws if each.region)
            ),
            accounts=self._everything("accounts", frozenset(each.account for each in self.aws if each.account)),
            services=self._services(),
            processors_registered=self._processors(),
            alarms_for=self._alarms(),
            log_event_classes=self._event_classes(),
            certificate_expiry_alarm=self._expiry(),
            production_account=self._word("production_account", APART),
            mfa=self._word("mfa", FACTORS),
            session_idle_minutes=self._stated_leaf("session_idle_minutes", int),
            failed_logons=self._stated_leaf("failed_logons", int),
            break_glass=self._stated_leaf("break_glass", bool),
        )

    # -- counts -------------------------------------------------------------------------------------------------------

    def _own(self, kind: type[Subject]) -> Leaf[int]:
        return self._counted(kind.__name__, len(self.found.all(kind)))

    def _once(self, kind: type[Subject]) -> Leaf[int]:
        """A stack that makes nothing that exists once an account leaves it to the stack that owns the account."""
        if not any(self.found.all(each) for each in SINGLETONS) and self.graph.by_type.get(BASELINE):
            return Unknown("existing", self._origin(kind.__name__))
        return self._own(kind)

    def _unused_access_analyzers(self) -> Leaf[int]:
        scopes = [analyzer.scope for analyzer in self.found.all(AccessAnalyzer)]
        known = sum(isinstance(scope, Known) and scope.value == "unused" for scope in scopes)
        if not known and any(isinstance(scope, Unknown) for scope in scopes):
            return Unknown("existing", self._origin("AccessAnalyzer"))
        return self._once(AccessAnalyzer) if not scopes else self._counted("AccessAnalyzer", known)

    def _log_archives(self) -> Leaf[int]:
        marks = [bucket.audit_relevant for bucket in self.found.all(Bucket)]
        known = sum(isinstance(mark, Known) and mark.value for mark in marks)
        if not known and any(trail.urns and isinstance(trail.bucket, Unknown) for trail in self.found.all(Trail)):
            return Unknown("existing", self._origin("Bucket"))
        return self._counted("Bucket", known)

    def _counted(self, what: str, number: int, *, at_most: bool = False) -> Leaf[int]:
        """While resources may be missing, a count that is too low for what is asked proves nothing."""
        open_end = number == 0 or at_most
        return (
            Unknown("not_read", self._origin(what)) if self.graph.incomplete and open_end else self._known(what, number)
        )

    # -- coverage -----------------------------------------------------------------------------------------------------

    def _without(self, keys: Iterable[Tag]) -> Iterator[str]:
        for each in self.aws:
            if each.external or (each.type not in taggable() and "tags" not in each.inputs):
                continue
            if any(tagged_text(each, key.value) is None for key in keys):
                yield each.name

    def _not_backed_up(self) -> Leaf[frozenset[str]]:
        chosen: set[str] = set()
        for plan in self.found.all(BackupPlan):
            if isinstance(plan.selects, Unknown):
                return plan.selects
            chosen |= plan.selects.value
        left = [each.name for each in self.graph.of(*STATEFUL) if not _tags(each) & chosen and not _member(each)]
        return self._everything("stateful", frozenset(left))

    def _unlogged(self) -> Leaf[frozenset[str]]:
        functions = self.found.all(Function)
        unknown = next((each.log_group for each in functions if isinstance(each.log_group, Unknown)), None)
        left = frozenset(
            each.id for each in functions if isinstance(each.log_group, Known) and each.log_group.value is None
        )
        return unknown if unknown and not left else self._everything("functions", left)

    def _disks(self) -> Leaf[bool]:
        settings = [Reading(each, self.links).flag("enabled") for each in self.graph.of(ENCRYPTED_DISKS)]
        if settings:
            return every(settings)
        elsewhere = not any(self.found.all(each) for each in SINGLETONS) and self.graph.by_type.get(BASELINE)
        if elsewhere or self.graph.incomplete:
            return Unknown("existing" if elsewhere else "not_read", self._origin("EncryptionByDefault"))
        return self._known("EncryptionByDefault", value=False)

    def _default_namespace(self) -> Leaf[frozenset[str]]:
        placed = [Reading(each, self.links) for each in self.graph.of(*PLACED) if not each.external]
        hidden = next((each for each in placed if namespace_of(each) == UNTOLD), None)
        if hidden is not None:
            return Unknown("cloud_decides", hidden.origin("metadata.namespace"))
        return self._everything(
            "default namespace", frozenset(each.resource.name for each in placed if namespace_of(each) == DEFAULT)
        )

    def _services(self) -> Leaf[frozenset[str]]:
        """Services of resources with a data class, and those that are called through an endpoint."""
        classified = {
            service_of(each.type) for each in self.aws if readable(tagged_text(each, Tag.DATA_CLASS.value) or "none")
        }
        endpoints = [Reading(each, self.links) for each in self.graph.of("aws:ec2/vpcEndpoint:VpcEndpoint")]
        names = [each.text("serviceName") for each in endpoints if not each.resource.external]
        hidden = next((name for name in names if isinstance(name, Unknown)), None)
        if hidden is not None:
            return hidden
        called = {service_name(name.value) for name in names if isinstance(name, Known)}
        named = frozenset(OF_ENDPOINT.get(name, name) for name in classified | called if name)
        return self._everything("services", named - WITHOUT_DATA)

    def _processors(self) -> Leaf[bool]:
        if self.graph.processors:
            return Unknown("not_read", self._origin("processors"))
        return self._known("processors", value=True)

    def _alarms(self) -> Leaf[frozenset[str]]:
        alarms = self.found.all(Alarm)
        heard = frozenset(
            part
            for each in alarms
            if isinstance(each.actions, Known) and each.actions.value and isinstance(each.watches, Known)
            for part in each.watches.value.split("+")
        )
        silent = (leaf for each in alarms for leaf in (each.actions, each.watches))
        hidden = next((leaf for leaf in silent if isinstance(leaf, Unknown) and leaf.reason == "cloud_decides"), None)
        if hidden is not None:
            return hidden
        trails = self.found.all(Trail)
        elsewhere = bool(trails) and all(isinstance(trail.logging, Unknown) for trail in trails)
        return Unknown("existing", self._origin("Alarm")) if elsewhere else self._everything("Alarm", heard)

    def _expiry(self) -> Leaf[bool]:
        watched = any(
            isinstance(each.watches, Known) and each.watches.value in EXPIRY for each in self.found.all(Alarm)
        )
        if self.graph.incomplete and not watched:
            return Unknown("not_read", self._origin("Alarm"))
        return self._known("Alarm", watched)

    def _event_classes(self) -> Leaf[frozenset[str]]:
        heard: frozenset[str] = frozenset()
        unknown: Unknown | None = None
        for trail in self.found.all(Trail):
            for leaf, classes in ((trail.management_events, MANAGEMENT), (trail.data_events, DATA)):
                if isinstance(leaf, Unknown):
                    unknown = leaf
                elif leaf.value and not (isinstance(trail.logging, Known) and not trail.logging.value):
                    heard |= classes
        for detector in self.found.all(ThreatDetector):
            if isinstance(detector.features, Unknown):
                unknown = detector.features
            elif RUNTIME_FEATURE in detector.features.value:
                heard |= RUNTIME
        return unknown or self._everything("events", heard)

    # -- what the organisation states ---------------------------------------------------------------------------------

    def _stated(self) -> Iterator[tuple[str, Known[JsonValue]]]:
        for each in self.graph.of("aws:ssm/parameter:Parameter"):
            name, text = each.inputs.get("name"), each.inputs.get("insecureValue", each.inputs.get("value"))
            if isinstance(name, str) and STATED in name and isinstance(text, str):
                for key, value in _object(text).items():
                    yield key, Known(value, Origin(urn=each.urn, path=f"insecureValue.{key}"))

    def _stated_leaf(self, key: str, shape: type[T]) -> Leaf[T]:
        stated = self.stated.get(key)
        if stated is None or not isinstance(stated.value, shape):
            return Unknown("not_read", self._origin(key))
        return Known(stated.value, stated.origin)

    def _word(self, key: str, words: tuple[T, ...]) -> Leaf[T]:
        stated = self.stated.get(key)
        found = next((word for word in words if stated and stated.value == word), None)
        return Known(found, stated.origin) if found and stated else Unknown("not_read", self._origin(key))

    def _origin(self, what: str) -> Origin:
        return Origin(urn=self.urn, path=f"(inventory: {what})")

    def _everything(self, what: str, value: T) -> Leaf[T]:
        """What all resources together tell; while some may be missing they do not."""
        return Unknown("not_read", self._origin(what)) if self.graph.incomplete else self._known(what, value)

    def _known(self, what: str, value: T) -> Known[T]:
        return Known(value, self._origin(what))


def _partition(region: str) -> str:
    return "aws-us-gov" if region.startswith("us-gov-") else "aws-cn" if region.startswith("cn-") else "aws"


def _tags(resource: Resource) -> frozenset[str]:
    tags = resource.inputs.get("tags")
    return frozenset(f"{key}={value}" for key, value in tags.items()) if isinstance(tags, dict) else frozenset()


def _member(resource: Resource) -> bool:
    """An instance inside a cluster is backed up with it."""
    return resource.type == "aws:rds/instance:Instance" and "clusterIdentifier" in resource.inputs


def _object(text: str) -> Mapping[str, JsonValue]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
