"""Durable execution."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class TemporalServer(Subject):
    """One program of a Temporal server: its Deployment with the configuration that it mounts."""

    answers_callers: Leaf[bool]
    """Whether it is a frontend, which workers reach; the others are reached by the server itself."""
    authenticated: Leaf[bool]
    """Whether callers must show a token, and the token must be made for this server and name its right."""
    encrypted: Leaf[bool]
    """Whether it speaks TLS to callers."""
    siblings_encrypted: Leaf[bool]
    """Whether the programs of the server speak TLS with each other and verify whom they call."""
    database_encrypted: Leaf[bool]
    database_password: Leaf[bool]
    """Whether a password of the database stands in the configuration, where a renewal would not reach it."""
    limited: Leaf[bool]
    """Whether calls and sizes of a namespace have limits of the document's own."""
    private: Leaf[bool]


@dataclass(frozen=True)
class WorkflowNamespace(Subject):
    """A namespace of workflows, as the job that registers it is told."""

    retention: Leaf[int]
    """Days that the history of a closed workflow is kept."""
