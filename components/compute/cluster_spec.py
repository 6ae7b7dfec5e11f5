"""What a stack document may say about the Kubernetes cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from blueprint.spec import Spec, Tightens
from blueprint.types import AmiId, Dialect, Frozen, KeyPurpose, PrivateCidr
from blueprint.wiring import Needs, Offer
from components.versions import KubernetesVersion

RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
PublicKey = Annotated[
    str,
    StringConstraints(pattern=r"^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,76}\n)+-----END PUBLIC KEY-----\n?$"),
]
Machine: TypeAlias = Literal["system", "gpu"]
OPERATOR = "keda-operator"
"""Workload, and so service account, of the operator that scales model servers by their queues."""


class HardenedImage(Frozen):
    """A machine image that the organisation hardened itself; AWS offers none at STIG level for EKS nodes."""

    id: AmiId = Field(description="Image id in the stack's region")
    baseline: Literal["stig", "cis2", "cis1"] = Field(description="What it was hardened to, and can be shown to be")
    family: Literal["al2023", "bottlerocket"] = Field(
        "al2023", description="What it was made from, which decides how a node joins; left out: al2023"
    )
    fips: bool = Field(
        default=False, description="Whether its cryptographic modules are validated and switched on; left out: no"
    )
    gvisor: bool = Field(
        default=False,
        description="For system nodes: whether the image has gVisor and containerd knows it as runsc; left out: no, so that "
        "servers of tools share the node's kernel",
    )
    device_plugin: bool | None = Field(
        None,
        description="For gpu nodes: whether the image itself announces its GPUs to Kubernetes, as a service or a static "
        "pod; left out: bottlerocket does, al2023 does not and gets a DaemonSet that sees a path of the node",
    )


class SystemNodes(Frozen):
    """Nodes for everything that needs no accelerator."""

    instance: str = Field(
        "m6i.xlarge", pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9]+$", description="EC2 instance type; left out: m6i.xlarge"
    )
    min_nodes: int = Field(3, ge=1, le=100, description="Fewest nodes; left out: 3, one for each zone")
    max_nodes: int = Field(9, ge=1, le=450, description="Most nodes; left out: 9")
    disk_gib: int = Field(100, ge=30, le=16384, description="Data disk of each node, in GiB; left out: 100")

    @model_validator(mode="after")
    def _fewest_is_not_more_than_most(self) -> Self:
        if self.min_nodes > self.max_nodes:
            raise ValueError(f"min_nodes is {self.min_nodes}, more than max_nodes {self.max_nodes}")
        return self


class ClusterSpec(Spec):
    """An EKS cluster whose API is reached from inside the VPC only, unless the posture knows of no such demand."""

    kind: Literal["eks"] = "eks"
    version: KubernetesVersion = Field("1.35", description="Kubernetes version; left out: the newest that is pinned")
    administrators: tuple[RoleArn, ...] = Field(
        min_length=1,
        description="IAM roles that administer the cluster; the role that deploys the stack must be one of them",
    )
    viewers: tuple[RoleArn, ...] = Field((), description="IAM roles that may look at everything; left out: none")
    service_cidr: PrivateCidr = Field(
        "172.20.0.0/16", description="Addresses of Kubernetes services, outside the VPC; left out: 172.20.0.0/16"
    )
    log_retention_days: Annotated[int | None, Tightens("audit_log_retention_days")] = Field(
        None, ge=1, le=3653, description="Days that control plane logs are kept; left out: the posture's value"
    )
    pod_security: Annotated[Literal["restricted"] | None, Tightens("pod_security_level")] = Field(
        None, description="Level that namespaces of workloads enforce; left out: the posture's value"
    )
    system_nodes: SystemNodes = Field(
        SystemNodes(), description="Nodes without accelerators; left out: see SystemNodes"
    )
    hardened_images: Mapping[Machine, HardenedImage] = Field(
        default_factory=dict,
        description="Machine images of your own for system and gpu nodes; left out: Bottlerocket, which is hardened "
        "to CIS level 1, so that a posture asking for STIG fails its rule",
    )
    image_signers: tuple[PublicKey, ...] = Field(
        (),
        description="Public keys that your pipeline signs mirrored images with, in PEM; left out: images are not held "
        "against a signature, and a posture that asks for it fails its rule",
    )
    keep: bool = Field(
        default=True, description="Whether the cluster is protected against deletion; left out: it is protected"
    )

    @model_validator(mode="after")
    def _roles_are_named_once(self) -> Self:
        both = sorted(set(self.administrators) & set(self.viewers))
        if both:
            raise ValueError(f"roles are administrators and viewers at once: {', '.join(both)}; leave out the weaker")
        return self

    def needs(self) -> Needs:
        """What a cluster without a route to the internet calls, and keys for secrets, disks, logs and images."""
        return Needs(
            offers=(Offer(name="kubernetes", dialect=Dialect.KUBERNETES),),
            workloads=frozenset({OPERATOR}),
            services=frozenset({
                "autoscaling", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "logs", "s3",
                "secretsmanager", "ssm", "ssmmessages", "sts",
            }),
            keys=frozenset({KeyPurpose.CLUSTER_SECRETS, KeyPurpose.DISKS, KeyPurpose.LOGS, KeyPurpose.OBJECTS}),
        )  # fmt: skip
