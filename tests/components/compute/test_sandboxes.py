"""How a pod asks for a kernel of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.compute.cluster_spec import ClusterSpec, HardenedImage
from tests.components.builders import names, only
from tests.components.compute.conftest import ADMINISTRATOR, cluster_graph

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

RUNTIME_CLASS = "kubernetes:node.k8s.io/v1:RuntimeClass"


def graph_with(**image: bool) -> ResourceGraph:
    hardened = HardenedImage(id="ami-0123456789abcdef0", baseline="stig", **image)
    return cluster_graph(ClusterSpec(administrators=(ADMINISTRATOR,), hardened_images={"system": hardened}))


def test_nodes_with_gvisor_bring_a_runtime_class_and_others_none() -> None:
    made = only(graph_with(gvisor=True), RUNTIME_CLASS).inputs
    assert (made["metadata"]["name"], made["handler"]) == ("gvisor", "runsc")
    assert made["scheduling"] == {"nodeSelector": {"blueprint/pool": "system"}}
    assert names(graph_with(), RUNTIME_CLASS) == []
