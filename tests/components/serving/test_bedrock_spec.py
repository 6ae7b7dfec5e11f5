"""What is said about a managed model beside its name: who answers for it, who approved it, and who pays."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.serving.bedrock_spec import BedrockSpec
from tests.components.manifests import only
from tests.components.serving.conftest import MODEL, bedrock_graph

PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
STANDING: dict[str, Any] = {
    "owner": "claims@example.org", "risk_class": "high", "approved_by": "risk@example.org", "approved_on": "2026-11-02",
}  # fmt: skip


def spec(**said: Any) -> BedrockSpec:
    return BedrockSpec.model_validate({"name": "chat", "model": MODEL, **said})


def tags(**said: Any) -> dict[str, str]:
    found: dict[str, str] = only(bedrock_graph(spec(**said)), PROFILE).inputs["tags"]
    return found


def test_it_brings_an_entry_of_the_register_whose_digest_nobody_tells() -> None:
    (entry,) = spec(**STANDING).needs().registers
    assert (entry.name, entry.owner, entry.risk_class, entry.digest) == ("chat", "claims@example.org", "high", None)
    assert entry.approved
    assert entry.about == {"source": MODEL}


def test_without_a_word_about_it_it_is_registered_and_not_approved() -> None:
    (entry,) = spec().needs().registers
    assert (entry.owner, entry.risk_class, entry.approved) == ("", "", False)


def test_the_profile_carries_who_answers_and_who_approved_as_tags() -> None:
    found = tags(**STANDING, customer="claims-intake")
    assert (found["model-owner"], found["risk-class"]) == ("claims@example.org", "high")
    assert (found["approved-by"], found["approved-on"]) == ("risk@example.org", "2026-11-02")
    assert (found["customer"], found["model"]) == ("claims-intake", "chat")


def test_what_nobody_stated_is_no_tag() -> None:
    assert not tags().keys() & {"model-owner", "risk-class", "approved-by", "approved-on", "customer"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"approved_by": STANDING["owner"].upper()}, "somebody else must approve"),
        ({"approved_on": None}, "give both or neither"),
        ({"owner": None}, "name the owner"),
        ({"risk_class": "prohibited"}, "risk_class"),
        ({"approved_on": "2 November"}, "approved_on"),
    ],
)
def test_an_approval_that_is_none_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        spec(**{**STANDING, **change})
