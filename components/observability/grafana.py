"""Where people look at what the platform does."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.ports import HttpProxyPort, PrometheusPort
from blueprint.types import Layer
from components.certified import Certified
from components.gateway.entrance import HTTPS, Door, enter
from components.hardened import (
    Peer,
    container_security,
    env,
    http_probe,
    mounted_secrets,
    network_policy,
    pod_security,
    resources,
    scratch,
    secrets_volume,
    spread,
)
from components.observability import grafana_settings as told
from components.observability.dashboards.catalogue import catalogue
from components.observability.grafana_spec import WORKLOAD
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, IdentityPort, IngressPort, NetworkPort, Port, SecretsPort
    from blueprint.types import Noun
    from components.observability.grafana_spec import GrafanaSpec

core, meta, apps = kubernetes.core.v1, kubernetes.meta.v1, kubernetes.apps.v1

PROGRAM = "grafana.sh"
USER = 472
"""Grafana's own in its image."""
PRIORITY = 900
"""Place among the rules of the listener."""
DRAIN_SECONDS = 30
SESSION_SECONDS = 12 * 3600
"""How long a browser keeps coming to the same pod."""
SHOWN = (
    "cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmsForMetric", "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics",
)  # fmt: skip


class Grafana(Component):
    """Creates Grafana with its dashboards, its data sources and its part of the load balancer.

    Not created: a database. Dashboards, data sources and roles come from the document and the identity provider, so a pod
    has nothing to keep but sessions; a browser stays with its pod, and signs in anew, unseen, when that pod goes. Not
    created either: alerts, which the metrics workspace judges, and administrators, since nothing is set by hand.
    """

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        spec: GrafanaSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        ingress: IngressPort,
        ports: Mapping[str, Port],
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._cluster, self._who = spec, cluster, identity.workloads[noun, WORKLOAD]
        self._space = cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        metrics, proxy = ports["metrics"], ports["http-proxy"]
        if not isinstance(metrics, PrometheusPort) or not isinstance(proxy, HttpProxyPort):
            raise TypeError(f"the ports of {noun} speak {metrics.DIALECT} and {proxy.DIALECT}")
        self._certified = Certified(self, who=self._who, service=self.named(), cluster=cluster, network=network)
        aws.iam.RolePolicy(
            self.named("shows"), role=self._who.role_name,
            policy=json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": list(SHOWN), "Resource": "*"},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        files_ = {name: secrets.arns[f"{noun}/{name}"] for name in ("client-secret", "secret-key")}
        mounted_secrets(
            self, "secrets", namespace=self._space, files={**files_, "proxy": proxy.secret_arn}, opts=self._objects
        )
        needs = platform.wiring.needs
        offered = {str(offer.dialect) for each in needs.values() for offer in each.offers}
        pages = catalogue(platform.label, frozenset({*offered, *(each.partition("/")[0] for each in needs)}))
        self._settings = self._config_map("settings", {
            PROGRAM: files("components.observability.programs").joinpath(PROGRAM).read_text(encoding="utf-8"),
            "boards.yaml": told.boards(), "data-sources.yaml": told.data_sources(platform.region),
        })  # fmt: skip
        self._boards = self._config_map("boards", {f"{each.uid}.json": json.dumps(each.render()) for each in pages})
        url = pulumi.Output.concat("https://", ingress.host, told.PATH, "/")
        posture, classes = platform.posture, platform.classes(noun)
        idle = spec.session_idle_minutes or posture.session_idle_minutes(classes)
        self._deploy({
            **told.settings(spec, idle_minutes=idle, oldest_tls=posture.tls_min_version(classes), region=platform.region,
                            home=f"{pages[0].uid}.json"),
            "GF_SERVER_DOMAIN": ingress.host, "GF_SERVER_ROOT_URL": url, "METRICS_URL": metrics.url, "PROXY_URL": proxy.url,
        })  # fmt: skip
        self._open(network)
        door = Door(
            "dashboard", told.PORT, told.READY, (told.PATH, f"{told.PATH}/*"), PRIORITY, DRAIN_SECONDS, SESSION_SECONDS
        )
        enter(self, door, network, ingress, cluster, self._service())
        self.finish(url=url)

    def _config_map(self, part: str, data: Mapping[str, str]) -> pulumi.Output[str]:
        """Named by its content, so that pods follow a change and a rollback finds what it had."""
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
        return kubernetes.core.v1.ConfigMap(
            self.named(part), metadata=self._meta(f"{self.named(part)}-{digest}"), data=data, immutable=True,
            opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _deploy(self, environment: Mapping[str, pulumi.Input[str]]) -> None:
        who, name = self._who, self.named()
        selector = meta.LabelSelectorArgs(match_labels=dict(who.labels))
        apps.Deployment(
            name, metadata=self._meta(name),
            spec=apps.DeploymentSpecArgs(
                replicas=self._spec.replicas, selector=selector,
                strategy=apps.DeploymentStrategyArgs(
                    type="RollingUpdate", rolling_update=apps.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1)
                ),
                template=core.PodTemplateSpecArgs(
                    metadata=meta.ObjectMetaArgs(labels={**self.labels(), **who.labels}), spec=self._pod(environment)
                ),
            ),
            opts=self._objects,
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            self.named("budget"), metadata=self._meta(name),
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector), opts=self._objects,
        )  # fmt: skip

    def _pod(self, environment: Mapping[str, pulumi.Input[str]]) -> core.PodSpecArgs:
        container = core.ContainerArgs(
            name=WORKLOAD, image=image(WORKLOAD).at(self.platform), command=["sh", f"{told.PROVISIONING}/{PROGRAM}"],
            env=env(environment), ports=[core.ContainerPortArgs(name="https", container_port=told.PORT)],
            startup_probe=http_probe(told.READY, told.PORT, scheme="HTTPS", period=5, failures=60),
            liveness_probe=http_probe(told.READY, told.PORT, scheme="HTTPS"),
            readiness_probe=http_probe(told.READY, told.PORT, scheme="HTTPS"),
            lifecycle=core.LifecycleArgs(pre_stop=core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=15))),
            resources=resources("250m", "512Mi", cpu_limit="1"), security_context=container_security(USER),
            volume_mounts=[
                *(core.VolumeMountArgs(name=name, mount_path=path, read_only=True) for name, path in (
                    ("provisioning", told.PROVISIONING), ("boards", told.BOARDS), ("secrets", told.SECRETS))),
                core.VolumeMountArgs(name="state", mount_path=told.STATE),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
                self._certified.mount(),
            ],
        )  # fmt: skip
        placed = {
            PROGRAM: PROGRAM,
            "boards.yaml": "dashboards/platform.yaml",
            "data-sources.yaml": "datasources/platform.yaml",
        }
        return core.PodSpecArgs(
            init_containers=[self._certified.keeper()], containers=[container],
            service_account_name=self._who.service_account, automount_service_account_token=False,
            enable_service_links=False, security_context=pod_security(USER), termination_grace_period_seconds=DRAIN_SECONDS + 30,
            topology_spread_constraints=spread(self._who.labels),
            volumes=[
                core.VolumeArgs(name="provisioning", config_map=core.ConfigMapVolumeSourceArgs(
                    name=self._settings, items=[core.KeyToPathArgs(key=key, path=path) for key, path in placed.items()])),
                core.VolumeArgs(name="boards", config_map=core.ConfigMapVolumeSourceArgs(name=self._boards)),
                secrets_volume("secrets", self.named("secrets")),
                scratch("state", "512Mi"), scratch("tmp", "64Mi"), *self._certified.volumes(),
            ],
        )  # fmt: skip

    def _service(self) -> kubernetes.core.v1.Service:
        return kubernetes.core.v1.Service(
            self.named("service"), metadata=self._meta(self.named()),
            spec=core.ServiceSpecArgs(
                type="ClusterIP", selector=dict(self._who.labels),
                ports=[core.ServicePortArgs(name="https", port=HTTPS, target_port=told.PORT, protocol="TCP")],
            ),
            opts=self._objects,
        )  # fmt: skip

    def _open(self, network: NetworkPort) -> None:
        """Ways that are no edge: the load balancer in, CloudWatch out."""
        network_policy(
            self, "ways", namespace=self._space, selects=self._who.labels, opts=self._objects,
            ingress=[(Peer(cidr=network.vpc_cidr), [told.PORT])],
            egress=[(Peer(cidr=cidr), [HTTPS]) for cidr in network.endpoint_subnet_cidrs],
        )  # fmt: skip

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels={**self.labels(), **self._who.labels})
