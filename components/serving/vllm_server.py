"""What vLLM is told, and how much of a node one replica takes; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.errors import ProgramError
from blueprint.planner.instances import instance
from components.certified import CERTIFICATE
from components.serving.vllm_arguments import command_line

if TYPE_CHECKING:
    from components.serving.vllm_arguments import Scalar
    from components.serving.vllm_plan import Served
    from components.serving.vllm_spec import VllmSpec

PORT = 8000
WEIGHTS = "/weights"
RUN = "/run/vllm"
QUIET = "/health,/metrics,/ping"
"""Paths that probes and scrapers ask, kept out of the access log."""

ENVIRONMENT = {
    "DO_NOT_TRACK": "1", "HF_HOME": "/cache/huggingface", "HF_HUB_OFFLINE": "1", "HOME": "/cache", "LOGNAME": "vllm",
    "TORCHINDUCTOR_CACHE_DIR": "/cache/inductor", "TRANSFORMERS_OFFLINE": "1", "TRITON_CACHE_DIR": "/cache/triton",
    "USER": "vllm", "VLLM_CACHE_ROOT": "/cache/vllm", "VLLM_NO_USAGE_STATS": "1",
}  # fmt: skip
"""No model hub, no usage reports, and every cache on a volume, since nothing else can be written to."""

_SHARE = 0.9
"""Part of a node's allocatable memory and processors that replicas take; the rest is for agents on the node."""


def on_one_node(spec: VllmSpec, told: Served, accelerators: int) -> Served:
    """The same, held against the GPUs of a node. Raises ProgramError when a node has fewer than one replica spans."""
    if told.gpus > accelerators:
        raise ProgramError(
            f"serving/{spec.name}: a replica spans {told.gpus} GPUs, and a node of pool {spec.pool} has {accelerators}; "
            f"lower tensor_parallel to {accelerators}, or choose a pool of larger nodes"
        )
    return told


def arguments(spec: VllmSpec, told: Served) -> list[str]:
    """Everything after `vllm serve` that is known at plan time."""
    whole: dict[str, Scalar] = {
        **told.arguments,
        **spec.extra_arguments,
        "disable-access-log-for-endpoints": QUIET,
        "host": "0.0.0.0",  # noqa: S104  inside the pod; network policies say who reaches it
        "port": PORT,
        "served-model-name": spec.name,
        "shutdown-timeout": spec.drain_seconds,
        "ssl-certfile": CERTIFICATE,
        "ssl-keyfile": CERTIFICATE,
        "trust-remote-code": False,
    }
    return [WEIGHTS, *command_line(whole)]


def share(instance_name: str, gpus: int) -> dict[str, str]:
    """Processors and memory of one replica: its GPUs' part of the node."""
    node = instance(instance_name)
    part = _SHARE * gpus / node.accelerators
    return {"cpu": str(max(1, int(node.vcpus * part))), "memory": f"{int(node.allocatable_mib * part)}Mi"}
