"""What is told of node groups and their launch templates."""

from __future__ import annotations

import base64

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.cluster import NodeGroup
from tests.compliance.sources.planned.estate import only, ref, resource, urn, value

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
SUBNET = "aws:ec2/subnet:Subnet"
KEY = "aws:kms/key:Key"
LAUNCH: JsonValue = {"id": ref(TEMPLATE, "template")}


def disk(**ebs: JsonValue) -> JsonValue:
    return {"deviceName": "/dev/xvda", "ebs": dict(ebs)}


def group(template: dict[str, JsonValue] | None, *others: Resource, **inputs: JsonValue) -> NodeGroup:
    launch = [resource(TEMPLATE, "template", template)] if template is not None else []
    told: dict[str, JsonValue] = {"launchTemplate": LAUNCH, **inputs} if launch else dict(inputs)
    return only(NodeGroup, resource(GROUP, "nodes", told), *launch, *others)


def test_the_launch_template_is_folded_in() -> None:
    found = group({
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [disk(encrypted="true", kmsKeyId=ref(KEY, "disks", "arn"))],
        "networkInterfaces": [{"associatePublicIpAddress": "false"}],
    })  # fmt: skip
    assert found.urns == (urn(GROUP, "nodes"), urn(TEMPLATE, "template"))
    told = [value(leaf) for leaf in (found.imdsv2, found.hop_limit, found.disks_encrypted, found.public_ip)]
    assert told == [True, 1, True, False]
    assert value(found.disk_key).urn == urn(KEY, "disks")  # type: ignore[attr-defined]


def test_one_disk_without_encryption_speaks_for_all() -> None:
    found = group({"blockDeviceMappings": [disk(encrypted="true", kmsKeyId=ref(KEY, "disks", "arn")), disk()]})
    assert [value(found.disks_encrypted), value(found.disk_key)] == [False, None]


def test_a_group_without_template_has_what_eks_gives_it() -> None:
    found = group(None, amiType="AL2023_x86_64_STANDARD")
    told = [
        value(leaf) for leaf in (found.imdsv2, found.hop_limit, found.disks_encrypted, found.disk_key, found.hardening)
    ]
    assert told == [False, 2, False, None, "none"]


@pytest.mark.parametrize(
    ("image", "tags", "hardening", "fips"),
    [
        ("BOTTLEROCKET_x86_64_FIPS", {}, "cis1", "require"),
        ("BOTTLEROCKET_x86_64_NVIDIA", {"hardening": "stig"}, "cis1", "off"),
        ("AL2023_x86_64_NVIDIA", {}, "none", "off"),
        ("CUSTOM", {"hardening": "stig", "fips": "require"}, "stig", "require"),
        ("CUSTOM", {}, "?untagged", "?untagged"),
        ("CUSTOM", {"hardening": "very", "fips": "yes"}, "?untagged", "?untagged"),
    ],
)
def test_aws_speaks_for_its_own_images_and_the_tag_for_others(
    image: str, tags: dict[str, JsonValue], hardening: str, fips: str
) -> None:
    found = group(None, amiType=image, tags=tags)
    assert [value(found.hardening), value(found.fips)] == [hardening, fips]


@pytest.mark.parametrize(
    ("template", "inputs", "path"),
    [
        ({}, {}, "brokered"),
        ({"keyName": "mine"}, {}, "direct"),
        ({}, {"remoteAccess": {"ec2SshKey": "mine"}}, "direct"),
    ],
)
def test_an_ssh_key_is_a_direct_way_in(template: dict[str, JsonValue], inputs: dict[str, JsonValue], path: str) -> None:
    assert value(group(template, **inputs).admin_path) == path


def test_what_an_interface_leaves_open_its_subnet_decides() -> None:
    def subnet(*, public: bool) -> Resource:
        return resource(SUBNET, "one", {"mapPublicIpOnLaunch": public})

    where: dict[str, JsonValue] = {"subnetIds": [ref(SUBNET, "one")]}
    assert value(group({"networkInterfaces": [{}]}, subnet(public=True), **where).public_ip) is True
    assert value(group({"networkInterfaces": [{}]}, subnet(public=False), **where).public_ip) is False
    assert value(group({"networkInterfaces": [{}]}, **where).public_ip) == "?not_read"
    assert value(group({"networkInterfaces": [{"associatePublicIpAddress": "true"}]}, **where).public_ip) is True


def test_two_subnets_of_one_zone_are_one_zone() -> None:
    def subnets(*zones: str) -> list[Resource]:
        return [resource(SUBNET, f"s{number}", {"availabilityZone": zone}) for number, zone in enumerate(zones)]

    where: dict[str, JsonValue] = {"subnetIds": [ref(SUBNET, "s0"), ref(SUBNET, "s1")]}
    assert value(group(None, *subnets("us-east-1a", "us-east-1b"), **where).multi_az) is True
    assert value(group(None, *subnets("us-east-1a", "us-east-1a"), **where).multi_az) is False


def test_the_clock_of_an_own_image_is_known_only_when_its_user_data_names_the_time_service() -> None:
    told = base64.b64encode(b'time-servers = ["169.254.169.123"]').decode()
    assert value(group({"userData": told}, amiType="CUSTOM").clock_sync_minutes) == 1
    assert value(group({"userData": ""}, amiType="CUSTOM").clock_sync_minutes) == "?not_read"
    untold: dict[str, JsonValue] = {"userData": {"$unknown": True}}
    assert value(group(untold, amiType="CUSTOM").clock_sync_minutes) == "?cloud_decides"
    assert value(group({}, amiType="BOTTLEROCKET_x86_64").clock_sync_minutes) == 1


@pytest.mark.parametrize(
    ("rate", "days"), [("rate(14 days)", 14), ("rate(36 hours)", 2), ("rate(1 day)", 1), ("cron(0 3 ? * SUN *)", None)]
)
def test_a_schedule_that_renews_the_group_gives_its_nodes_an_end(rate: str, days: int | None) -> None:
    schedule = resource("aws:scheduler/schedule:Schedule", "renewal", {
        "scheduleExpression": rate,
        "target": {
            "arn": "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupVersion",
            "input": '{"ClusterName": "main", "NodegroupName": "main-nodes"}',
        },
    })  # fmt: skip
    own: dict[str, JsonValue] = {"amiType": "BOTTLEROCKET_x86_64", "nodeGroupName": "main-nodes"}
    assert value(group(None, schedule, **own).node_life_days) == days
    assert value(group(None, **own).node_life_days) is None
    assert value(group(None, amiType="CUSTOM").node_life_days) == "?not_read"
