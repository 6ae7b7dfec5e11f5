from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blueprint.wiring import Needs
from components.compute.cluster_spec import ClusterSpec, HardenedImage, SystemNodes
from components.versions import ADDONS
from tests.components.builders import names, types
from tests.components.compute.conftest import ADMINISTRATOR, cluster_graph
from tests.components.manifests import check, every, only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def test_the_api_is_private_encrypts_secrets_and_keeps_every_log(graph: ResourceGraph) -> None:
    inputs = only(graph, CLUSTER).inputs
    assert inputs["vpcConfig"]["endpointPublicAccess"] is False
    assert inputs["vpcConfig"]["endpointPrivateAccess"] is True
    assert inputs["encryptionConfig"] == {
        "provider": {"keyArn": "arn:aws:kms:us-east-1:111122223333:key/cluster-secrets"}, "resources": ["secrets"],
    }  # fmt: skip
    assert inputs["enabledClusterLogTypes"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    assert inputs["accessConfig"] == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert inputs["upgradePolicy"] == {"supportType": "STANDARD"}
    assert inputs["deletionProtection"] is True


def test_control_plane_logs_go_to_a_group_of_ours_that_keeps_them_as_long_as_the_posture_asks(
    graph: ResourceGraph,
) -> None:
    inputs = only(graph, "aws:cloudwatch/logGroup:LogGroup").inputs
    assert inputs["name"] == "/aws/eks/claims-prod/cluster"
    assert inputs["retentionInDays"] == 2192
    assert inputs["kmsKeyId"] == "arn:aws:kms:us-east-1:111122223333:key/logs"
    assert inputs["tags"]["audit-relevant"] == "true"


def test_only_named_roles_enter_the_cluster(graph: ResourceGraph) -> None:
    assert only(graph, "aws:eks/accessEntry:AccessEntry").inputs["principalArn"] == ADMINISTRATOR
    bound = only(graph, "aws:eks/accessPolicyAssociation:AccessPolicyAssociation").inputs
    assert bound["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def test_every_add_on_of_the_version_is_pinned_and_network_policies_are_enforced(graph: ResourceGraph) -> None:
    made = {each.inputs["addonName"]: each.inputs for each in every(graph, "aws:eks/addon:Addon")}
    assert {name: inputs["addonVersion"] for name, inputs in made.items()} == dict(ADDONS["1.35"])
    assert json.loads(made["vpc-cni"]["configurationValues"])["enableNetworkPolicy"] == "true"
    assert made["vpc-cni"]["podIdentityAssociations"][0]["serviceAccount"] == "aws-node"


def test_nodes_have_no_public_address_no_ssh_key_and_hand_out_metadata_by_token_only(graph: ResourceGraph) -> None:
    inputs = only(graph, TEMPLATE).inputs
    assert inputs["metadataOptions"]["httpTokens"] == "required"
    assert inputs["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert [each["associatePublicIpAddress"] for each in inputs["networkInterfaces"]] == ["false"]
    assert {each["ebs"]["encrypted"] for each in inputs["blockDeviceMappings"]} == {"true"}
    assert {each["ebs"]["kmsKeyId"] for each in inputs["blockDeviceMappings"]} == {
        "arn:aws:kms:us-east-1:111122223333:key/disks"
    }
    assert "keyName" not in inputs
    assert {each["resourceType"] for each in inputs["tagSpecifications"]} == {"instance", "volume", "network-interface"}


def test_validated_cryptography_takes_the_fips_image_and_says_what_it_is_hardened_to(graph: ResourceGraph) -> None:
    group = only(graph, GROUP).inputs
    assert group["amiType"] == "BOTTLEROCKET_x86_64_FIPS"
    assert (group["tags"]["hardening"], group["tags"]["fips"]) == ("cis1", "require")
    assert group["version"] == "1.35"


def test_an_image_of_ones_own_is_booted_and_its_baseline_is_recorded() -> None:
    image = HardenedImage(id="ami-0123456789abcdef0", baseline="stig", fips=True)
    found = cluster_graph(ClusterSpec(administrators=(ADMINISTRATOR,), hardened_images={"system": image}))
    group, template = only(found, GROUP).inputs, only(found, TEMPLATE).inputs
    assert (group["amiType"], template["imageId"]) == ("CUSTOM", "ami-0123456789abcdef0")
    assert (group["tags"]["hardening"], group["tags"]["fips"]) == ("stig", "require")
    assert "version" not in group
    assert "aws:scheduler/schedule:Schedule" not in types(found)


def test_nodes_are_renewed_before_their_image_is_older_than_a_patch_may_be_and_a_failure_is_told(
    graph: ResourceGraph,
) -> None:
    schedule = only(graph, "aws:scheduler/schedule:Schedule").inputs
    assert schedule["scheduleExpression"] == "rate(28 days)"
    assert schedule["target"]["arn"] == "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupVersion"
    assert "claims-prod-system" in json.dumps(schedule["target"]["input"])
    alarm = only(graph, "aws:cloudwatch/metricAlarm:MetricAlarm").inputs
    assert alarm["alarmActions"] == ["arn:aws:sns:us-east-1:111122223333:claims-alerts"]


def test_bottlerocket_takes_its_time_from_the_node_and_offers_no_admin_container(graph: ResourceGraph) -> None:
    text = base64.b64decode(only(graph, TEMPLATE).inputs["userData"]).decode()
    assert 'time-servers = ["169.254.169.123"]' in text
    assert "[settings.host-containers.admin]\nenabled = false" in text


def test_each_component_gets_a_closed_namespace_with_its_workloads() -> None:
    found = cluster_graph(
        ClusterSpec(administrators=(ADMINISTRATOR,)), {"gateway": Needs(workloads=frozenset({"gateway"}))}
    )
    space = only(found, "kubernetes:core/v1:Namespace", "cluster-namespaces-gateway").inputs["metadata"]
    assert space["name"] == "gateway"
    assert space["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    deny = only(found, POLICY, "cluster-namespaces-gateway-deny").inputs["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    basics = only(found, POLICY, "cluster-namespaces-gateway-basics").inputs["spec"]
    assert [rule["ports"] for rule in basics["egress"]] == [
        [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}], [{"port": 80, "protocol": "TCP"}],
    ]  # fmt: skip
    account = only(found, "kubernetes:core/v1:ServiceAccount", "cluster-namespaces-gateway-gateway").inputs
    assert account["automountServiceAccountToken"] is False
    assert "cluster-namespaces-gateway-gateway-identity" in names(
        found, "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    )
    assert "cluster-namespaces-gateway-quota" in names(found, "kubernetes:core/v1:ResourceQuota")


def test_queue_scaling_comes_with_gpu_pools_only(graph: ResourceGraph) -> None:
    release = only(graph, "kubernetes:helm.sh/v3:Release").inputs
    assert (release["chart"], release["version"]) == ("keda", "2.20.2")
    assert release["values"]["image"]["keda"]["registry"] == "111122223333.dkr.ecr.us-east-1.amazonaws.com"
    without = cluster_graph(ClusterSpec(administrators=(ADMINISTRATOR,)))
    assert "kubernetes:helm.sh/v3:Release" not in types(without)


def test_the_autoscaler_changes_groups_of_this_cluster_only(graph: ResourceGraph) -> None:
    policy = only(graph, "aws:iam/rolePolicy:RolePolicy", "cluster-node-scaling-rights").inputs["policy"]
    text = json.dumps(policy)
    assert "aws:ResourceTag/eks:cluster-name" in text
    assert "autoscaling:*" not in text
    order = only(graph, "kubernetes:core/v1:ConfigMap", "cluster-node-scaling-order").inputs["data"]["priorities"]
    assert next(iter(json.loads(order).items())) == ("40", [".*-p0-.*"])


def test_no_controller_can_be_granted_more_than_the_machinery_of_the_cluster(graph: ResourceGraph) -> None:
    bounded = {role.name for role in every(graph, "aws:iam/role:Role") if "permissionsBoundary" in role.inputs}
    assert bounded == {
        "cluster-addons-aws-ebs-csi-driver-role",
        "cluster-addons-vpc-cni-role",
        "cluster-node-scaling-role",
    }
    allowed = json.dumps(only(graph, "aws:iam/policy:Policy").inputs["policy"])
    assert not [service for service in ("iam:", "cloudtrail:", "kms:Put", "guardduty:") if service in allowed]


def test_images_are_scanned_without_pause_where_the_stack_owns_the_account() -> None:
    spec = ClusterSpec(administrators=(ADMINISTRATOR,))
    scanning = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
    assert only(cluster_graph(spec), scanning).inputs["scanType"] == "ENHANCED"
    assert scanning not in types(cluster_graph(spec, account_owner=False))


def test_repositories_are_immutable_and_encrypted_under_a_key_of_ours(graph: ResourceGraph) -> None:
    repository = only(graph, "aws:ecr/repository:Repository", "cluster-registry-vllm").inputs
    assert repository["name"] == "claims-prod/vllm/vllm-openai"
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["encryptionConfigurations"][0]["kmsKey"] == "arn:aws:kms:us-east-1:111122223333:key/objects"


def test_no_open_id_provider_no_key_pair_and_no_open_security_group_is_made(graph: ResourceGraph) -> None:
    assert not types(graph) & {"aws:iam/openIdConnectProvider:OpenIdConnectProvider", "aws:ec2/keyPair:KeyPair"}
    rule = only(graph, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.40.0.0/16", 443, 443)


def test_kubernetes_takes_every_object(graph: ResourceGraph) -> None:
    assert {"cluster-namespaces-cluster", "cluster-node-scaling-server", "cluster-addons-storage"} <= set(check(graph))


def test_a_cluster_needs_an_administrator() -> None:
    with pytest.raises(ValidationError, match="administrators"):
        ClusterSpec()  # type: ignore[call-arg]


@pytest.mark.parametrize("arn", ["arn:aws:iam::111122223333:user/ann", "deploy", "arn:aws:iam::1:role/x"])
def test_only_a_role_administers(arn: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        ClusterSpec(administrators=(arn,))


def test_a_role_is_not_administrator_and_viewer_at_once() -> None:
    with pytest.raises(ValidationError, match="leave out the weaker"):
        ClusterSpec(administrators=(ADMINISTRATOR,), viewers=(ADMINISTRATOR,))


def test_fewest_nodes_are_not_more_than_most() -> None:
    with pytest.raises(ValidationError, match="min_nodes is 4, more than max_nodes 3"):
        SystemNodes(min_nodes=4, max_nodes=3)


def test_controllers_reach_the_api_at_the_address_that_network_policies_see(graph: ResourceGraph) -> None:
    for part in ("node-scaling-to-apis", "queue-scaling-to-the-api"):
        ways = only(graph, POLICY, f"cluster-{part}").inputs["spec"]["egress"]
        assert [way["to"][0]["ipBlock"]["cidr"] for way in ways] == ["10.40.0.0/16", "172.20.0.1/32"]
        assert [way["ports"] for way in ways] == [[{"port": 443, "protocol": "TCP"}]] * 2
