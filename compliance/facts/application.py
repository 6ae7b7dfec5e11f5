"""The way in for applications and people: the API, and who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Api(Subject):
    """A REST API with its policy, methods, stages, settings and firewall."""

    private: Leaf[bool]
    open_policy: Leaf[bool]
    """Its policy lets everybody in, from everywhere."""
    authorised: Leaf[bool]
    """Every method asks who calls."""
    requests_validated: Leaf[bool]
    """Every method checks body and parameters before anything behind it sees them."""
    access_logged: Leaf[bool]
    execution_logged: Leaf[bool]
    bodies_logged: Leaf[bool]
    """What was asked and answered is written into the execution log."""
    answers_cached: Leaf[bool]
    """What one caller was answered is kept, and given to the next who asks the same."""
    throttled: Leaf[bool]
    traced: Leaf[bool]
    callers_told: Leaf[bool]
    """What it hands on says who asks as the token says it, whatever the caller sent."""
    errors_alarmed: Leaf[bool]
    """Somebody is told when it answers with an error of its own."""
    web_acl: Leaf[Ref | None]
    tls_min_version: Leaf[Literal["1.0", "1.1", "1.2", "1.3"]]
    fips: Leaf[Literal["off", "require"]]
    """Whether its security policy uses validated cryptographic modules only."""


@dataclass(frozen=True)
class UserPool(Subject):
    """A Cognito user pool with its providers, its firewall and its log."""

    mfa: Leaf[Literal["none", "optional", "required"]]
    """Of accounts of its own; for others their provider asks."""
    password_min_length: Leaf[int]
    password_history: Leaf[int]
    character_kinds: Leaf[frozenset[str]]
    self_sign_up: Leaf[bool]
    deletion_protected: Leaf[bool]
    threats_stopped: Leaf[bool]
    """Sign-ins that look stolen are held up, not only noted."""
    federated: Leaf[bool]
    """An identity provider signs people in."""
    sign_ins_logged: Leaf[bool]
    web_acl: Leaf[Ref | None]


@dataclass(frozen=True)
class AppClient(Subject):
    """An application that gets tokens from a user pool."""

    shared_secret: Leaf[bool]
    """It has a secret, which then stands in the state as well."""
    token_in_address: Leaf[bool]
    """Tokens are handed over in the address of a page."""
    own_accounts: Leaf[bool]
    """People can sign in with an account of the pool, past the organisation's provider."""
    changes_itself: Leaf[bool]
    """People may write attributes of their own account, their groups among them."""
    revocable: Leaf[bool]
    token_minutes: Leaf[int]
    session_minutes: Leaf[int]
    """How long new tokens can be had without signing in again."""
