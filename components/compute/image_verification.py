"""Holds every image against the signature of the organisation's pipeline before a pod starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.compute.pod_trust import pod_trust
from components.hardened import Peer, kubernetes_api, network_policy
from components.versions import CHARTS, image, registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import NetworkPort
    from components.compute.eks_port import EksPort

ACCOUNT = "kyverno-admission-controller"
"""Service account that the chart makes for a release called kyverno."""
PODS = {"app.kubernetes.io/part-of": "kyverno"}
WEBHOOK = 9443
_NO_HOOKS: Mapping[str, object] = {
    "crds": {"migration": {"enabled": False}},
    "policyReportsCleanup": {"enabled": False},
    "upgrade": {"legacyPolicyCheck": {"enabled": False}},
    "webhooksCleanup": {"enabled": False},
}
"""Jobs around install, upgrade and removal, whose images nobody mirrors; there are no policies of the old kinds to move."""
SECONDS = 15
"""Longest wait of the API server for an answer; without one the pod is refused."""


class ImageVerification(Component):
    """Creates Kyverno from its pinned chart and one policy: an image of the platform's registry runs only when signed.

    Pods of the cluster's own namespace and of kube-system are not asked, or nothing could start the verifier. The Helm
    release is one resource: what the chart renders is not looked into.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        signers: Sequence[str],
        *,
        platform: PlatformContext,
        network: NetworkPort,
        cluster: EksPort,
        boundary_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("cluster/image-verification", platform=platform, opts=opts)
        self._cluster = cluster
        self._space = cluster.namespaces["cluster"]
        self._objects = self.within(provider=cluster.provider_resource)
        identity = self._may_read_signatures(boundary_arn)
        chart = CHARTS["kyverno"]
        release = kubernetes.helm.v3.Release(
            self.named("kyverno"), name="kyverno", namespace=self._space, chart=chart.name, version=chart.version,
            repository_opts={"repo": chart.repository}, create_namespace=False, atomic=True, skip_crds=False,
            values=self._values(), opts=self.within(provider=cluster.provider_resource, depends_on=[identity]),
        )  # fmt: skip
        self._policy(signers, release)
        network_policy(
            self, "to-apis", namespace=self._space, selects=PODS, opts=self._objects,
            ingress=[(Peer(cidr=network.vpc_cidr), [WEBHOOK])], egress=kubernetes_api(network, cluster),
        )  # fmt: skip
        self.finish()

    def _values(self) -> dict[str, object]:
        host, label = registry(self.platform), self.platform.label

        def pinned(name: str) -> dict[str, str]:
            return {"registry": host, "repository": f"{label}/{image(name).repository}", "tag": image(name).tag}

        return {
            "admissionController": {
                "replicas": 3,
                "container": {"image": pinned("kyverno")},
                "initContainer": {"image": pinned("kyvernopre")},
            },
            "backgroundController": {"enabled": False},
            "cleanupController": {"enabled": False},
            "reportsController": {"enabled": False},
            "features": {"registryClient": {"credentialHelpers": ["amazon"]}},
            **_NO_HOOKS,
        }

    def _may_read_signatures(self, boundary_arn: pulumi.Input[str]) -> aws.eks.PodIdentityAssociation:
        platform = self.platform
        role = aws.iam.Role(
            self.named("role"), name=f"{platform.label}-image-verification", path="/blueprint/",
            description="Reads images and their signatures",
            assume_role_policy=pod_trust(platform, namespace="cluster", service_account=ACCOUNT),
            permissions_boundary=boundary_arn, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        repositories = (
            f"arn:{platform.partition}:ecr:{platform.region}:{platform.account}:repository/{platform.label}/*"
        )
        aws.iam.RolePolicy(
            self.named("rights"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Sid": "SignIn", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
                {"Sid": "Read", "Effect": "Allow", "Resource": repositories,
                 "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return aws.eks.PodIdentityAssociation(
            self.named("identity"), cluster_name=self._cluster.name, namespace=self._space, service_account=ACCOUNT,
            role_arn=role.arn, tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _policy(self, signers: Sequence[str], release: kubernetes.helm.v3.Release) -> None:
        names = [f"pipeline{number}" for number, _ in enumerate(signers, start=1)]
        trusted = ", ".join(f"attestors.{name}" for name in names)
        images = f"{registry(self.platform)}/{self.platform.label}/*"
        kubernetes.apiextensions.CustomResource(
            self.named("signed"), api_version="policies.kyverno.io/v1", kind="ImageValidatingPolicy",
            metadata={"name": f"{self.platform.label}-signed", "labels": self.labels()},
            spec={
                "failurePolicy": "Fail",
                "validationActions": ["Deny"],
                "webhookConfiguration": {"timeoutSeconds": SECONDS},
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                }]},
                "matchImageReferences": [{"glob": images}],
                "credentials": {"providers": ["amazon"]},
                "validationConfigurations": {"mutateDigest": False, "verifyDigest": False, "required": True},
                "attestors": [
                    {"name": name, "cosign": {"key": {"data": key}, "ctlog": {"insecureIgnoreTlog": True}}}
                    for name, key in zip(names, signers, strict=True)
                ],
                "validations": [
                    {
                        "expression": f"{part}.map(image, verifyImageSignatures(image, [{trusted}])).all(found, found > 0)",
                        "message": "an image without the signature of the organisation's pipeline does not run",
                    }
                    for part in ("images.containers", "images.initContainers", "images.ephemeralContainers")
                ],
            },
            opts=self.within(provider=self._cluster.provider_resource, depends_on=[release]),
        )  # fmt: skip
