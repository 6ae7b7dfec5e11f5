"""Accelerated EC2 instance types: what they hold and where they are offered, from one dated table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from blueprint.errors import NotFound
from blueprint.planner.tables import table
from blueprint.types import Frozen


class Instance(Frozen):
    """One instance type. Memory of an accelerator is what the EC2 API reports, which is more than a driver gives."""

    name: str
    accelerator: str
    accelerators: int
    """Whole accelerators; 0 for a size that holds a fraction of one."""
    memory_mib: int | None
    """Of each accelerator; None where the source does not say."""
    vcpus: int
    allocatable_mib: int
    """Memory that pods can ask for, after what the node keeps for itself: an estimate of Karpenter's."""
    efa: int
    """Most EFA interfaces."""
    nvme_gb: int
    network_gbps: float
    ram_gib: int | None
    """Of the host; None where the source does not say."""

    @property
    def family(self) -> str:
        """The part before the dot: p5en."""
        return self.name.partition(".")[0]

    @property
    def vendor(self) -> str:
        """Whose accelerator it is: nvidia or aws."""
        return "aws" if self.accelerator.startswith(("inferentia", "trainium")) else "nvidia"


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    tracked: frozenset[str]
    offers: Mapping[str, frozenset[str]]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]


@cache
def _table() -> _Table:
    return _Table.model_validate(table("instances"))


@cache
def instances() -> Mapping[str, Instance]:
    """Every known instance type by name."""
    read = _table()
    known = (Instance.model_validate(dict(zip(read.columns, row, strict=True))) for row in read.rows)
    return MappingProxyType({each.name: each for each in known})


def instance(name: str) -> Instance:
    """The instance type of that name. Raises NotFound with the nearest ones."""
    if name not in instances():
        raise NotFound("accelerated instance type", name, instances())
    return instances()[name]


def offered(name: str, region: str) -> bool | None:
    """Whether a region has the family of an instance type; None when the table does not cover the pair.

    The table knows families: a family that is there may still lack a size. Raises NotFound for an unknown type.
    """
    family, read = instance(name).family, _table()
    if family not in read.tracked or region not in read.offers:
        return None
    return family in read.offers[region]


def offers_of() -> frozenset[str]:
    """Regions whose offers were read."""
    return frozenset(_table().offers)


def offers_read() -> str:
    """Date of the table."""
    return _table().read
