"""What is told of the gateway's tools and callers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.gateway import Gateway
from tests.compliance.sources.planned.estate import only, resource, value
from tests.compliance.sources.planned.test_gateway import deployment, gateway, settings

CLASS = "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass"
SERVER: dict[str, JsonValue] = {
    "url": "https://tickets.tools.svc/mcp", "auth_type": "bearer_token", "authentication_token": "secretsmanager:arn:aws:x",
    "allowed_tools": ["find", "close"], "mcp_info": {"after_approval": ["close"]},
}  # fmt: skip
TEAM: dict[str, JsonValue] = {"name": "claims", "budget_usd_month": 1, "models": ["chat"], "tools": {}}


def with_server(**changed: JsonValue) -> Gateway:
    return gateway({}, files={"tools.json": {"tickets": {**SERVER, **changed}}})


def with_teams(*teams: dict[str, JsonValue], more: tuple[Resource, ...] = ()) -> Gateway:
    return gateway({}, *more, files={"tools.json": {"tickets": SERVER}, "teams.json": list(teams)})


def keys(**files: JsonValue) -> Resource:
    objects = json.dumps([{"objectAlias": f"team-{team}", "objectName": arn} for team, arn in files.items()])
    return resource(CLASS, "keys", {
        "metadata": {"name": "keys", "namespace": "gateway"}, "spec": {"parameters": {"objects": objects}},
    })  # fmt: skip


def test_a_gateway_without_tools_lets_nothing_through() -> None:
    found = gateway({})
    assert {value(leaf) for leaf in (found.tools_named, found.tools_guarded, found.held_apart)} == {True}


@pytest.mark.parametrize(
    ("changed", "named", "guarded"),
    [
        ({}, True, True),
        ({"allowed_tools": []}, False, True),
        ({"allow_all_keys": True}, False, True),
        ({"url": "https://tools.example.org/mcp"}, True, False),
        ({"authentication_token": "in-clear"}, True, False),
        ({"auth_type": "none"}, True, False),
    ],
)
def test_a_server_is_named_and_guarded_by_its_own_settings(
    changed: dict[str, JsonValue], named: bool, guarded: bool
) -> None:
    found = with_server(**changed)
    assert (value(found.tools_named), value(found.tools_guarded)) == (named, guarded)


def test_servers_in_the_main_settings_count_as_well() -> None:
    assert value(gateway({"mcp_servers": {"any": {**SERVER, "allowed_tools": []}}}).tools_named) is False


def test_a_team_with_models_may_not_use_what_waits_for_a_person() -> None:
    for tools, models, told in (
        ({"tickets": ["find"]}, ["chat"], True), ({"tickets": ["close"]}, ["chat"], False),
        ({"tickets": ["close"]}, ["no-default-models"], True), ({"tickets": ["close"]}, [], False),
    ):  # fmt: skip
        assert value(with_teams({**TEAM, "tools": tools, "models": models}).held_apart) is told  # type: ignore[dict-item]


def test_a_key_is_a_team_s_own_as_long_as_no_other_holds_it() -> None:
    other: dict[str, JsonValue] = {**TEAM, "name": "fraud"}
    assert value(with_teams(TEAM, other, more=(keys(claims="a", fraud="b"),)).own_keys) is True
    assert value(with_teams(TEAM, other, more=(keys(claims="a", fraud="a"),)).own_keys) is False
    assert value(with_teams(TEAM, other, more=(keys(claims="a"),)).own_keys) is False


def test_whether_a_key_is_a_team_s_own_is_untold_while_it_or_the_teams_are() -> None:
    other: dict[str, JsonValue] = {**TEAM, "name": "fraud"}
    unknown: JsonValue = {"$unknown": True}
    assert value(with_teams(TEAM, other, more=(keys(claims="a", fraud=unknown),)).own_keys) == "?cloud_decides"
    assert value(with_teams(TEAM, other, more=(keys(claims=unknown, fraud=unknown),)).own_keys) == "?cloud_decides"
    hidden: Any = settings({"config.yaml": {"general_settings": {}}})
    hidden.inputs["data"]["teams.json"] = unknown
    assert value(only(Gateway, deployment(), hidden, keys(claims="a")).own_keys) == "?not_read"


def test_an_approval_is_read_at_each_model_and_unknown_without_any() -> None:
    def routed(*approved: bool) -> Gateway:
        models: list[JsonValue] = [{"serving": "x", "approved": each} for each in approved]
        return gateway({}, files={"routes.yaml": [{"name": "chat", "task": "chat", "models": models}]})

    assert value(routed(True, True).approved_models) is True
    assert value(routed(True, False).approved_models) is False
    assert value(gateway({}).approved_models) == "?not_read"
