"""What a stack document may say about a pool of accelerated nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, field_validator, model_validator

from blueprint.errors import NotFound, Problem
from blueprint.planner.instances import instance, offered, offers_read
from blueprint.spec import Spec
from blueprint.types import Dialect, KeyPurpose, Name
from blueprint.wiring import Needs, Offer

Capacity: TypeAlias = Literal["reserved", "on_demand", "spot", "capacity_block"]
ReservationId = Annotated[str, StringConstraints(pattern=r"^cr-[0-9a-f]{8,17}$")]
BY_ID: frozenset[Capacity] = frozenset({"reserved", "capacity_block"})
"""Kinds of capacity that were bought before and are named by their reservation."""


class GpuPoolSpec(Spec):
    """Nodes of one instance type, bought in the order that the list gives."""

    kind: Literal["managed"] = "managed"
    name: Name = Field(description="Name of the pool, by which model servers choose it")
    instance: str = Field(description="EC2 instance type; its GPUs, EFA and local disks follow from it")
    capacity: tuple[Capacity, ...] = Field(
        ("on_demand",), min_length=1, description="How nodes are bought, first choice first; left out: on_demand"
    )
    reservation: ReservationId | None = Field(
        None, description="Capacity reservation for `reserved`; left out: none, and `reserved` is refused"
    )
    capacity_block: ReservationId | None = Field(
        None, description="Capacity block for `capacity_block`; left out: none, and `capacity_block` is refused"
    )
    min_nodes: int = Field(0, ge=0, le=450, description="Fewest nodes, of the first kind of capacity; left out: 0")
    max_nodes: int = Field(1, ge=1, le=450, description="Most nodes, of each kind of capacity; left out: 1")
    multi_node: bool = Field(
        default=False,
        description="Whether one model spans several nodes: joins them by EFA in one placement group and so in one "
        "zone; left out: no, and nodes spread over all zones",
    )
    disk_gib: int = Field(200, ge=100, le=16384, description="Root or data disk of each node, in GiB; left out: 200")

    @field_validator("instance")
    @classmethod
    def _instance_is_known(cls, name: str) -> str:
        try:
            found = instance(name)
        except NotFound as error:
            raise ValueError(str(error)) from error
        if found.vendor != "nvidia":
            raise ValueError(f"{name} holds {found.accelerator}; this kind of pool is for NVIDIA GPUs")
        if found.accelerators == 0:
            raise ValueError(
                f"{name} holds a fraction of one {found.accelerator}, which needs drivers no image here has"
            )
        return name

    @model_validator(mode="after")
    def _capacity_can_be_bought(self) -> Self:
        named = {"reserved": self.reservation, "capacity_block": self.capacity_block}
        keys = {"reserved": "reservation", "capacity_block": "capacity_block"}
        problems = [
            f"capacity names {kind} and {keys[kind]} is missing"
            for kind in sorted(BY_ID & set(self.capacity))
            if not named[kind]
        ]
        problems += [
            f"{keys[kind]} is given and capacity does not name {kind}"
            for kind in sorted(BY_ID - set(self.capacity))
            if named[kind]
        ]
        if len(set(self.capacity)) != len(self.capacity):
            problems.append(f"capacity names a kind twice: {', '.join(self.capacity)}")
        if self.min_nodes > self.max_nodes:
            problems.append(f"min_nodes is {self.min_nodes}, more than max_nodes {self.max_nodes}")
        if self.multi_node and instance(self.instance).efa == 0:
            problems.append(f"multi_node needs EFA, which {self.instance} has not")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def needs(self) -> Needs:
        """A key for the disks. No service quota is named: the codes are not in any source that was read."""
        return Needs(
            offers=(Offer(name="capacity", dialect=Dialect.CAPACITY),),
            keys=frozenset({KeyPurpose.DISKS}),
            data_classes=None,
        )

    def misplaced(self, region: str) -> Iterator[tuple[str, Problem]]:
        """The instance type, when the region is known not to offer its family."""
        if offered(self.instance, region) is False:
            yield (
                "instance",
                Problem(
                    what=f"{region} does not offer {self.instance}", value=self.instance,
                    why=f"the nodes of the pool could never start (offers as of {offers_read()})", fix="choose another instance type or another region",
                ),
            )  # fmt: skip
