"""Writes the groups of a person into the access token, so that nobody can claim others.

Cognito calls it before it issues a token and issues none when it fails. The organisation's provider tells groups as one SAML
attribute, which Cognito keeps as "[one, other]" where there are several.
"""

from __future__ import annotations

from typing import Any

ATTRIBUTE = "custom:groups"
NOBODY = "-"
"""The groups of a person who is in none: a claim that is always there overwrites whatever a caller sends."""


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the event with the claim `groups`, comma separated and sorted."""
    said = str(event["request"].get("userAttributes", {}).get(ATTRIBUTE, ""))
    names = {name.strip() for name in said.strip("[]").split(",")} - {""}
    claim = {"groups": ",".join(sorted(names)) or NOBODY}
    event["response"]["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": {"claimsToAddOrOverride": claim}}
    return event
