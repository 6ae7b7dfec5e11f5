"""Base class of every component."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi

from blueprint.naming import token
from blueprint.tags import Tag, kubernetes_labels
from blueprint.wiring import slug

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import Port
    from blueprint.types import DataClass, Layer, Noun


class Component(pulumi.ComponentResource):
    """Provisions one noun and publishes its ports.

    A subclass states its LAYER, makes its children with `opts=self.inside` and names from `self.named(...)`, sets
    `self.ports` and ends with `self.finish(...)`. Its type token is blueprint:<layer>:<class name>.
    """

    LAYER: ClassVar[Layer]
    ports: Mapping[str, Port]
    """Offer name -> port. Empty for a component that offers nothing."""

    def __init__(self, noun: Noun, *, platform: PlatformContext, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(self.LAYER, type(self).__name__), slug(noun), None, opts)
        self.noun = noun
        self.platform = platform
        self.ports = {}
        self.inside = pulumi.ResourceOptions(parent=self)

    def named(self, *parts: str) -> str:
        """Name of a child: the component's name and what it is within it."""
        return "-".join((slug(self.noun), *parts))

    def within(
        self, **options: pulumi.Resource | Sequence[pulumi.Resource] | bool | list[str]
    ) -> pulumi.ResourceOptions:
        """Options of a child that needs more than its parent, such as another provider or protection."""
        return pulumi.ResourceOptions.merge(self.inside, pulumi.ResourceOptions(**options))  # type: ignore[arg-type]

    def tags(
        self, *, classes: frozenset[DataClass] | None = None, more: dict[Tag, str] | None = None
    ) -> dict[str, str]:
        """Tags of an AWS child."""
        return self.platform.tags(self.LAYER, self.noun, classes=classes, more=more)

    def labels(self, *, classes: frozenset[DataClass] | None = None) -> dict[str, str]:
        """Labels of a Kubernetes child that say what the tags say."""
        return kubernetes_labels(self.tags(classes=classes))

    @property
    def port(self) -> Port:
        """The port of a component that offers exactly one."""
        (only,) = self.ports.values()
        return only

    def finish(self, **outputs: pulumi.Input[str]) -> None:
        """Register the outputs; the last thing a constructor does."""
        self.register_outputs(dict(outputs))
