"""Parts of the cluster that AWS packages, each at a pinned version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.compute.pod_trust import pod_trust
from components.versions import ADDONS

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort
    from components.compute.cluster_spec import ClusterSpec
    from components.compute.eks_port import EksPort

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Run on every node and are wanted the moment it joins; the others wait for a node to run on."""

STORAGE_CLASS = "encrypted"
"""The default storage class: gp3 under the platform's disk key."""

_ROLES = {
    "vpc-cni": ("aws-node", "AmazonEKS_CNI_Policy"),
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
}
"""Add-on -> service account and AWS managed policy of the role that it calls AWS with."""

_CONFIGURATION: dict[str, dict[str, object]] = {
    "vpc-cni": {"enableNetworkPolicy": "true", "nodeAgent": {"enablePolicyEventLogs": "true"}},
    "coredns": {"replicaCount": 3},
    "aws-secrets-store-csi-driver-provider": {
        "secrets-store-csi-driver": {"enableSecretRotation": True, "syncSecret": {"enabled": False}}
    },
}
"""What differs from an add-on's defaults: network policies are enforced, secrets follow their rotation."""


class Addons(Component):
    """Creates the add-ons, the roles of those that call AWS, and the default storage class.

    Not created: GuardDuty's agent, which GuardDuty installs and renews itself.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        spec: ClusterSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        cluster: EksPort,
        boundary_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("cluster/addons", platform=platform, opts=opts)
        self._versions = ADDONS[spec.version]
        self._keys = keys
        self._cluster = cluster
        self._boundary_arn = boundary_arn
        self.before_nodes = [self._addon(name, self.inside) for name in BEFORE_NODES]

    def finish_after(self, nodes: pulumi.Resource) -> None:
        """Make the add-ons that need a node to run on, and the storage class."""
        waiting = self.within(depends_on=[nodes])
        for name in sorted(self._versions.keys() - set(BEFORE_NODES)):
            self._addon(name, waiting)
        self._storage_class(waiting)
        self.finish()

    def _addon(self, name: str, opts: pulumi.ResourceOptions) -> aws.eks.Addon:
        configuration = _CONFIGURATION.get(name)
        association = [
            aws.eks.AddonPodIdentityAssociationArgs(service_account=_ROLES[name][0], role_arn=self._role(name).arn)
        ] if name in _ROLES else None  # fmt: skip
        return aws.eks.Addon(
            self.named(name), cluster_name=self._cluster.name, addon_name=name, addon_version=self._versions[name],
            configuration_values=json.dumps(configuration, sort_keys=True) if configuration else None,
            pod_identity_associations=association, resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE", tags=self.tags(), opts=opts,
        )  # fmt: skip

    def _role(self, name: str) -> aws.iam.Role:
        account, managed = _ROLES[name]
        platform = self.platform
        role = aws.iam.Role(
            self.named(name, "role"), name=f"{platform.label}-{name}", path="/blueprint/", description=f"Add-on {name}",
            assume_role_policy=pod_trust(platform, namespace="kube-system", service_account=account),
            permissions_boundary=self._boundary_arn, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.iam.RolePolicyAttachment(
            self.named(name, "policy"), role=role.name,
            policy_arn=f"arn:{platform.partition}:iam::aws:policy/{managed}", opts=self.inside,
        )  # fmt: skip
        if name == "aws-ebs-csi-driver":
            self._disk_key(role)
        return role

    def _disk_key(self, role: aws.iam.Role) -> None:
        key = self._keys.arns[KeyPurpose.DISKS]
        through = {"kms:ViaService": f"ec2.{self.platform.region}.amazonaws.com"}
        use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom",
               "kms:ReEncryptTo"]  # fmt: skip
        aws.iam.RolePolicy(
            self.named("disk-key"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": use, "Resource": key, "Condition": {"StringEquals": through}},
                {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": key,
                 "Condition": {"StringEquals": through, "Bool": {"kms:GrantIsForAWSResource": "true"}}},
            ]}),
            opts=self.inside,
        )  # fmt: skip

    def _storage_class(self, opts: pulumi.ResourceOptions) -> None:
        kubernetes.storage.v1.StorageClass(
            self.named("storage"),
            metadata={
                "name": STORAGE_CLASS, "labels": self.labels(),
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            provisioner="ebs.csi.aws.com", volume_binding_mode="WaitForFirstConsumer", reclaim_policy="Delete",
            allow_volume_expansion=True,
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": self._keys.arns[KeyPurpose.DISKS]},
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=self._cluster.provider_resource)),
        )  # fmt: skip
