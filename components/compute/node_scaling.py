"""Adds nodes for pods that wait and removes nodes that stand idle, in the order of capacity that pools state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.compute.node_scaling_rights import CLUSTER_RULES, NAMESPACE_RULES
from components.compute.pod_trust import pod_trust
from components.hardened import (
    container_security,
    env,
    http_probe,
    kubernetes_api,
    network_policy,
    pod_security,
    resources,
    spread,
)
from components.versions import image

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import NetworkPort
    from components.compute.eks_port import EksPort

NAME = "cluster-autoscaler"
PORT = 8085
FIRST = 40
STEP = 10
CHOICES = 4
"""A pool buys capacity in at most so many ways; `-p0-` in the name of a node group is its first choice."""


class NodeScaling(Component):
    """Creates the cluster autoscaler as plain objects, with a role that changes this cluster's groups only.

    Its role has the boundary of the cluster's controllers, since that of workloads forbids every change to the platform,
    and changing the number of nodes is what it is for.
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
        super().__init__("cluster/node-scaling", platform=platform, opts=opts)
        self._cluster = cluster
        self._space = cluster.namespaces["cluster"]
        self._objects = self.within(provider=cluster.provider_resource)
        self._selects = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "cluster"}
        account = kubernetes.core.v1.ServiceAccount(
            self.named("account"), metadata=self._meta(), automount_service_account_token=False, opts=self._objects
        )
        self._may_call_aws(boundary_arn)
        self._may_call_kubernetes()
        self._order()
        self._deploy(account)
        network_policy(
            self, "to-apis", namespace=self._space, selects=self._selects, opts=self._objects,
            egress=kubernetes_api(network, cluster),
        )  # fmt: skip
        self.finish()

    def _meta(self, name: str = NAME) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(
            name=name, namespace=self._space, labels={**self.labels(), **self._selects}
        )

    def _may_call_aws(self, boundary_arn: pulumi.Input[str]) -> None:
        platform = self.platform
        role = aws.iam.Role(
            self.named("role"), name=f"{platform.label}-{NAME}", path="/blueprint/", description="Changes the number of nodes",
            assume_role_policy=pod_trust(platform, namespace="cluster", service_account=NAME),
            permissions_boundary=boundary_arn, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        here = f"arn:{platform.partition}:{{}}:{platform.region}:{platform.account}:{{}}"
        looks = [
            "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities", "ec2:DescribeImages",
            "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplateVersions",
        ]  # fmt: skip
        changes = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
        aws.iam.RolePolicy(
            self.named("rights"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Sid": "LookAround", "Effect": "Allow", "Action": looks, "Resource": "*"},
                {"Sid": "GroupsOfThisCluster", "Effect": "Allow", "Action": changes,
                 "Resource": here.format("autoscaling", "autoScalingGroup:*:autoScalingGroupName/eks-*"),
                 "Condition": {"StringEquals": {"aws:ResourceTag/eks:cluster-name": self._cluster.name}}},
                {"Sid": "WhatNodesWillBe", "Effect": "Allow", "Action": "eks:DescribeNodegroup",
                 "Resource": pulumi.Output.concat(here.format("eks", "nodegroup/"), self._cluster.name, "/*/*")},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        aws.eks.PodIdentityAssociation(
            self.named("identity"), cluster_name=self._cluster.name, namespace=self._space, service_account=NAME,
            role_arn=role.arn, tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _may_call_kubernetes(self) -> None:
        rbac = kubernetes.rbac.v1
        subject = rbac.SubjectArgs(kind="ServiceAccount", name=NAME, namespace=self._space)
        rbac.ClusterRole(
            self.named("reads"),
            metadata={"name": NAME, "labels": self.labels()},
            rules=CLUSTER_RULES,
            opts=self._objects,
        )
        rbac.ClusterRoleBinding(
            self.named("reads-bound"), metadata={"name": NAME, "labels": self.labels()}, subjects=[subject],
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME}, opts=self._objects,
        )  # fmt: skip
        rbac.Role(self.named("own"), metadata=self._meta(), rules=NAMESPACE_RULES, opts=self._objects)
        rbac.RoleBinding(
            self.named("own-bound"), metadata=self._meta(), subjects=[subject],
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME}, opts=self._objects,
        )  # fmt: skip

    def _order(self) -> None:
        """Which group is tried first; a group that cannot grow is passed over until it can."""
        order = {FIRST - STEP * choice: [f".*-p{choice}-.*"] for choice in range(CHOICES)}
        kubernetes.core.v1.ConfigMap(
            self.named("order"), metadata=self._meta(f"{NAME}-priority-expander"),
            data={"priorities": json.dumps({str(key): value for key, value in {**order, 1: [".*"]}.items()}, indent=1)},
            opts=self._objects,
        )  # fmt: skip

    def _deploy(self, account: kubernetes.core.v1.ServiceAccount) -> None:
        core = kubernetes.core.v1
        token = core.VolumeArgs(
            name="token",
            projected=core.ProjectedVolumeSourceArgs(sources=[
                core.VolumeProjectionArgs(service_account_token=core.ServiceAccountTokenProjectionArgs(
                    path="token", expiration_seconds=3600)),
                core.VolumeProjectionArgs(config_map=core.ConfigMapProjectionArgs(
                    name="kube-root-ca.crt", items=[core.KeyToPathArgs(key="ca.crt", path="ca.crt")])),
                core.VolumeProjectionArgs(downward_api=core.DownwardAPIProjectionArgs(items=[
                    core.DownwardAPIVolumeFileArgs(path="namespace", field_ref=core.ObjectFieldSelectorArgs(
                        field_path="metadata.namespace"))])),
            ]),
        )  # fmt: skip
        found = pulumi.Output.concat(
            "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/",
            self._cluster.name,
        )
        words: list[pulumi.Input[str]] = [
            "--cloud-provider=aws", "--expander=priority,least-waste", "--balance-similar-node-groups=true", found,
            "--skip-nodes-with-local-storage=false", "--scale-down-unneeded-time=15m", "--max-node-provision-time=15m",
            pulumi.Output.concat("--namespace=", self._space),
        ]  # fmt: skip
        container = core.ContainerArgs(
            name=NAME, image=image(NAME).at(self.platform), command=["./cluster-autoscaler"], args=words,
            env=env({"AWS_REGION": self.platform.region, "AWS_STS_REGIONAL_ENDPOINTS": "regional"}),
            ports=[core.ContainerPortArgs(name="http", container_port=PORT, protocol="TCP")],
            liveness_probe=http_probe("/health-check", PORT), readiness_probe=http_probe("/health-check", PORT),
            resources=resources("100m", "600Mi", cpu_limit="1"), security_context=container_security(),
            volume_mounts=[core.VolumeMountArgs(
                name="token", mount_path="/var/run/secrets/kubernetes.io/serviceaccount", read_only=True)],
        )  # fmt: skip
        labels = {**self.labels(), **self._selects}
        kubernetes.apps.v1.Deployment(
            self.named("server"), metadata=self._meta(),
            spec=kubernetes.apps.v1.DeploymentSpecArgs(
                replicas=2, selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=self._selects),
                template=core.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels),
                    spec=core.PodSpecArgs(
                        service_account_name=account.metadata.name.apply(str), automount_service_account_token=False,
                        enable_service_links=False, priority_class_name="system-cluster-critical",
                        security_context=pod_security(), containers=[container], volumes=[token],
                        topology_spread_constraints=spread(self._selects),
                    ),
                ),
            ),
            opts=self._objects,
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(),
            spec={"max_unavailable": 1, "selector": {"match_labels": self._selects}}, opts=self._objects,
        )  # fmt: skip
