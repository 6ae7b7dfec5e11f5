"""What a stack document may say about the gateway."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blueprint.types import DataClass, Dialect, KeyPurpose
from blueprint.wiring import Needs, Offer, fold
from components.gateway.litellm_spec import LiteLlmSpec
from tests.components.gateway.conftest import DOCUMENT, WITH_TOOLS

ROUTE = {"name": "chat", "models": [{"serving": "large"}]}


def refusal(**document: object) -> str:
    with pytest.raises(ValidationError) as caught:
        LiteLlmSpec.model_validate({"routes": [ROUTE], **document})
    return str(caught.value)


def test_wants_one_model_route_for_each_served_model_and_a_sink_for_traces() -> None:
    wants = LiteLlmSpec.model_validate(DOCUMENT).needs().wants
    assert [(want.name, want.dialect, want.of, want.workload) for want in wants] == [
        ("route-large", Dialect.MODEL_ROUTE, "serving/large", "gateway"),
        ("route-small", Dialect.MODEL_ROUTE, "serving/small", "gateway"),
        ("otlp", Dialect.OTLP, None, "gateway"),
    ]


def test_each_team_has_a_key_of_its_own_among_the_secrets() -> None:
    needs = LiteLlmSpec.model_validate(DOCUMENT).needs()
    assert needs.secrets == {"master-key", "team-claims"}
    assert needs.keys == {KeyPurpose.DATABASES, KeyPurpose.LOGS, KeyPurpose.SECRETS}
    assert needs.egress == needs.processors == frozenset()


def test_a_serving_that_does_not_exist_is_a_problem_of_the_wiring() -> None:
    spec = LiteLlmSpec.model_validate({"routes": [ROUTE]})
    offers = {name: Needs(offers=(Offer(name="p", dialect=dialect),)) for name, dialect in (
        ("serving/larger", Dialect.MODEL_ROUTE), ("observability", Dialect.OTLP)
    )}  # fmt: skip
    wiring, problems = fold({"gateway": spec.needs(), **offers}, frozenset({DataClass.PHI}))
    assert [(problem.path, problem.value) for problem in problems] == [(("gateway",), "serving/large")]
    assert "did you mean serving/larger?" in problems[0].allowed
    assert [edge.want.name for edge in wiring.of("gateway")] == ["otlp"]


def test_a_gateway_without_routes_and_a_route_without_models_are_refused() -> None:
    assert "at least 1 item" in refusal(routes=[])
    assert "at least 1 item" in refusal(routes=[{"name": "chat", "models": []}])


def test_fallbacks_that_run_in_a_circle_are_refused_with_the_circle() -> None:
    routes = [
        {**ROUTE, "name": name, "fallbacks": [after]} for name, after in (("aa", "bb"), ("bb", "cc"), ("cc", "aa"))
    ]
    assert "fallbacks run in a circle: aa -> bb -> cc -> aa" in refusal(routes=routes)
    assert "fallbacks run in a circle: chat -> chat" in refusal(routes=[{**ROUTE, "fallbacks": ["chat"]}])


def test_every_unknown_name_is_refused_at_once_with_the_nearest_one() -> None:
    said = refusal(
        routes=[{**ROUTE, "fallbacks": ["chatt"]}], switched_off=["largo"],
        teams=[{"name": "claims", "owner": "claims@example.org", "models": ["chap"]}],
    )  # fmt: skip
    assert "route 'chat' falls back to 'chatt', which is no route; did you mean chat?" in said
    assert "team 'claims' may call 'chap', which is no route; did you mean chat?" in said
    assert "switched_off names 'largo', which no route uses; did you mean large?" in said


def test_names_that_stand_twice_are_refused() -> None:
    team = {"name": "claims", "owner": "claims@example.org"}
    said = refusal(
        routes=[ROUTE, {**ROUTE, "models": [{"serving": "large"}, {"serving": "large"}]}], teams=[team, team]
    )
    assert "route 'chat' is named twice" in said
    assert "team 'claims' is named twice" in said
    assert "route 'chat' lists serving 'large' twice" in said


def test_the_platforms_own_teams_cannot_be_declared() -> None:
    said = refusal(teams=[{"name": "platform-agents-intake", "owner": "a@example.org"}])
    assert "begins like those of the platform's own components, 'platform-'; rename it" in said


def test_servers_of_tools_are_wanted_with_the_tools_that_pass_and_offered_by_name() -> None:
    needs = LiteLlmSpec.model_validate(WITH_TOOLS).needs()
    wants = {want.name: want for want in needs.wants if want.dialect is Dialect.MCP}
    assert {name: (want.of, want.allows, want.approved) for name, want in wants.items()} == {
        "tools-case-notes": ("vector_stores/case-notes", frozenset({"search"}), frozenset()),
        "tools-tickets": ("tools/tickets", frozenset({"find", "close"}), frozenset({"close"})),
    }
    openai, mcp = needs.offers
    assert openai.names == frozenset({"chat", "economy"})
    assert mcp.names == frozenset({"case-notes/search", "tickets/find", "tickets/close"})
    assert mcp.held == frozenset({"tickets/close"})


def test_tools_that_are_ambiguous_or_empty_are_refused_at_once() -> None:
    said = refusal(tools=[
        {"server": "tools/notes", "tools": ["find"], "after_approval": ["find"]}, {"server": "vector_stores/notes"},
    ])  # fmt: skip
    assert "two entries of tools are called 'notes'" in said
    assert "tools/notes lets 'find' through with and without approval" in said
    assert "vector_stores/notes lets no tool through" in said
    assert "String should match pattern" in refusal(tools=[{"server": "gateway/notes", "tools": ["find"]}])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("max_replicas", 2, "max_replicas is 2, fewer than the 3 replicas"),
        ("database", {"min_units": 4, "max_units": 2}, "database.max_units is 2.0, less than min_units 4.0"),
        ("replicas", 1, "greater than or equal to 2"),
        ("salt_key", "anything", "Extra inputs are not permitted"),
        ("prompt_logging", "everything", "Input should be 'off', 'metadata', 'redacted' or 'full'"),
    ],
)
def test_values_out_of_bounds_are_refused(field: str, value: object, said: str) -> None:
    assert said in refusal(**{field: value})


def test_nobody_is_without_limits() -> None:
    spec = LiteLlmSpec.model_validate({"routes": [ROUTE]})
    assert spec.platform_limits.model_dump() == {
        "budget_usd_month": 1000, "requests_per_minute": 600, "tokens_per_minute": 400_000,
    }  # fmt: skip
    for field in ("budget_usd_month", "requests_per_minute", "tokens_per_minute"):
        assert "greater than" in refusal(platform_limits={field: 0})


def test_every_key_is_asked_for_in_the_form_in_which_callers_present_it() -> None:
    needs = LiteLlmSpec.model_validate(DOCUMENT).needs()
    assert needs.prefixes == dict.fromkeys(needs.secrets, "sk-")
