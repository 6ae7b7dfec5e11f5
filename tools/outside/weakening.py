"""Weakenings of a stack's resources: a property flipped, loosened or taken away, or a satellite dropped."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from pydantic import JsonValue

from blueprint.graph import Resource, ResourceGraph, as_ref, embedded_json
from compliance.sources.planned.defaults import defaults
from tools.outside.edits import GONE, at, changed, places, put, without

ANYONE: JsonValue = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
ANYTHING: JsonValue = {"Effect": "Allow", "Action": "*", "Resource": "*"}
EVERYWHERE: JsonValue = ["0.0.0.0/0"]
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PASSWORD_IN_CODE: JsonValue = "#!/bin/sh\nexport DATABASE_PASSWORD=example"

WEAKER: Mapping[str, tuple[JsonValue, ...]] = {
    # words
    "acl": ("public-read", "public-read-write"),
    "imageTagMutability": ("MUTABLE",),
    "httpTokens": ("optional",),
    "sslPolicy": ("ELBSecurityPolicy-2016-08",),
    "Listener protocol": ("HTTP",),
    "TargetGroup protocol": ("HTTP",),
    "desyncMitigationMode": ("monitor",),
    "objectOwnership": ("ObjectWriter", "BucketOwnerPreferred"),
    "BucketServerSideEncryptionConfiguration rules.*.applyServerSideEncryptionByDefault.sseAlgorithm": ("AES256",),
    "encryptionType": ("AES256",),
    "Stream encryptionType": ("NONE",),
    "encryptionOption": ("SSE_S3",),
    "catalogEncryptionMode": ("DISABLED",),
    "clientBroker": ("TLS_PLAINTEXT", "PLAINTEXT"),
    "publicAccess.type": ("SERVICE_PROVIDED_EIPS",),
    "tlsSecurityPolicy": ("Policy-Min-TLS-1-0-2019-07",),
    "Method authorization": ("NONE",),
    "loggingLevel": ("OFF",),
    "versioningConfiguration.status": ("Suspended",),
    "Function runtime": ("python3.8",),
    "tracingConfig.mode": ("PassThrough",),
    "Permission principal": ("*",),
    "metadata.namespace": ("default",),
    "image": ("example.org/anything:latest", "example.org/anything"),
    "seccompProfile.type": ("Unconfined",),
    "containers.*.securityContext": ({},),
    "Cluster version": ("1.21",),
    "cidrIpv4": ("0.0.0.0/0",),
    "cidrIpv6": ("::/0",),
    "NetworkAcl ingress.*.cidrBlock": ("0.0.0.0/0",),
    "RolePolicyAttachment policyArn": (ADMINISTRATOR,),
    "managedPolicyArns": ([ADMINISTRATOR],),
    "userData": (PASSWORD_IN_CODE,),
    "overrideAction": ({"count": {}},),
    # numbers, in the direction that weakens
    "retentionInDays": (1, 7),
    "backupRetentionPeriod": (1,),
    "minimumPasswordLength": (6,),
    "passwordReusePrevention": (1,),
    "maxPasswordAge": (1095,),
    "httpPutResponseHopLimit": (5,),
    "automaticallyAfterDays": (1000,),
    "monitoringInterval": (0,),
    "clusterConfig.instanceCount": (1,),
    "dedicatedMasterCount": (2,),
    "hostPort": (22,),
    # switches that are not set
    "Key isEnabled": (False,),
    "hostNetwork": (True,),
    "hostPID": (True,),
    "hostIPC": (True,),
    "privileged": (True,),
    "allowPrivilegeEscalation": (True,),
    "automountServiceAccountToken": (True,),
    "publiclyAccessible": (True,),
    "mapPublicIpOnLaunch": (True,),
    "associatePublicIpAddress": (True,),
    "internalUserDatabaseEnabled": (True,),
    "cachingEnabled": (True,),
    "cacheClusterEnabled": (True,),
    # sets
    "publicAccessCidrs": (["0.0.0.0/0"],),
    "enabledClusterLogTypes": ([], ["api"]),
    "enabledCloudwatchLogsExports": ([],),
    "capabilities.add": (["SYS_ADMIN"], ["ALL"]),
    "capabilities.drop": ([], ["NET_RAW"]),
    "Role rules.*.verbs": (["*"],),
    "Role rules.*.resources": (["*"],),
    "Role rules.*.apiGroups": (["*"],),
    "ClusterRole rules.*.verbs": (["*"],),
    "ClusterRole rules.*.resources": (["*"],),
    "ClusterRole rules.*.apiGroups": (["*"],),
    "SecurityGroup ingress.*.cidrBlocks": (EVERYWHERE,),
    "SecurityGroup egress.*.cidrBlocks": (EVERYWHERE,),
    "SecurityGroup ingress.*.ipv6CidrBlocks": (["::/0"],),
    "SecurityGroup egress.*.ipv6CidrBlocks": (["::/0"],),
    "volumes.*.hostPath.path": ("/var/run/docker.sock",),
    "env.*.valueFrom.secretKeyRef": ({"name": "keys", "key": "token"},),
    "envFrom.*.secretRef": ({"name": "keys"},),
}
"""Weaker values by the end of a path; with `Kind` before it, by the whole path."""

POLICIES: Mapping[str, JsonValue] = {
    "RolePolicy policy": ANYTHING,
    "Policy policy": ANYTHING,
    "Role assumeRolePolicy": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    "policy": ANYONE,
}
"""The statement that widens a policy."""

KEPT = frozenset(
    {
        *("engine", "engineMode", "engineVersion", "instanceClass", "loadBalancerType", "runtime", "type", "version"),
        *("name", "namespace", "labels", "annotations", "selector", "command", "args", "image", "kind"),
        *("port", "protocol", "fromPort", "toPort", "cidrIpv4", "cidrBlock", "path", "prefix", "ruleNo", "action"),
        *(
            "policy",
            "assumeRolePolicy",
            "policyArn",
            "principal",
            "subnetIds",
            "status",
            "objectOwnership",
            "sseAlgorithm",
        ),
        *("apiGroups", "resources", "verbs", "resourceNames", "customerMasterKeySpec", "automaticallyAfterDays"),
        *("environment", "variables", "overrideAction", "managedRuleGroupStatement", "none", "egress", "httpEndpoint"),
        *("runAsUser", "automountServiceAccountToken", "isEnabled", "userData"),
        *(
            "serviceNamespace",
            "httpMethod",
            "apiKeyRequired",
            "billingMode",
            "logType",
            "restApi",
            "destinationCidrBlock",
        ),
        *("kinesisSourceConfiguration", "authorization", "catalogEncryptionMode", "encryptionOption", "instanceCount"),
    }
)
"""What the provider demands, what says which thing is meant, and what only ever adds: without it nothing is weaker.

