"""Where traces are kept and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class TraceStore(Subject):
    """Langfuse: what takes and shows traces, folded with what writes them down beside it."""

    encrypted: Leaf[bool]
    """Whether it answers over TLS itself."""
    encrypted_out: Leaf[bool]
    """Whether database, queue and ClickHouse are reached over TLS, or on the pod's own loopback."""
    private: Leaf[bool]
    reports_home: Leaf[bool]
    """Whether it tells its maker how it is used."""
    accounts: Leaf[Literal["nobody", "provider", "anybody"]]
    """Who may have an account: nobody new, whoever an identity provider lets in, or whoever asks."""
    passwords: Leaf[bool]
    """Whether people may sign in with a password that is kept here."""
    session_minutes: Leaf[int]
    bucket: Leaf[Ref | None]
    """Where it puts what it receives before that is written down."""


@dataclass(frozen=True)
class ClickHouseServer(Subject):
    """ClickHouse: its configuration folded with the pods that run it, their volumes, and the job that ends old rows."""

    encrypted: Leaf[bool]
    """Whether nothing listens without TLS, and replicas and keepers speak it among themselves."""
    tls_min_version: Leaf[Literal["1.0", "1.1", "1.2", "1.3"]]
    peers_verified: Leaf[bool]
    """Whether it refuses other servers whose certificate nobody vouches for."""
    authenticated: Leaf[bool]
    """Whether every user has a password, of which the configuration holds a hash."""
    private: Leaf[bool]
    reports_home: Leaf[bool]
    rows_kept: Leaf[int | Literal["forever"]]
    """Days after which rows are removed."""
    logs_end: Leaf[bool]
    """Whether the logs that it keeps of itself, which hold the text of queries, have an end."""
    keepers: Leaf[int]
    """Servers that decide by majority."""
    volumes_encrypted: Leaf[bool]
    volumes_backed_up: Leaf[bool]
    """Whether its volumes carry the tag by which a backup plan chooses."""
