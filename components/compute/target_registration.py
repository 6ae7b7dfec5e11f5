"""Registers pods with the load balancer that another part of the platform made."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.naming import namespace
from blueprint.types import Layer
from components.compute.pod_trust import pod_trust
from components.hardened import Peer, kubernetes_api, network_policy
from components.versions import CHARTS, image, registry

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import NetworkPort
    from components.compute.eks_port import EksPort

NAME = "aws-load-balancer-controller"
PODS = {"app.kubernetes.io/name": NAME}
WEBHOOK = 9443
LOOKS = (
    "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets", "ec2:DescribeVpcs", "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)  # fmt: skip
CHANGES = ("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets")


class TargetRegistration(Component):
    """Creates the AWS Load Balancer Controller from its pinned chart, for target group bindings alone.

    Load balancers, listeners and security groups are made elsewhere, and its role could make none: a Service of type
    LoadBalancer or an Ingress has no effect. The Helm release is one resource: what the chart renders is not looked into.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        cluster: EksPort,
        boundary_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("cluster/target-registration", platform=platform, opts=opts)
        self._cluster = cluster
        self._space = cluster.namespaces["cluster"]
        objects = self.within(provider=cluster.provider_resource)
        identity = self._may_register(boundary_arn)
        chart = CHARTS[NAME]
        kubernetes.helm.v3.Release(
            self.named("controller"), name=NAME, namespace=self._space, chart=chart.name, version=chart.version,
            repository_opts={"repo": chart.repository}, create_namespace=False, atomic=True, skip_crds=False,
            values=self._values(network), opts=self.within(provider=cluster.provider_resource, depends_on=[identity]),
        )  # fmt: skip
        network_policy(
            self, "to-apis", namespace=self._space, selects=PODS, opts=objects,
            ingress=[(Peer(cidr=network.vpc_cidr), [WEBHOOK])], egress=kubernetes_api(network, cluster),
        )  # fmt: skip
        self.finish()

    def _values(self, network: NetworkPort) -> dict[str, object]:
        pinned = image(NAME)
        return {
            "clusterName": self._cluster.name,
            "region": self.platform.region,
            "vpcId": network.vpc_id,
            "replicaCount": 2,
            "podDisruptionBudget": {"maxUnavailable": 1},
            "image": {
                "repository": f"{registry(self.platform)}/{self.platform.label}/{pinned.repository}",
                "tag": pinned.tag,
            },
            "serviceAccount": {"create": True, "name": NAME},
            "createIngressClassResource": False,
            "enableBackendSecurityGroup": False,
            "enableServiceMutatorWebhook": False,
            "enableShield": False,
            "enableWaf": False,
            "enableWafv2": False,
            "keepTLSSecret": True,
        }

    def _may_register(self, boundary_arn: pulumi.Input[str]) -> aws.eks.PodIdentityAssociation:
        platform = self.platform
        role = aws.iam.Role(
            self.named("role"), name=f"{platform.label}-target-registration", path="/blueprint/",
            description="Registers pods with target groups of the platform",
            assume_role_policy=pod_trust(platform, namespace=namespace("cluster"), service_account=NAME),
            permissions_boundary=boundary_arn, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        groups = f"arn:{platform.partition}:elasticloadbalancing:{platform.region}:{platform.account}:targetgroup/"
        aws.iam.RolePolicy(
            self.named("rights"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Sid": "LookAround", "Effect": "Allow", "Action": list(LOOKS), "Resource": "*"},
                {"Sid": "OwnTargetGroups", "Effect": "Allow", "Action": list(CHANGES),
                 "Resource": f"{groups}{platform.label}-*/*"},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return aws.eks.PodIdentityAssociation(
            self.named("identity"), cluster_name=self._cluster.name, namespace=self._space, service_account=NAME,
            role_arn=role.arn, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
