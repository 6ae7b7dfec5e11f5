"""Node groups, with their launch template folded in."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeVar

from pydantic import JsonValue

from blueprint.graph import as_ref, embedded_json, is_unknown
from compliance.facts.base import Known, Leaf, Origin, Ref, Unknown
from compliance.facts.cluster import NodeGroup
from compliance.facts.leaf import every, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links, tagged_text
from compliance.sources.planned.reading import MISSING, Reading

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TIME_SERVER = "169.254.169.123"
"""Amazon Time Sync, as a node reaches it."""
SCHEDULE = "aws:scheduler/schedule:Schedule"
RENEWAL = "aws-sdk:eks:updateNodegroupVersion"
"""Last part of a schedule's target that makes EKS replace a group's nodes by those of the newest image."""
CUSTOM = "CUSTOM"
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}

Baseline: TypeAlias = Literal["none", "cis1", "cis2", "stig"]
Fips: TypeAlias = Literal["off", "prefer", "require"]
BASELINES: Mapping[str, Baseline] = {"none": "none", "cis1": "cis1", "cis2": "cis2", "stig": "stig"}
MODES: Mapping[str, Fips] = {"off": "off", "prefer": "prefer", "require": "require"}
W = TypeVar("W", bound=str)


def node_group(reading: Reading) -> NodeGroup:
    """Fold a managed node group."""
    template = reading.target("launchTemplate.id", TEMPLATE) or reading.target("launchTemplate.name", TEMPLATE)
    if template is None and reading.raw("launchTemplate") is not MISSING:
        reading.doubtful()
    return NodeGroup(
        id=reading.id("NodeGroup"),
        urns=(reading.urn, *((template.urn,) if template else ())),
        data_classes=reading.classes(),
        imdsv2=_tokens(template) if template else reading.absent_flag("launchTemplate.metadataOptions"),
        hop_limit=template.number("metadataOptions.httpPutResponseHopLimit") if template else _absent_number(reading),
        disks_encrypted=_encrypted(reading, template),
        disk_key=_disk_key(reading, template),
        public_ip=_public(reading, template),
        multi_az=_zones(reading),
        hardening=_hardening(reading),
        fips=_validated(reading),
        admin_path=_admin_path(reading, template),
        clock_sync_minutes=_clock(reading, template),
        node_life_days=_life(reading),
    )


def _tokens(template: Reading) -> Leaf[bool]:
    return mapped(template.text("metadataOptions.httpTokens"), lambda word: word == "required")


def _absent_number(reading: Reading) -> Leaf[int]:
    found = reading.absent("launchTemplate.hopLimit")
    return mapped(found, lambda value: value if isinstance(value, int) else 0)


def _encrypted(reading: Reading, template: Reading | None) -> Leaf[bool]:
    disks = template.items("blockDeviceMappings") if template else ()
    if template is None or not disks:
        return reading.absent_flag("launchTemplate.blockDeviceMappings")
    return every(template.flag(f"{disk}.ebs.encrypted") for disk in disks)


def _disk_key(reading: Reading, template: Reading | None) -> Leaf[Ref | None]:
    """The key of all disks; the first disk without one speaks for the group."""
    disks = template.items("blockDeviceMappings") if template else ()
    if template is None or not disks:
        return mapped(reading.absent("launchTemplate.blockDeviceMappings"), lambda _: None)
    keys = [template.link(f"{disk}.ebs.kmsKeyId") for disk in disks]
    return next((key for key in keys if isinstance(key, Unknown) or key.value is None), keys[0])


def _public(reading: Reading, template: Reading | None) -> Leaf[bool]:
    """What an interface leaves open, its subnet decides."""
    paths = [f"{card}.associatePublicIpAddress" for card in template.items("networkInterfaces")] if template else []
    told = [template.flag(path) for path in paths if template and template.raw(path) is not MISSING]
    if told and len(told) == len(paths):
        return some(told)
    subnets = [_by_subnet(reading, path) for path in reading.items("subnetIds")]
    if not subnets:
        return Unknown("cloud_decides", reading.origin("subnetIds"))
    return some((*told, *subnets, *([] if template else [reading.none("launchTemplate.networkInterfaces")])))


def _by_subnet(reading: Reading, path: str) -> Leaf[bool]:
    subnet = reading.target(path)
    return subnet.flag("mapPublicIpOnLaunch") if subnet else Unknown("not_read", reading.origin(path))


def _zones(reading: Reading) -> Leaf[bool]:
    """A subnet is in one zone; subnets whose zone is not told count as one zone each, as the network makes them."""
    paths = reading.items("subnetIds")
    if not paths:
        return Unknown("cloud_decides", reading.origin("subnetIds"))
    subnets = [(path, reading.target(path)) for path in paths]
    zones = {_zone(path, subnet) for path, subnet in subnets}
    return reading.known("subnetIds", len(zones) > 1)


def _zone(path: str, subnet: Reading | None) -> str:
    zone = subnet.raw("availabilityZone") if subnet else MISSING
    return zone if isinstance(zone, str) else path


def _hardening(reading: Reading) -> Leaf[Baseline]:
    """AWS says it of its own images; of an image of one's own, the tag says it."""
    kind = reading.text("amiType")
    if isinstance(kind, Unknown) or kind.value == CUSTOM:
        return kind if isinstance(kind, Unknown) else _tagged(reading, "hardening", BASELINES)
    return _told(reading.absent(f"hardening of {kind.value.partition('_')[0]}"), BASELINES)


