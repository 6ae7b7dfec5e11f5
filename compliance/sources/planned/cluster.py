"""The cluster, its add-ons, who may enter, its nodes, and the repositories of its images."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Literal, TypeAlias

from blueprint.graph import Resource, is_unknown
from compliance.facts.base import Known, Leaf, Ref, Unknown
from compliance.facts.cluster import AccessEntry, Addon, Cluster, ImageRegistry
from compliance.facts.leaf import every, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.kubernetes import EVERYBODY
from compliance.sources.planned.links import Links
from compliance.sources.planned.reading import MISSING, Reading

ENTRY = "aws:eks/accessEntry:AccessEntry"
ROLE = "aws:iam/role:Role"
UNTOLD = ""
"""The principal that only the cloud knows."""
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
VERIFIER = "kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy"
"""What makes the cluster hold images against their signatures."""
Scan: TypeAlias = Literal["none", "on_push", "continuous"]


def cluster(reading: Reading) -> Cluster:
    """Fold a cluster."""
    return Cluster(
        id=reading.id("Cluster"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        endpoint_access=_endpoint(reading),
        secrets_key=_secrets_key(reading),
        log_types=reading.words("enabledClusterLogTypes"),
        access_mode=reading.text("accessConfig.authenticationMode"),
        creator_is_administrator=reading.flag("accessConfig.bootstrapClusterCreatorAdminPermissions"),
        version=reading.read("version", lambda value: value if value is None or isinstance(value, str) else MISSING),
        standard_support=mapped(reading.text("upgradePolicy.supportType"), lambda kind: kind == "STANDARD"),
        deletion_protected=reading.flag("deletionProtection"),
        images_verified=_verified(reading),
    )


def addon(reading: Reading) -> Addon:
    """Fold an add-on."""
    return Addon(
        id=reading.id("Addon"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        addon=reading.text("addonName"),
        version_pinned=reading.present("addonVersion"),
        network_policy=_network_policy(reading),
    )


def access_entry(reading: Reading) -> AccessEntry:
    """Fold an access entry with the policies that are bound to the same principal."""
    associations = reading.links.derived(_associations)
    bound = associations.get(_principal(reading), ())
    if UNTOLD in associations or _principal(reading) == UNTOLD:
        reading.doubtful()
    leaves = [(each, _policy(reading.of(each))) for each in bound]
    names = [leaf for _, leaf in leaves]
    unread = next((leaf for leaf in names if isinstance(leaf, Unknown)), reading.doubt("(AccessPolicyAssociation)"))
    told = frozenset(leaf.value for leaf in names if isinstance(leaf, Known))
    return AccessEntry(
        id=reading.id("AccessEntry"),
        urns=(reading.urn, *(each.urn for each in bound)),
        data_classes=reading.classes(),
        policies=unread or Known(told, names[0].origin if names else reading.origin("principalArn")),
        groups=reading.words("kubernetesGroups"),
    )  # fmt: skip


def image_registry(reading: Reading) -> ImageRegistry:
    """Fold a repository with its policy; whether it is scanned without pause is said for the whole registry."""
    policy = reading.satellite(REPOSITORY_POLICY, "repository")
    return ImageRegistry(
        id=reading.id("ImageRegistry"),
        urns=(reading.urn, *((policy.urn,) if policy else ())),
        data_classes=reading.classes(),
        scan=_scan(reading),
        immutable=mapped(reading.text("imageTagMutability"), lambda kind: kind.startswith("IMMUTABLE")),
        key=_image_key(reading),
        open_policy=_open_policy(policy) if policy else reading.absent_flag("RepositoryPolicy"),
    )


def _image_key(reading: Reading) -> Leaf[Ref | None]:
    """A key counts only where the repository is told to use one."""
    kind = reading.text("encryptionConfigurations.0.encryptionType")
    if isinstance(kind, Unknown):
        return kind
    if kind.value not in {"KMS", "KMS_DSSE"}:
        return Known(None, kind.origin)
    return reading.link("encryptionConfigurations.0.kmsKey")


def _endpoint(reading: Reading) -> Leaf[Literal["public", "restricted", "private"]]:
    public = reading.flag("vpcConfig.endpointPublicAccess")
    if isinstance(public, Unknown):
        return public
    if not public.value:
        return Known("private", public.origin)
    return mapped(
        reading.words("vpcConfig.publicAccessCidrs"), lambda cidrs: "public" if cidrs & EVERYBODY else "restricted"
    )


def _secrets_key(reading: Reading) -> Leaf[Ref | None]:
    names = reading.raw("encryptionConfig.resources")
    if isinstance(names, list) and "secrets" not in names:
        return reading.known("encryptionConfig.resources", None)
    return reading.link("encryptionConfig.provider.keyArn")


def _verified(reading: Reading) -> Leaf[bool]:
    """Whether a policy names keys, denies what they did not sign, and lets nothing through when it cannot answer."""
    policies = [reading.of(policy) for policy in reading.links.graph.of(VERIFIER)]
    return some(_denies(policy) for policy in policies) if policies else reading.absent_flag("ImageValidatingPolicy")


def _denies(policy: Reading) -> Leaf[bool]:
    return every(
        (
            policy.present("spec.attestors"),
            mapped(policy.words("spec.validationActions"), lambda words: "Deny" in words),
            mapped(policy.text("spec.failurePolicy"), lambda word: word == "Fail"),
        )
    )


def _network_policy(reading: Reading) -> Leaf[bool | None]:
    name = reading.text("addonName")
    if isinstance(name, Unknown):
        return name
    if name.value != "vpc-cni":
        return Known(None, name.origin)
    if reading.raw("configurationValues") is MISSING:
        return mapped(reading.absent("enableNetworkPolicy"), lambda value: value is True)
    told = reading.document("configurationValues")
    return mapped(told, lambda value: isinstance(value, dict) and value.get("enableNetworkPolicy") in (True, "true"))


def _associations(links: Links) -> Mapping[str, tuple[Resource, ...]]:
    """Policies of principals: an association names the principal, not the entry."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for each in links.graph.of(ASSOCIATION):
        found[_principal(Reading(each, links))].append(each)
    return {key: tuple(group) for key, group in found.items()}


