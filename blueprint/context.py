"""What every component is told about the platform it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.tags import Tag, aws_tags
from blueprint.types import DataClass, Layer, Noun, Partition

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.posture_accessors import Strictest
    from blueprint.wiring import Wiring


@dataclass(frozen=True)
class PlatformContext:
    """Names, place, strictest values and the wiring; the `platform` argument of every component."""

    name: str
    environment: str
    owner: str
    cost_centre: str
    region: str
    partition: Partition
    account: str
    """Account id of the stack's own account."""
    accounts: Mapping[str, str]
    """Accounts by use: "log_archive", "backup"; a use that is missing stays in this account."""
    account_owner: bool
    """Whether this stack makes what exists once an account: password policy, detectors, analyzers."""
    zones: tuple[str, ...]
    posture: Strictest
    wiring: Wiring
    providers: Mapping[str, pulumi.ProviderResource]
    """Explicit providers of other accounts, by use; resources there are registered with them."""

    @property
    def label(self) -> str:
        """Platform and environment in one word, for names that must be unique in an account."""
        return f"{self.name}-{self.environment}"

    def classes(self, noun: Noun) -> frozenset[DataClass]:
        """Data classes that a component may hold."""
        return self.wiring.classes(noun)

    def tags(
        self,
        layer: Layer,
        noun: Noun,
        *,
        classes: frozenset[DataClass] | None = None,
        more: dict[Tag, str] | None = None,
    ) -> dict[str, str]:
        """Tags of one AWS resource; classes left out are those of the component."""
        return aws_tags(
            platform=self.name, environment=self.environment, owner=self.owner, cost_centre=self.cost_centre,
            layer=layer, noun=noun, classes=self.classes(noun) if classes is None else classes, more=more,
        )  # fmt: skip
