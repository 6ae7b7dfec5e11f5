"""LiteLLM's configuration, rendered from typed routes."""

from __future__ import annotations

from typing import Any

import pytest

from components.gateway.callers import Caller
from components.gateway.litellm_config import Handling, routes, server, settings, teams, tool_server
from components.gateway.litellm_spec import LiteLlmSpec
from tests.components.gateway.conftest import DOCUMENT, WITH_TOOLS

STRICT = Handling(logging="redacted", redacts=True, card_data_allowed=False, record_days=365)


def names(handling: Handling, spec: LiteLlmSpec) -> list[str]:
    return [each["guardrail_name"] for each in settings(spec, handling)["guardrails"]]  # type: ignore[index,union-attr,call-overload,misc]


def test_nothing_that_a_salt_key_would_encrypt_is_stored(spec: LiteLlmSpec) -> None:
    assert settings(spec, STRICT)["general_settings"] == {
        "allow_requests_on_db_unavailable": False, "database_connection_pool_limit": 10,
        "disable_prisma_schema_update": True, "disable_spend_logs": False, "enable_public_model_hub": False,
        "maximum_spend_logs_retention_period": "365d", "proxy_batch_write_at": 60, "store_model_in_db": False,
        "store_prompts_in_spend_logs": False, "use_redis_transaction_buffer": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "redacts", "callbacks", "silent"),
    [
        ("off", True, ["prometheus"], True),
        ("metadata", True, ["prometheus", "otel"], True),
        ("redacted", True, ["prometheus", "otel"], False),
        ("redacted", False, ["prometheus", "otel"], True),
        ("full", False, ["prometheus", "otel"], False),
    ],
)
def test_text_is_recorded_only_where_the_level_allows_it_and_something_redacts_it(
    spec: LiteLlmSpec, level: str, redacts: bool, callbacks: list[str], silent: bool
) -> None:
    handling = Handling(logging=level, redacts=redacts, card_data_allowed=False, record_days=90)  # type: ignore[arg-type]
    rendered = settings(spec, handling)["litellm_settings"]
    assert isinstance(rendered, dict)
    assert (rendered["callbacks"], rendered["turn_off_message_logging"]) == (callbacks, silent)
    assert rendered["redact_user_api_key_info"] is True


def test_guardrails_hold_for_every_caller_and_follow_the_posture(spec: LiteLlmSpec) -> None:
    assert names(STRICT, spec) == ["card-data", "personal-data"]
    assert names(Handling("metadata", False, True, 1), spec) == []
    for each in settings(spec, STRICT)["guardrails"]:  # type: ignore[union-attr]
        assert each["litellm_params"]["default_on"] is True  # type: ignore[index,call-overload]
        assert each["litellm_params"]["mode"] == "pre_call"  # type: ignore[index,call-overload]


def test_answers_are_not_cached(spec: LiteLlmSpec) -> None:
    assert settings(spec, STRICT)["litellm_settings"]["cache_params"]["supported_call_types"] == []  # type: ignore[index,call-overload]


def test_routes_carry_weights_prices_and_limits_of_time(spec: LiteLlmSpec) -> None:
    assert routes(spec, frozenset(), {"large"}) == [
        {
            "name": "chat", "task": "chat", "timeout_seconds": 120, "retries": 2,
            "models": [
                {"serving": "large", "weight": 3, "approved": True, "input_cost_per_token": 5e-07, "output_cost_per_token": 1.5e-06},
                {"serving": "small", "weight": 1, "approved": False},
            ],
        },
        {"name": "economy", "task": "chat", "timeout_seconds": 30, "retries": 2, "models": [{"serving": "small", "weight": 1, "approved": False}]},
    ]  # fmt: skip


def test_a_model_that_is_switched_off_gets_no_request() -> None:
    off = LiteLlmSpec.model_validate({**DOCUMENT, "switched_off": ["small"]})
    rendered: Any = routes(off, off.switched_off, frozenset())
    assert [[model["serving"] for model in route["models"]] for route in rendered] == [["large"], []]


INTAKE = Caller("agents/intake", "gateway-key", True, frozenset({"economy"}), frozenset({"case-notes/search"}))
APPROVED = Caller("agents/intake", "gateway-key-approver", False, frozenset(), frozenset({"tickets/close"}))


def test_every_component_that_calls_is_a_team_of_its_own_with_just_what_its_wants_allow() -> None:
    spec = LiteLlmSpec.model_validate(WITH_TOOLS)
    limits = {"budget_usd_month": 1000.0, "requests_per_minute": 600, "tokens_per_minute": 400_000}
    assert teams(spec, "ml-platform@example.org", (INTAKE, APPROVED)) == [
        {
            "name": "platform-agents-intake", "owner": "ml-platform@example.org", "models": ["economy"],
            "tools": {"case_notes": ["search"]}, **limits,
        },
        {
            "name": "platform-agents-intake-approver", "owner": "ml-platform@example.org", "models": ["no-default-models"],
            "tools": {"tickets": ["close"]}, **limits,
        },
        {
            "name": "claims", "owner": "claims@example.org", "models": ["economy"], "tools": {}, **limits,
            "budget_usd_month": 250.0,
        },
    ]  # fmt: skip


def test_a_server_of_tools_lets_through_what_is_named_and_hands_on_the_groups_of_the_person() -> None:
    notes, tickets = LiteLlmSpec.model_validate(WITH_TOOLS).tools
    assert (server(notes), server(tickets)) == ("case_notes", "tickets")
    assert tool_server(tickets) == {
        "transport": "http", "auth_type": "bearer_token", "allowed_tools": ["close", "find"], "allow_all_keys": False,
        "extra_headers": ["x-blueprint-groups"], "timeout": 30,
        "mcp_info": {"after_approval": ["close"]},
    }  # fmt: skip
