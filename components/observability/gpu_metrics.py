"""What GPUs report about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.hardened import (
    Peer,
    container_security,
    env,
    http_probe,
    network_policy,
    pod_security,
    resources,
    scratch,
)
from components.observability.scrape import may_list_pods
from components.versions import image

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, WorkloadIdentity
    from blueprint.types import Noun

core = kubernetes.core.v1

PORT = 9400
GPU = "nvidia.com/gpu"
ACCELERATOR_LABEL = "blueprint/accelerator"
"""On every node of a GPU pool."""

COUNTERS = (
    ("DCGM_FI_DEV_GPU_UTIL", "gauge", "use in percent"),
    ("DCGM_FI_DEV_MEM_COPY_UTIL", "gauge", "use of the memory's paths in percent"),
    ("DCGM_FI_DEV_FB_USED", "gauge", "memory in use in MiB"),
    ("DCGM_FI_DEV_FB_FREE", "gauge", "memory free in MiB"),
    ("DCGM_FI_DEV_GPU_TEMP", "gauge", "temperature in degrees Celsius"),
    ("DCGM_FI_DEV_MEMORY_TEMP", "gauge", "temperature of the memory in degrees Celsius"),
    ("DCGM_FI_DEV_POWER_USAGE", "gauge", "power in watts"),
    ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", "energy since start in millijoules"),
    ("DCGM_FI_DEV_SM_CLOCK", "gauge", "clock of the processors in MHz"),
    ("DCGM_FI_DEV_XID_ERRORS", "gauge", "last XID error"),
    ("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "counter", "repeated transfers over PCIe"),
    ("DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "counter", "transfers over NVLink"),
    ("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "counter", "memory rows replaced after errors that lost data"),
    ("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "counter", "memory rows replaced after errors that were corrected"),
    ("DCGM_FI_DEV_ROW_REMAP_FAILURE", "gauge", "whether replacing a memory row has failed"),
)
"""None of the profiling counters: those need CAP_SYS_ADMIN on the node, these need nothing."""


class GpuMetrics(Component):
    """Creates the DCGM exporter on every node with a GPU, without root, capabilities, host paths or an API token.

    It is given all GPUs of its node by the container runtime and claims none, so that models can. Not created: the mapping
    of GPUs to pods, which needs the kubelet's socket from the node.
    """

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        cluster: ClusterPort,
        namespace: pulumi.Input[str],
        who: WorkloadIdentity,
        collector: WorkloadIdentity,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        objects = self.within(provider=cluster.provider_resource)
        name, labels = self.named(), {**self.labels(), **who.labels}
        counters = kubernetes.core.v1.ConfigMap(
            self.named("counters"), metadata={"name": self.named("counters"), "namespace": namespace, "labels": labels},
            data={"counters.csv": "\n".join(", ".join(counter) for counter in COUNTERS) + "\n"}, opts=objects,
        )  # fmt: skip
        kubernetes.apps.v1.DaemonSet(
            name, metadata=kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels),
            spec=kubernetes.apps.v1.DaemonSetSpecArgs(
                selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(who.labels)),
                update_strategy=kubernetes.apps.v1.DaemonSetUpdateStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=kubernetes.apps.v1.RollingUpdateDaemonSetArgs(max_unavailable="10%"),
                ),
                template=core.PodTemplateSpecArgs(
                    metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels, annotations=_SCRAPED),
                    spec=self._pod(who, counters.metadata.name.apply(str)),
                ),
            ),
            opts=objects,
        )  # fmt: skip
        network_policy(
            self,
            "ways",
            namespace=namespace,
            selects=who.labels,
            ingress=[(Peer(labels=collector.labels), [PORT])],
            opts=objects,
        )
        may_list_pods(self, namespace, collector, objects)
        self.finish()

    def _pod(self, who: WorkloadIdentity, counters: pulumi.Input[str]) -> core.PodSpecArgs:
        exists = core.NodeSelectorRequirementArgs(key=ACCELERATOR_LABEL, operator="Exists")
        return core.PodSpecArgs(
            containers=[self._container()], service_account_name=who.service_account, automount_service_account_token=False,
            enable_service_links=False, security_context=pod_security(),
            affinity=core.AffinityArgs(
                node_affinity=core.NodeAffinityArgs(
                    required_during_scheduling_ignored_during_execution=core.NodeSelectorArgs(
                        node_selector_terms=[core.NodeSelectorTermArgs(match_expressions=[exists])]
                    )
                )
            ),
            tolerations=[core.TolerationArgs(key=GPU, operator="Exists", effect="NoSchedule")],
            volumes=[
                core.VolumeArgs(name="counters", config_map=core.ConfigMapVolumeSourceArgs(name=counters)),
                scratch("tmp", "128Mi"),
            ],
        )  # fmt: skip

    def _container(self) -> core.ContainerArgs:
        values = {
            "DCGM_EXPORTER_COLLECTORS": "/etc/dcgm-exporter/counters.csv", "DCGM_EXPORTER_KUBERNETES": "false",
            "DCGM_EXPORTER_LISTEN": f":{PORT}", "HOME": "/tmp",  # noqa: S108  an empty volume of the pod
            "NVIDIA_DRIVER_CAPABILITIES": "utility", "NVIDIA_VISIBLE_DEVICES": "all",
        }  # fmt: skip
        return core.ContainerArgs(
            name="dcgm-exporter", image=image("dcgm-exporter").at(self.platform), env=env(values),
            ports=[core.ContainerPortArgs(name="metrics", container_port=PORT)],
            startup_probe=http_probe("/health", PORT, failures=30), liveness_probe=http_probe("/health", PORT),
            readiness_probe=http_probe("/health", PORT), resources=resources("100m", "512Mi", cpu_limit="500m"),
            security_context=container_security(),
            volume_mounts=[
                core.VolumeMountArgs(name="counters", mount_path="/etc/dcgm-exporter", read_only=True),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
            ],
        )  # fmt: skip


_SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT), "prometheus.io/path": "/metrics"}
