"""Where people look at figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Subject


@dataclass(frozen=True)
class DashboardServer(Subject):
    """A Grafana: its settings, as far as its environment holds them, folded with the workload that runs it."""

    federated: Leaf[bool]
    """Whether people sign in at an identity provider."""
    local_login: Leaf[bool]
    """Whether a name and a password of its own open it, by form or by basic authentication."""
    anonymous: Leaf[bool]
    roles_required: Leaf[bool]
    """Whether somebody whom the identity provider gives no role is refused."""
    administrators: Leaf[bool]
    """Whether somebody can become administrator: a first account, or by what the identity provider says."""
    session_idle_minutes: Leaf[int]
    session_minutes: Leaf[int]
    """The longest that a session lasts, in use or not."""
    cookies_secure: Leaf[bool]
    encrypted: Leaf[bool]
    """Whether it speaks TLS itself."""
    tls_min_version: Leaf[Literal["1.0", "1.1", "1.2", "1.3"]]
    private: Leaf[bool]
    own_secret_key: Leaf[bool]
    """Whether what it signs rests on a key from a file, not on the one that everybody knows."""
    plugins_fixed: Leaf[bool]
    """Whether no plugin can come in beside those of the image."""
    reports_home: Leaf[bool]
    """Whether it fetches from, or reports to, its maker."""
    requests_logged: Leaf[bool]
    data_sources_fixed: Leaf[bool]
    """Whether the data sources come from files and nobody edits them."""