def _validated(reading: Reading) -> Leaf[Fips]:
    kind = reading.text("amiType")
    if isinstance(kind, Unknown) or kind.value == CUSTOM:
        return kind if isinstance(kind, Unknown) else _tagged(reading, "fips", MODES)
    return reading.known("amiType", "require" if kind.value.endswith("_FIPS") else "off")


def _tagged(reading: Reading, key: str, words: Mapping[str, W]) -> Leaf[W]:
    text = tagged_text(reading.resource, key) or ""
    origin = Origin(urn=reading.urn, path=f"tags.{key}", how="tag")
    return Known(words[text], origin) if text in words else Unknown("untagged", origin)


def _told(leaf: Leaf[JsonValue], words: Mapping[str, W]) -> Leaf[W]:
    if isinstance(leaf, Unknown):
        return leaf
    return Known(words[str(leaf.value)], leaf.origin)


def _admin_path(reading: Reading, template: Reading | None) -> Leaf[Literal["direct", "bastion", "brokered"]]:
    beside = template.present("keyName") if template else reading.none("launchTemplate.keyName")
    keys = [reading.present("remoteAccess.ec2SshKey"), beside]
    return mapped(some(keys), lambda found: "direct" if found else "brokered")


def _clock(reading: Reading, template: Reading | None) -> Leaf[int | None]:
    kind = reading.text("amiType")
    if isinstance(kind, Unknown):
        return kind
    if kind.value != CUSTOM:
        found = reading.absent(f"clock of {kind.value.partition('_')[0]}")
        return mapped(found, lambda value: value if isinstance(value, int) else None)
    told = template.raw("userData") if template else MISSING
    if template is not None and is_unknown(told):  # type: ignore[arg-type]
        return Unknown("cloud_decides", template.origin("userData"))
    if template is not None and TIME_SERVER in _decoded(told):
        return template.known("userData", 1)
    return Unknown("not_read", reading.origin("amiType"))


def _decoded(value: JsonValue | object) -> str:
    try:
        return base64.b64decode(value, validate=True).decode(errors="replace") if isinstance(value, str) else ""
    except binascii.Error:
        return ""


def _life(reading: Reading) -> Leaf[int | None]:
    """Days between two renewals by a schedule that names this group.

    Nodes of one's own image are renewed when the document names a newer one, and no resource tells when that will be.
    """
    renewals = reading.links.derived(_renewals)
    for key in (reading.urn, reading.raw("nodeGroupName")):
        if isinstance(key, str) and key in renewals:
            return mapped(renewals[key].text("scheduleExpression"), _days)
    kind = reading.text("amiType")
    if isinstance(kind, Unknown) or kind.value == CUSTOM:
        return kind if isinstance(kind, Unknown) else Unknown("not_read", kind.origin)
    found = reading.absent("schedule of renewal")
    return mapped(found, lambda value: value if isinstance(value, int) else None)


def _renewals(links: Links) -> Mapping[str, Reading]:
    """Schedules that have EKS renew a node group, by the group's name or URN."""
    found: dict[str, Reading] = {}
    for schedule in (Reading(each, links) for each in links.graph.of(SCHEDULE)):
        target = schedule.raw("target.arn")
        asked = embedded_json(schedule.raw("target.input"))  # type: ignore[arg-type]
        if isinstance(target, str) and target.endswith(RENEWAL) and isinstance(asked, dict):
            group = asked.get("NodegroupName")
            ref = as_ref(group)
            found[ref.urn if ref else str(group)] = schedule
    return found


def _days(expression: str) -> int | None:
    """Whole days of a rate, rounded up; a calendar expression promises no interval that could be read here."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    return math.ceil(int(match[1]) * _HOURS[match[2]] / 24) if match else None


ADAPTERS = (Adapter("aws:eks/nodeGroup:NodeGroup", node_group),)
