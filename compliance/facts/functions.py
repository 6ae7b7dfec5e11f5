"""Functions."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Function(Subject):
    """A Lambda function with its addresses and who may call it."""

    in_vpc: Leaf[bool]
    key: Leaf[Ref | None]
    """None: its environment is encrypted under the service's own key."""
    has_environment: Leaf[bool]
    public_url: Leaf[bool]
    """It answers callers who prove nothing."""
    open_permission: Leaf[bool]
    """A principal may call it that is not narrowed to an account or a source."""
    log_group: Leaf[Ref | None]
    """A log group of ours that it writes to."""
    traced: Leaf[bool]
    runtime: Leaf[str]
    """Identifier of the runtime; empty for a container image, which brings its own."""
