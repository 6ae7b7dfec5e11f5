"""Agents, the tools that they use, and where they wait for a person."""

from __future__ import annotations

from dataclasses import dataclass

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class ToolServer(Subject):
    """A server of tools: the organisation's program with the platform's container before it."""

    encrypted: Leaf[bool]
    authenticated: Leaf[bool]
    """Whether a caller must send the server's key."""
    tools_named: Leaf[bool]
    """Whether calls of a tool that is not named are refused before they reach the program."""
    own_kernel: Leaf[bool]
    """Whether its pods run on a kernel of their own."""
    credentials: Leaf[bool]
    """Whether the program gets credentials of AWS, or can read a secret of the pod."""
    egress_closed: Leaf[bool]
    """Whether network policies let its pods reach names and single addresses, and nobody else."""
    private: Leaf[bool]


@dataclass(frozen=True)
class KernelClass(Subject):
    """A RuntimeClass: that pods may have a kernel of their own."""

    handler: Leaf[str]


@dataclass(frozen=True)
class Agent(Subject):
    """One part of an agent: pods of the organisation's image with what the platform tells them."""

    gateway_only: Leaf[bool]
    """Whether the models and tools that it is told of are inside the platform, over TLS."""
    own_key: Leaf[bool]
    """Whether it calls the gateway with a key that is mounted for it."""
    asks_first: Leaf[bool]
    """Whether tools that wait for a person are apart from those that it uses by itself, and there is a queue to wait in."""
    resumable: Leaf[bool]
    """Whether its runs leave checkpoints in a database."""
    memory_apart: Leaf[bool]
    """Whether checkpoints, long-term and working memory are three places, none of them a store for retrieval."""
    memory_ends: Leaf[bool]
    """Whether long-term memory is deleted after a stated time."""
    encrypted: Leaf[bool]
    """Whether it answers over TLS, if anybody can call it."""
    private: Leaf[bool]
    traced: Leaf[bool]
    """Whether it is told where to send traces, over TLS."""


@dataclass(frozen=True)
class ApprovalQueue(Subject):
    """The queue in which an agent's calls wait for a person, with its alarms."""

    ordered: Leaf[bool]
    dead_letters: Leaf[Ref | None]
    """Where a request goes that nobody decided."""
    waiting_alarm: Leaf[bool]
    """Whether somebody is told of a request that waits long."""
    undecided_alarm: Leaf[bool]
    """Whether somebody is told of any request that nobody decided."""


@dataclass(frozen=True)
class AskerRights(Subject):
    """A policy of a role of an agent's component, and whether who asks for approvals by it could decide as well."""

    asks: Leaf[bool]
    """Whether it may put requests into a queue."""
    decides: Leaf[bool]
    """Whether it may take requests from the queue as well, and so decide on its own."""
    approver_key_denied: Leaf[bool]
    """Whether it is denied a secret: the key to which the gateway gives tools that wait for a person."""