def _principal(reading: Reading) -> str:
    """Who an entry or an association is for, told alike by both."""
    entry = reading.target("principalArn", ENTRY)
    if entry is not None and entry.resource.type == ENTRY:
        return _principal(entry)
    role = reading.target("principalArn", ROLE)
    value = reading.raw("principalArn")
    return role.urn if role else UNTOLD if is_unknown(value) else _text(value)  # type: ignore[arg-type]


def _policy(reading: Reading) -> Leaf[str]:
    return mapped(reading.text("policyArn"), lambda arn: arn.rpartition("/")[2])


def _scan(reading: Reading) -> Leaf[Scan]:
    """The registry's own setting wins over that of the repository, as AWS has it."""
    for each in reading.links.graph.of(SCANNING):
        registry = reading.of(each)
        if _same_place(registry.resource, reading.resource):
            words = [registry.text(f"{rule}.scanFrequency") for rule in registry.items("rules")]
            continuous = some(
                (registry.known("rules", value=False), *(mapped(w, "CONTINUOUS_SCAN".__eq__) for w in words))
            )
            enhanced = mapped(registry.text("scanType"), "ENHANCED".__eq__)
            on_push = some((registry.known("rules", value=False), *(mapped(w, "SCAN_ON_PUSH".__eq__) for w in words)))
            return _rank(every((enhanced, continuous)), some((on_push, continuous)))
    doubt = reading.doubt("(RegistryScanningConfiguration)")
    if doubt:
        return doubt
    pushed = reading.flag("imageScanningConfiguration.scanOnPush")
    return mapped(pushed, lambda value: "on_push" if value else "none")


def _rank(continuous: Leaf[bool], pushed: Leaf[bool]) -> Leaf[Scan]:
    if isinstance(continuous, Unknown) or continuous.value:
        return mapped(continuous, lambda _: "continuous")
    return mapped(pushed, lambda value: "on_push" if value else "none")


def _same_place(one: Resource, other: Resource) -> bool:
    return (one.account, one.region) == (other.account, other.region)


def _open_policy(policy: Reading) -> Leaf[bool]:
    """Whether a statement allows everybody without a condition."""
    document = policy.document("policy")
    return mapped(document, lambda value: any(_opens(each) for each in _statements(value)))


def _statements(document: object) -> list[object]:
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return found if isinstance(found, list) else [found]


def _opens(statement: object) -> bool:
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return "*" in (named if isinstance(named, list) else [named])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True) if value is not MISSING else ""


ADAPTERS = (
    Adapter("aws:eks/cluster:Cluster", cluster),
    Adapter("aws:eks/addon:Addon", addon),
    Adapter("aws:eks/accessEntry:AccessEntry", access_entry),
    Adapter("aws:ecr/repository:Repository", image_registry),
)
