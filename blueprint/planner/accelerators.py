"""GPUs: the memory that a driver reports, and what they can compute, from one dated table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

from blueprint.errors import NotFound
from blueprint.planner.instances import Instance
from blueprint.planner.tables import table
from blueprint.types import Frozen

LARGEST, LARGE = 160, 70
"""GiB from which vLLM's defaults are larger."""
GB10 = 12.1
"""Compute capability of a GPU that has the memory of a large one and not its speed."""
_MAKER = frozenset({"nvidia", "geforce", "tesla"})
"""Words of a driver's name that people leave out."""


class Accelerator(Frozen):
    """One GPU model. Its memory is less than the catalogue says, because a driver keeps some."""

    name: str
    memory_gib: float
    known: Literal["log", "derived"]
    """How the memory is known: printed in a published log, or derived and to be measured."""
    capability: float
    """CUDA compute capability."""
    bandwidth_gbs: int
    """Of its memory, in 10⁹ bytes a second."""
    dense_tflops: int
    """In 16 bits, without sparsity."""
    link: Literal["PCIe", "NVLink", "NVSwitch"]
    ec2: str | None
    """Accelerator and MiB as the EC2 API reports them; None where EC2 has none."""
    names: tuple[str, ...]
    """Further names, the driver's own among them."""

    @property
    def memory_class(self) -> Literal["160", "70", "a100", "gb10", "other"]:
        """By which vLLM chooses its defaults: GiB and more, but for what its driver calls an A100, and for GB10.

        get_batch_defaults of vllm/engine/arg_utils.py.
        """
        if self.memory_gib >= LARGEST:
            return "160"
        if self.memory_gib < LARGE:
            return "other"
        if self.capability == GB10:
            return "gb10"
        return "a100" if any("a100" in each.lower() for each in self.names) else "70"


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | tuple[str, ...] | None, ...], ...]


@cache
def _table() -> _Table:
    return _Table.model_validate(table("accelerators"))


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """Every known GPU by its name, smallest memory first."""
    read = _table()
    known = [Accelerator.model_validate(dict(zip(read.columns, row, strict=True))) for row in read.rows]
    return MappingProxyType({each.name: each for each in sorted(known, key=lambda each: (each.memory_gib, each.name))})


@cache
def _spoken() -> Mapping[str, str]:
    names = ((each.name, spoken) for each in accelerators().values() for spoken in (each.name, *each.names))
    return {key_of(spoken): name for name, spoken in names}


def key_of(name: str) -> str:
    """A name as it is compared: NVIDIA-H100-80GB-HBM3 of a label of Kubernetes is NVIDIA H100 80GB HBM3 of the driver."""
    words = re.findall(r"[a-z0-9.]+", name.lower())
    return "".join(each for each in words if each not in _MAKER)


def accelerator(name: str) -> Accelerator:
    """The GPU of that name, short name or driver's name, in any spelling. Raises NotFound with the nearest ones."""
    found = _spoken().get(key_of(name))
    if found is None:
        raise NotFound("GPU", name, {name for each in accelerators().values() for name in (each.name, *each.names)})
    return accelerators()[found]


@cache
def _by_ec2() -> Mapping[str, Accelerator]:
    return {each.ec2: each for each in accelerators().values() if each.ec2}


def gpu_of(machine: Instance) -> Accelerator | None:
    """The GPU of an EC2 instance type; None for Inferentia, Trainium and fractional sizes."""
    return _by_ec2().get(f"{machine.accelerator}/{machine.memory_mib}") if machine.accelerators else None


def accelerators_read() -> tuple[str, tuple[str, ...]]:
    """Date of the table, and its sources."""
    return _table().read, _table().sources
