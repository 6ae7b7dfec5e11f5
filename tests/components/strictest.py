"""The strictest posture of HIPAA, PCI DSS and FedRAMP Moderate in practice mode, for components under test."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from blueprint.posture_accessors import Strictest
from blueprint.types import Mode
from compliance.resolve import resolve

if TYPE_CHECKING:
    from blueprint.types import DataClass

FRAMEWORKS = ("hipaa", "pci-dss", "fedramp-moderate")


@cache
def strictest(classes: frozenset[DataClass], frameworks: tuple[str, ...] = FRAMEWORKS) -> Strictest:
    """Values that components build; without frameworks those of the baseline alone."""
    return Strictest(resolve(frameworks, Mode.PRACTICE, frozenset(), classes))
