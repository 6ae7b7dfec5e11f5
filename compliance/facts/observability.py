"""Where signals are gathered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Collector(Subject):
    """An OpenTelemetry collector: its configuration folded with the workload that runs it."""

    prompt_content: Leaf[Literal["off", "metadata", "redacted", "full"]]
    """What it passes on of prompts and answers."""
    encrypted_out: Leaf[bool]
    """Whether every exporter speaks TLS."""
    encrypted_in: Leaf[bool]
    """Whether every receiver speaks TLS."""
    memory_limited: Leaf[bool]
    batched: Leaf[bool]
    health_checked: Leaf[bool]
    signals: Leaf[frozenset[str]]
    """logs, metrics and traces, as far as a pipeline carries them out."""


@dataclass(frozen=True)
class MetricsWorkspace(Subject):
    """A Prometheus workspace."""

    key: Leaf[Ref | None]
    logged: Leaf[bool]
    alerts: Leaf[bool]
    """Whether alerting rules exist and lead somewhere."""
    objectives: Leaf[frozenset[str]]
    """Promises that alerts watch at several burn rates, each over a long and a short window."""
