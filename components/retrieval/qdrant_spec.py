"""What a stack document may say about a store of documents in Qdrant."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from blueprint.types import Dialect, Frozen, KeyPurpose
from blueprint.wiring import Needs
from components.retrieval.store_spec import StoreSpec

STORE, SETUP, SNAPSHOTS = "store", "setup", "snapshots"
"""Workloads: the cluster, what makes the collection, and what copies snapshots to the bucket."""
API_KEY, READ_KEY, PEERS_KEY = "api-key", "read-only-key", "peers-key"
"""Secrets: who may change documents, who may read them, and what the members' own authority is made of."""
Memory = Annotated[str, StringConstraints(pattern=r"^[1-9]\d*(Mi|Gi)$")]
Cpu = Annotated[str, StringConstraints(pattern=r"^[1-9]\d*m?$")]


class ClusterSize(Frozen):
    """Members of a cluster; each holds every document, so that a search needs one of them."""

    members: int = Field(3, ge=3, le=9, description="Members, spread over zones; left out: 3")
    cpu: Cpu = Field("1", description="Processors of each member; left out: 1")
    memory: Memory = Field("4Gi", description="Memory of each member; left out: 4Gi")
    disk_gib: int = Field(100, ge=1, le=16_384, description="Disk of each member, in GiB; left out: 100")


class QdrantSpec(StoreSpec):
    """Documents in a Qdrant cluster on the platform's own nodes."""

    kind: Literal["qdrant"] = "qdrant"
    cluster: ClusterSize = Field(ClusterSize(), description="Size of the cluster; left out: see ClusterSize")

    def needs(self) -> Needs:
        """A cluster with its keys, and a bucket for snapshots."""
        needs = self._asks(
            Dialect.QDRANT, workloads=frozenset({STORE, SETUP, SNAPSHOTS}),
            secrets=frozenset({API_KEY, READ_KEY, PEERS_KEY}), keys=frozenset({KeyPurpose.DISKS, KeyPurpose.OBJECTS}),
        )  # fmt: skip
        return needs.model_copy(update={"services": needs.services | {"s3", "kms"}})