User 0 is no weakening while runAsNonRoot stands, for the node then refuses to start the container. Where a pod does not say
whether it gets a token its account does, and the other way round.
"""

SATELLITES = frozenset(
    {
        *("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"),
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        *("aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"),
        *("aws:ec2/flowLog:FlowLog", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"),
        *(
            "aws:secretsmanager/secretRotation:SecretRotation",
            "aws:backup/selection:Selection",
            "aws:cfg/recorder:Recorder",
        ),
        *("aws:wafv2/webAclAssociation:WebAclAssociation", "aws:rds/clusterParameterGroup:ClusterParameterGroup"),
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        "aws:apigateway/methodSettings:MethodSettings",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    }
)
"""Resources that only say how another one is set; a load balancer beside a security group is a thing of its own."""


class Looked(Protocol):
    """What a scanner looks at in one type."""

    @property
    def properties(self) -> Collection[str]:
        """Paths."""

    @property
    def satellites(self) -> Collection[str]:
        """Types that may stand beside it."""


@dataclass(frozen=True)
class Weakening:
    """One change for the worse."""

    token: str
    path: str
    urn: str
    how: str
    value: object = field(default=GONE, compare=False)

    def __str__(self) -> str:
        """The change as the test prints it."""
        return f"{self.urn.rpartition('::')[2]} ({self.token.rpartition(':')[2]}): {self.path} {self.how}"

    def applied(self, graph: ResourceGraph) -> ResourceGraph:
        """The graph after it."""
        if self.path == "(resource)":
            return without(graph, [self.urn])
        return changed(graph, [self.urn], lambda resource: put(resource.inputs, self.path, self.value))


def weakenings(graph: ResourceGraph, token: str, path: str) -> tuple[Weakening, ...]:
    """Everything that weakens one property of one type, resource by resource."""
    own = [each for each in graph.of(token) if not each.external]
    setting = [each for each in own if places(each.inputs, path)]
    return tuple(found for each in setting or own for found in _of(each, path, is_set=bool(setting)))


def satellites(graph: ResourceGraph, token: str, other: str) -> tuple[Weakening, ...]:
    """Every satellite of a type that stands beside a resource of another, dropped."""
    mains = {each.urn for each in graph.of(token) if not each.external}
    if other not in SATELLITES:
        return ()
    return tuple(
        Weakening(other, "(resource)", each.urn, f"dropped beside {token.rpartition(':')[2]}")
        for each in graph.of(other)
        if mains.intersection(each.dependencies)
    )


def draw(graph: ResourceGraph, types: Mapping[str, Looked], *, seed: int, count: int) -> list[Weakening]:
    """So many different weakenings: a pair of the list first, all alike, then a resource, then a way."""
    pairs = [found for found in _pairs(graph, types) if found]
    chooser = random.Random(seed)
    drawn: dict[Weakening, None] = {}
    for _ in range(50 * count):
        if len(drawn) == count:
            break
        ways = chooser.choice(pairs)
        urn = chooser.choice(sorted({each.urn for each in ways}))
        drawn[chooser.choice([each for each in ways if each.urn == urn])] = None
    return list(drawn)


def _pairs(graph: ResourceGraph, types: Mapping[str, Looked]) -> Iterator[tuple[Weakening, ...]]:
    for token, entry in types.items():
        for path in entry.properties:
            yield weakenings(graph, token, path)
        for other in entry.satellites:
            yield satellites(graph, token, other)


def _of(resource: Resource, path: str, *, is_set: bool) -> Iterator[Weakening]:
    kind, last = resource.type.rpartition(":")[2], path.rpartition(".")[2]
    for place in places(resource.inputs, path) or (path,):
        if _overruled(resource, place):
            continue
        now = at(resource.inputs, place) if is_set else None
        statement = POLICIES.get(f"{kind} {path}", POLICIES.get(path) if last == "policy" else None)
        if statement is not None and is_set:
            yield Weakening(resource.type, place, resource.urn, "widened", _widened(now, statement))
            continue
        for value in _weaker(kind, path, now, is_set=is_set):
            if value != now:
                yield Weakening(resource.type, place, resource.urn, f"= {json.dumps(value)}", value)
        if (
            is_set
            and last not in KEPT
            and not _default_is(resource.type, path, now)
            and not _stands_above(resource, place, now)
        ):
            yield Weakening(resource.type, place, resource.urn, f"taken away (was {json.dumps(now)[:60]})", GONE)


def _overruled(resource: Resource, place: str) -> bool:
    """Whether a pod's setting counts for nothing, because each of its containers has its own."""
    pod, _, setting = place.partition(".securityContext")
    if not pod.endswith("spec") or resource.type == "aws:eks/cluster:Cluster":
        return False
    containers = [*places(resource.inputs, f"{pod}.containers.*"), *places(resource.inputs, f"{pod}.initContainers.*")]
    return (
        place.startswith("spec")
        and "securityContext" in place
        and all(places(resource.inputs, f"{container}.securityContext{setting}") for container in containers)
    )


