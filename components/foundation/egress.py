"""The one way to names outside AWS: a proxy that asks who is calling."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import jinja2
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.ports import HttpProxyPort
from blueprint.types import KeyPurpose, Layer
from components.foundation.admission import Admission, ToPods
from components.foundation.allow_list import allow_list
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.hardened import (
    container_security,
    mounted_secrets,
    pod_security,
    resources,
    scratch,
    secrets_volume,
    spread,
)
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, IdentityPort, KeysPort, Port, SecretsPort
    from blueprint.types import Noun
    from blueprint.wiring import Edge
    from components.foundation.egress_spec import EgressProxySpec

apps = kubernetes.apps.v1
core = kubernetes.core.v1
net = kubernetes.networking.v1
LabelSelector = kubernetes.meta.v1.LabelSelectorArgs

PORT = 3128
USER = 13
"""The user that the image of Squid is made for."""
DRAIN_SECONDS = 30
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Nothing of the platform or of the organisation is reached through the proxy."""
CONFIGURATION, SECRETS = "/etc/proxy", "/etc/proxy-secrets"


class EgressProxy(Component):
    """Creates Squid with the wiring's allow-list and a secret for its callers, and admits the edges that lead to it."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: EgressProxySpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        identity: IdentityPort,
        secrets: SecretsPort,
        cluster: ClusterPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._identity, self._cluster = identity, cluster
        self._secret_arn = secrets.arns[f"{noun}/credentials"]
        self._who = identity.workloads[noun, "proxy"]
        self._namespace = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._run(spec)
        if platform.wiring.egress:
            self._leave()
        for edge in platform.wiring.to(noun):
            self._admit(edge, keys)
        url = f"http://{self.named('proxy')}.{self._who.namespace}.svc.cluster.local:{PORT}"
        self.ports = {"http-proxy": HttpProxyPort(provider=noun, url=url, secret_arn=self._secret_arn)}
        self.finish(url=url)

    def _meta(self, part: str) -> kubernetes.meta.v1.ObjectMetaArgs:
        return kubernetes.meta.v1.ObjectMetaArgs(
            name=self.named(part), namespace=self._namespace, labels={**self.labels(), **self._who.labels}
        )

    def _run(self, spec: EgressProxySpec) -> None:
        selects = LabelSelector(match_labels=dict(self._who.labels))
        configuration = squid_configuration(self.platform.wiring.egress)
        config = core.ConfigMap(
            self.named("config"), metadata=self._meta("config"), immutable=False,
            data={"squid.conf": configuration, "authenticate.sh": _text("authenticate.sh")}, opts=self._objects,
        )  # fmt: skip
        credentials = mounted_secrets(
            self, "credentials", namespace=self._namespace, files={"credentials": self._secret_arn}, opts=self._objects
        )
        apps.Deployment(
            self.named("proxy"), metadata=self._meta("proxy"),
            spec=apps.DeploymentSpecArgs(
                replicas=spec.replicas, selector=selects,
                strategy=apps.DeploymentStrategyArgs(
                    type="RollingUpdate", rolling_update=apps.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0)
                ),
                template=core.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(
                        labels={**self.labels(), **self._who.labels},
                        annotations={"blueprint/configuration": sha256(configuration.encode()).hexdigest()},
                    ),
                    spec=core.PodSpecArgs(
                        service_account_name=self._who.service_account, automount_service_account_token=False,
                        enable_service_links=False, security_context=pod_security(USER),
                        termination_grace_period_seconds=DRAIN_SECONDS + 15,
                        topology_spread_constraints=spread(self._who.labels), containers=[self._container()],
                        volumes=[
                            core.VolumeArgs(
                                name="config", config_map=core.ConfigMapVolumeSourceArgs(name=config.metadata.name)
                            ),
                            secrets_volume("credentials", self.named("credentials")),
                            scratch("spool", "64Mi"), scratch("run", "16Mi"), scratch("tmp", "16Mi"),
                        ],
                    ),
                ),
            ),
            opts=self.within(provider=self._cluster.provider_resource, depends_on=[credentials]),
        )  # fmt: skip
        core.Service(
            self.named("service"), metadata=self._meta("proxy"),
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(self._who.labels),
                ports=[core.ServicePortArgs(name="proxy", port=PORT, target_port=PORT, protocol="TCP")],
            ),
            opts=self._objects,
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("disruption"), metadata=self._meta("proxy"),
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selects),
            opts=self._objects,
        )  # fmt: skip

    def _container(self) -> core.ContainerArgs:
        listening = core.TCPSocketActionArgs(port=PORT)
        return core.ContainerArgs(
            name="squid", image=image("squid").at(self.platform), command=["squid"],
            args=["--foreground", "-f", f"{CONFIGURATION}/squid.conf"],
            ports=[core.ContainerPortArgs(name="proxy", container_port=PORT, protocol="TCP")],
            security_context=container_security(USER), resources=resources("100m", "256Mi", cpu_limit="1"),
            liveness_probe=core.ProbeArgs(tcp_socket=listening, period_seconds=10, timeout_seconds=5, failure_threshold=6),
            readiness_probe=core.ProbeArgs(tcp_socket=listening, period_seconds=5, timeout_seconds=5, failure_threshold=3),
            volume_mounts=[
                core.VolumeMountArgs(name="config", mount_path=CONFIGURATION, read_only=True),
                core.VolumeMountArgs(name="credentials", mount_path=SECRETS, read_only=True),
                core.VolumeMountArgs(name="spool", mount_path="/var/spool/squid"),
                core.VolumeMountArgs(name="run", mount_path="/run"),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108  the pod's own volume
            ],
        )  # fmt: skip

    def _leave(self) -> None:
        """To the firewall, which knows the allow-list as well; to nothing private."""
        net.NetworkPolicy(
            self.named("outward"), metadata=self._meta("outward"),
            spec=net.NetworkPolicySpecArgs(
                pod_selector=LabelSelector(match_labels=dict(self._who.labels)), policy_types=["Egress"],
                egress=[
                    net.NetworkPolicyEgressRuleArgs(
                        to=[net.NetworkPolicyPeerArgs(ip_block=net.IPBlockArgs(cidr="0.0.0.0/0", except_=list(PRIVATE)))],
                        ports=[net.NetworkPolicyPortArgs(protocol="TCP", port=443)],
                    )
                ],
            ),
            opts=self._objects,
        )  # fmt: skip

    def _admit(self, edge: Edge, keys: KeysPort) -> None:
        Admission(
            edge, platform=self.platform, consumer=self._identity.workloads[edge.consumer, edge.workload],
            cluster=self._cluster,
            allow=[
                reads_secrets(self._secret_arn), decrypts_secrets(self.platform, keys.arns[KeyPurpose.SECRETS]),
            ],
            way=ToPods(self._who.namespace, self._who.labels, PORT), opts=self.inside,
        )  # fmt: skip


def squid_configuration(names: frozenset[str]) -> str:
    """Squid's configuration for an allow-list; an empty list lets nothing through."""
    engine = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
    return engine.from_string(_text("squid.conf.j2")).render(
        port=PORT, names=allow_list(names), drain_seconds=DRAIN_SECONDS
    )


def _text(name: str) -> str:
    return files("components.foundation").joinpath(name).read_text(encoding="utf-8")
