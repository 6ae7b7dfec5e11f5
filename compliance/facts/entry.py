"""Ways in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class LoadBalancer(Subject):
    """A load balancer with the web application firewall before it."""

    internal: Leaf[bool]
    application: Leaf[bool]
    """It speaks HTTP."""
    access_logged: Leaf[bool]
    deletion_protected: Leaf[bool]
    drops_invalid_headers: Leaf[bool]
    ambiguity_refused: Leaf[bool]
    """Requests that two servers may read differently are answered with an error or on a connection of their own."""
    web_acl: Leaf[Ref | None]
    idle_minutes: Leaf[int]
    """Minutes without traffic after which a connection is cut, rounded up."""


@dataclass(frozen=True)
class Listener(Subject):
    """A port of a load balancer."""

    encrypted: Leaf[bool]
    """TLS, or a redirection to it."""
    terminates_tls: Leaf[bool]
    tls_min_version: Leaf[Literal["1.0", "1.1", "1.2", "1.3"]]
    fips: Leaf[Literal["off", "require"]]
    """Whether its security policy uses validated cryptographic modules only."""


@dataclass(frozen=True)
class TargetGroup(Subject):
    """Where a load balancer sends what came in."""

    encrypted: Leaf[bool]
    """It speaks TLS to its targets."""


@dataclass(frozen=True)
class WebAcl(Subject):
    """A web application firewall with its logging."""

    default_block_or_rules: Leaf[bool]
    managed_rules: Leaf[frozenset[str]]
    logged: Leaf[bool]
    rate_limited: Leaf[bool]
