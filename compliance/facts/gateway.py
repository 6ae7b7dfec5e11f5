"""The one door through which applications call models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class Gateway(Subject):
    """A model gateway: its configuration folded with the Deployment that runs it."""

    authenticated: Leaf[bool]
    encrypted: Leaf[bool]
    """Whether the gateway itself speaks TLS."""
    private: Leaf[bool]
    prompt_logging: Leaf[Literal["off", "metadata", "redacted", "full"]]
    """What the callbacks write of prompts and answers."""
    stored_prompts: Leaf[bool]
    """Whether prompts are kept in the gateway's database, where only the volume is encrypted."""
    redacts: Leaf[bool]
    """Whether personal data is masked before a prompt goes on."""
    card_data_allowed: Leaf[bool]
    guardrails: Leaf[frozenset[str]]
    """Those that hold for every caller."""
    budgets: Leaf[bool]
    rate_limits: Leaf[bool]
    fallbacks: Leaf[bool]
    requests_recorded: Leaf[bool]
    """Whether each request leaves a record with caller, model, time, tokens and outcome."""
    admin_ui: Leaf[bool]
    reports_home: Leaf[bool]
    """Whether it fetches from, or reports to, its maker."""
    private_models: Leaf[bool]
    """Whether every route leads to a model inside the platform or through a private endpoint."""
    approved_models: Leaf[bool]
    """Whether every model behind a route was approved by somebody other than its owner."""
    tools_named: Leaf[bool]
    """Whether each server of tools lets through tools that are named, for callers that are named."""
    tools_guarded: Leaf[bool]
    """Whether each server of tools is inside the platform, and is reached over TLS with its key."""
    held_apart: Leaf[bool]
    """Whether tools that wait for a person are a right of callers alone that ask no model."""
    own_keys: Leaf[bool]
    """Whether every team has a key that no other team has."""
    tool_calls_recorded: Leaf[bool]
    """Whether each call of a tool leaves a record with caller, tool, time and outcome, and a trace."""