def _stands_above(resource: Resource, place: str, now: JsonValue) -> bool:
    """Whether a container's setting stands in its pod as well, and taking it away changes nothing."""
    container, found, setting = place.partition(".securityContext.")
    pod = re.sub(r"\.(init)?[cC]ontainers\.\d+$", "", container)
    above = f"{pod}.securityContext.{setting}"
    return (
        bool(found) and pod != container and bool(places(resource.inputs, above)) and at(resource.inputs, above) == now
    )


def _weaker(kind: str, path: str, now: JsonValue, *, is_set: bool) -> tuple[JsonValue, ...]:
    ends = [path.split(".", start)[-1] for start in range(path.count(".") + 1)]
    for key in (f"{kind} {path}", *ends):
        if key in WEAKER:
            return WEAKER[key]
    if is_set and isinstance(now, bool):
        return (not now,)
    if is_set and as_ref(now) is None and isinstance(now, list) and path.rpartition(".")[2] not in KEPT:
        return ([],)
    return ()


def _widened(now: JsonValue, statement: JsonValue) -> JsonValue:
    document = embedded_json(now)
    if not isinstance(document, dict):
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    before = document.get("Statement", [])
    return {**document, "Statement": [*(before if isinstance(before, list) else [before]), statement]}


@cache
def _table(token: str) -> Mapping[str, JsonValue]:
    section = defaults().get(token)
    return section.values if section else {}


def _default_is(token: str, path: str, now: JsonValue) -> bool:
    """Whether leaving a property out gives the same value, by the dated table."""
    table = _table(token)
    return path in table and table[path] == now
