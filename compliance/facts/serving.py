"""Models: what they are, and what serves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class ModelServer(Subject):
    """A vLLM server, read from its Deployment beside what every Workload tells."""

    own_bucket: Leaf[bool]
    """Whether weights come from a bucket of the platform."""
    verified: Leaf[bool]
    """Whether the weights are held against their digest before they are served."""
    authenticated: Leaf[bool]
    encrypted: Leaf[bool]
    """Whether the server itself speaks TLS."""
    offline: Leaf[bool]
    """Whether model hubs and usage reports are switched off."""
    remote_code: Leaf[bool]
    """Whether code that comes with the weights is run."""
    logs_prompts: Leaf[bool]
    traces: Leaf[bool]
    private: Leaf[bool]
    """Whether it is reached inside the cluster only."""


@dataclass(frozen=True)
class ManagedModel(Subject):
    """A model that AWS runs, as one inference profile."""

    guardrail: Leaf[Ref | None]
    private_endpoint: Leaf[bool]
    """Whether the network has an interface endpoint through which it is called."""
    one_region: Leaf[bool]
    """Whether requests stay in the stack's own region."""
    owner: Leaf[str | None]
    """Who answers for its use here, as its tags say."""
    risk_class: Leaf[str | None]
    approved: Leaf[bool]
    """Whether somebody other than the owner approved it."""


@dataclass(frozen=True)
class Guardrail(Subject):
    """Filters on what goes into and comes out of a model."""

    key: Leaf[Ref | None]
    prompt_attack: Leaf[bool]
    content: Leaf[bool]
    """Whether hate, insults, sexual content, violence and misconduct are all filtered, in and out."""
    redacts: Leaf[bool]
    """Whether personal data is blocked or made anonymous in both directions."""
    card_data_allowed: Leaf[bool]
    """Whether a card number passes."""


@dataclass(frozen=True)
class ModelInvocationLog(Subject):
    """The account's record of calls to managed models."""

    enabled: Leaf[bool]
    prompt_logging: Leaf[Literal["off", "metadata", "redacted", "full"]]
    destination: Leaf[Ref | None]
    """The log group that it is written to."""


@dataclass(frozen=True)
class Model(Subject):
    """An entry of the catalogue."""

    owner: Leaf[str | None]
    licence: Leaf[str | None]
    risk_class: Leaf[str | None]
    origin_known: Leaf[bool]
    """Whether it is on record where the weights came from, with the revision."""
    approved: Leaf[bool]
    """Whether somebody other than the owner approved it."""
    digest: Leaf[str | None]
