"""One cluster with a GPU pool, synthesised once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blueprint.wiring import Needs
from components.compute.cluster import Cluster
from components.compute.cluster_spec import ClusterSpec
from components.compute.eks_port import EksPort
from tests.components import builders

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.graph import ResourceGraph
    from components.compute.cluster_spec import HardenedImage

ADMINISTRATOR = "arn:aws:iam::111122223333:role/deploy"


def cluster_graph(spec: ClusterSpec, needs: dict[str, Needs] | None = None, **options: bool) -> ResourceGraph:
    context = builders.platform({"cluster": spec.needs(), **(needs or {})}, **options)  # type: ignore[arg-type]  # only switches

    def program() -> None:
        Cluster(
            "cluster", spec, platform=context, network=builders.network(), keys=builders.keys(),
            identity=builders.identity(context), audit=builders.audit(),
        )  # fmt: skip

    return builders.graph(program)


def eks(context: PlatformContext, hardened: dict[str, HardenedImage] | None = None) -> EksPort:
    port = builders.cluster(context)
    return EksPort(
        **port.__dict__, version="1.35", certificate_authority="Y2E=", service_cidr="172.20.0.0/16",
        node_role_arn="arn:aws:iam::111122223333:role/blueprint/nodes", hardened_images=hardened or {},  # type: ignore[arg-type]  # keys are plain text here
    )  # fmt: skip


@pytest.fixture(scope="session")
def graph() -> ResourceGraph:
    return cluster_graph(ClusterSpec(administrators=(ADMINISTRATOR,)), {"gpu_pools/l40s": Needs()})
