"""What a stack document may say about a store of documents in OpenSearch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blueprint.types import Dialect, Frozen, KeyPurpose
from blueprint.wiring import Needs
from components.retrieval.store_spec import StoreSpec

SETUP = "setup"
"""Workload that administers the domain; its role is the domain's only administrator."""


class DomainSize(Frozen):
    """Nodes of a domain."""

    node: str = Field(
        "r7g.large.search", pattern=r"^[a-z0-9]+\.[a-z0-9]+\.search$",
        description="Type of the nodes that hold data; left out: r7g.large.search",
    )  # fmt: skip
    nodes_per_zone: int = Field(1, ge=1, le=20, description="Nodes with data in each zone; left out: 1")
    manager: str = Field(
        "m7g.large.search", pattern=r"^[a-z0-9]+\.[a-z0-9]+\.search$",
        description="Type of the three nodes that manage the others; left out: m7g.large.search",
    )  # fmt: skip
    disk_gib: int = Field(100, ge=10, le=12_288, description="Disk of each node with data, in GiB; left out: 100")


class OpenSearchSpec(StoreSpec):
    """Documents in a domain of Amazon OpenSearch Service inside the VPC."""

    kind: Literal["opensearch"] = "opensearch"
    domain: DomainSize = Field(DomainSize(), description="Size of the domain; left out: see DomainSize")

    def needs(self) -> Needs:
        """A domain, its administrator, and a bucket for snapshots."""
        return self._asks(
            Dialect.OPENSEARCH, workloads=frozenset({SETUP}), secrets=frozenset(),
            keys=frozenset({KeyPurpose.DATABASES, KeyPurpose.OBJECTS}),
        )  # fmt: skip
