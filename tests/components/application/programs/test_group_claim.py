"""The groups of a person, as the function writes them into a token."""

from __future__ import annotations

from typing import Any

import pytest

from components.application.programs.group_claim import handle


def claim(**attributes: str) -> object:
    event: dict[str, Any] = {"request": {"userAttributes": attributes}, "response": {}}
    answer = handle(event, None)["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]
    return answer["claimsToAddOrOverride"]


@pytest.mark.parametrize(
    ("said", "groups"),
    [
        ("claims-clerks", "claims-clerks"),
        ("[fraud, claims-clerks]", "claims-clerks,fraud"),
        ("[claims-clerks,claims-clerks]", "claims-clerks"),
        ("", "-"),
        ("[]", "-"),
        ("[ , ]", "-"),
    ],
)
def test_groups_are_sorted_and_each_named_once(said: str, groups: str) -> None:
    assert claim(**{"custom:groups": said}) == {"groups": groups}


def test_a_person_without_groups_has_the_claim_all_the_same() -> None:
    assert claim(email="a@example.org") == {"groups": "-"}


def test_the_rest_of_the_event_is_answered_as_it_came() -> None:
    event: dict[str, Any] = {"userName": "sso_a", "request": {}, "response": {}}
    assert handle(event, None)["userName"] == "sso_a"
