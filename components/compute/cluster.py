"""The Kubernetes cluster: control plane, who may enter, nodes for the platform's own parts, a namespace for each component."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Dialect, KeyPurpose, Layer
from components.compute.addons import Addons
from components.compute.certificates import Certificates
from components.compute.controller_boundary import controller_boundary
from components.compute.eks_port import EksPort
from components.compute.image_verification import ImageVerification
from components.compute.namespaces import Namespaces
from components.compute.node_role import node_role
from components.compute.node_scaling import NodeScaling
from components.compute.queue_scaling import QueueScaling
from components.compute.registry import Registry
from components.compute.sandboxes import sandboxes
from components.compute.system_nodes import SystemNodes
from components.compute.target_registration import TargetRegistration
from components.foundation.log_group import log_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, IdentityPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from components.compute.cluster_spec import ClusterSpec

ACCESS = {"administrators": "AmazonEKSClusterAdminPolicy", "viewers": "AmazonEKSAdminViewPolicy"}
"""Field of the spec -> access policy of EKS."""


class Cluster(Component):
    """Creates an EKS cluster that is entered through access entries only, from inside the VPC.

    Not created: an OIDC provider (workloads use Pod Identity), an SSH key, a public endpoint unless the posture has no
    objection.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        noun: Noun,
        spec: ClusterSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        audit: AuditPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec = spec
        self._classes = platform.classes(noun)
        control_plane = self._control_plane(network, keys)
        entries = self._access(control_plane)
        nodes = node_role(self, "nodes", description="Nodes of the cluster")
        access = kubernetes.Provider(
            self.named("access"), kubeconfig=self._kubeconfig(control_plane), opts=self.within(depends_on=entries)
        )
        port = EksPort(
            provider=noun, name=control_plane.name, endpoint=control_plane.endpoint,
            security_group_id=control_plane.vpc_config.cluster_security_group_id, provider_resource=access, namespaces={},
            version=spec.version, certificate_authority=control_plane.certificate_authority.data,
            service_cidr=spec.service_cidr, service_address=str(ip_network(spec.service_cidr)[1]), node_role_arn=nodes.arn, hardened_images=spec.hardened_images,
        )  # fmt: skip
        boundary = controller_boundary(self)
        Registry(platform=platform, keys=keys, opts=self.inside)
        addons = Addons(spec, platform=platform, keys=keys, cluster=port, boundary_arn=boundary.arn, opts=self.inside)
        system = SystemNodes(
            spec, platform=platform, network=network, keys=keys, cluster=port, alert_topic_arn=audit.alert_topic_arn,
            opts=self.within(depends_on=addons.before_nodes),
        )  # fmt: skip
        addons.finish_after(system.group)
        spaces = Namespaces(
            spec, platform=platform, identity=identity, cluster=port, opts=self.within(depends_on=[system.group])
        )
        inside = replace(port, namespaces=spaces.names, sandbox=sandboxes(self, port))
        controllers = self._controllers(inside, network, identity, boundary.arn, system.group)
        ready = kubernetes.Provider(
            self.named("ready"), kubeconfig=self._kubeconfig(control_plane),
            opts=self.within(depends_on=[*entries, *controllers]),
        )  # fmt: skip
        self.cluster_port = replace(inside, provider_resource=ready)
        self.ports = {"kubernetes": self.cluster_port}
        self.finish(name=control_plane.name, endpoint=control_plane.endpoint)

    def _controllers(
        self,
        cluster: EksPort,
        network: NetworkPort,
        identity: IdentityPort,
        boundary_arn: pulumi.Input[str],
        nodes: pulumi.Resource,
    ) -> list[pulumi.Resource]:
        """What carries out the objects of other components: those are registered after it, through the port's provider."""
        platform, wiring, after = self.platform, self.platform.wiring, self.within(depends_on=[nodes])
        made: list[pulumi.Resource] = [
            NodeScaling(platform=platform, network=network, cluster=cluster, boundary_arn=boundary_arn, opts=after)
        ]
        if any(noun != self.noun for noun, _ in wiring.workloads):
            made.append(Certificates(platform=platform, network=network, cluster=cluster, opts=after))
        if any(offer.dialect == Dialect.INGRESS for needs in wiring.needs.values() for offer in needs.offers):
            made.append(
                TargetRegistration(
                    platform=platform, network=network, cluster=cluster, boundary_arn=boundary_arn, opts=after
                )
            )
        if any(noun.startswith("gpu_pools/") for noun in wiring.needs):
            made.append(
                QueueScaling(platform=platform, network=network, identity=identity, cluster=cluster, opts=after)
            )
        if self._spec.image_signers:
            made.append(
                ImageVerification(
                    self._spec.image_signers, platform=platform, network=network, cluster=cluster,
                    boundary_arn=boundary_arn, opts=after,
                )
            )  # fmt: skip
        return made

    def _control_plane(self, network: NetworkPort, keys: KeysPort) -> aws.eks.Cluster:
        platform, posture, spec = self.platform, self.platform.posture, self._spec
        logs = log_group(
            self, "logs", name=f"/aws/eks/{platform.label}/cluster", key_arn=keys.arns[KeyPurpose.LOGS],
            days=spec.log_retention_days or posture.audit_log_retention_days(self._classes), keep=spec.keep,
        )  # fmt: skip
        role = self._role()
        private = posture.eks_endpoint_access(self._classes) != "public"
        return aws.eks.Cluster(
            self.named("control-plane"), name=platform.label, version=spec.version, role_arn=role.arn,
            vpc_config={
                "subnet_ids": list(network.workload_subnet_ids), "security_group_ids": [self._security_group(network).id],
                "endpoint_private_access": True, "endpoint_public_access": not private,
            },
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": spec.service_cidr},
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            encryption_config={"resources": ["secrets"], "provider": {"key_arn": keys.arns[KeyPurpose.CLUSTER_SECRETS]}},
            enabled_cluster_log_types=sorted(posture.eks_control_plane_logs(self._classes)),
            upgrade_policy={"support_type": "STANDARD"}, bootstrap_self_managed_addons=False,
            zonal_shift_config={"enabled": posture.multi_az(self._classes)},
            deletion_protection=spec.keep and posture.deletion_protection(self._classes), tags=self.tags(),
            opts=self.within(protect=spec.keep, depends_on=[logs]),
        )  # fmt: skip

    def _role(self) -> aws.iam.Role:
        account = {"StringEquals": {"aws:SourceAccount": self.platform.account}}
        role = aws.iam.Role(
            self.named("role"), name=f"{self.platform.label}-cluster", path="/blueprint/",
            description="Control plane of the cluster",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": account,
            }]}),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.iam.RolePolicyAttachment(
            self.named("role-policy"), role=role.name,
            policy_arn=f"arn:{self.platform.partition}:iam::aws:policy/AmazonEKSClusterPolicy", opts=self.inside,
        )  # fmt: skip
        return role

    def _security_group(self, network: NetworkPort) -> aws.ec2.SecurityGroup:
        """Lets the API be reached from the VPC; EKS's own group joins nodes and control plane."""
        group = aws.ec2.SecurityGroup(
            self.named("api"), name=f"{self.platform.label}-kubernetes-api", vpc_id=network.vpc_id,
            description="Kubernetes API from inside the VPC", tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.vpc.SecurityGroupIngressRule(
            self.named("api-from-vpc"), security_group_id=group.id, description="Kubernetes API from inside the VPC",
            cidr_ipv4=network.vpc_cidr, ip_protocol="tcp", from_port=443, to_port=443, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        return group

    def _access(self, control_plane: aws.eks.Cluster) -> list[pulumi.Resource]:
        made: list[pulumi.Resource] = []
        for field, policy in ACCESS.items():
            for number, principal in enumerate(getattr(self._spec, field)):
                part = f"{field}-{number}"
                entry = aws.eks.AccessEntry(
                    self.named(part), cluster_name=control_plane.name, principal_arn=principal, type="STANDARD",
                    tags=self.tags(), opts=self.inside,
                )  # fmt: skip
                bound = aws.eks.AccessPolicyAssociation(
                    self.named(part, "policy"), cluster_name=control_plane.name, principal_arn=entry.principal_arn,
                    policy_arn=f"arn:{self.platform.partition}:eks::aws:cluster-access-policy/{policy}",
                    access_scope={"type": "cluster"}, opts=self.inside,
                )  # fmt: skip
                made += [entry, bound]
        return made

    def _kubeconfig(self, control_plane: aws.eks.Cluster) -> pulumi.Output[str]:
        """How the deploying machine reaches the API: a token from its own AWS role, nothing secret in here."""
        arguments = ["eks", "get-token", "--output", "json", "--region", self.platform.region, "--cluster-name"]
        call = {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws", "interactiveMode": "Never"}
        one = {"name": "cluster"}
        return pulumi.Output.json_dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "cluster",
            "clusters": [{**one, "cluster": {
                "server": control_plane.endpoint, "certificate-authority-data": control_plane.certificate_authority.data,
            }}],
            "users": [{**one, "user": {"exec": {**call, "args": [*arguments, control_plane.name]}}}],
            "contexts": [{**one, "context": {"cluster": "cluster", "user": "cluster"}}],
        })  # fmt: skip
