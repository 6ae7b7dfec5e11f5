"""What a stack document may say about an agent."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blueprint.types import DataClass, Dialect
from blueprint.wiring import fold
from components.agents.langgraph_spec import LangGraphSpec
from tests.components.agents.conftest import LEAST, NEIGHBOURS, WHOLE

PHI = frozenset({DataClass.PHI})


def problems(**more: object) -> list[str]:
    spec = LangGraphSpec.model_validate({**LEAST, **more})
    return [problem.what for problem in fold({**NEIGHBOURS, "agents/intake": spec.needs()}, PHI)[1]]


def test_what_waits_for_a_person_is_asked_for_by_the_approver_alone() -> None:
    wants = [want for want in LangGraphSpec.model_validate(WHOLE).needs().wants if want.dialect is Dialect.MCP]
    assert {(want.workload, want.allows, want.approved) for want in wants} == {
        ("runtime", frozenset({"case-notes/search"}), frozenset()),
        ("worker", frozenset({"case-notes/search"}), frozenset()),
        ("approver", frozenset({"tickets/close"}), frozenset({"tickets/close"})),
    }


def test_both_keys_of_the_gateway_begin_as_it_wants_them() -> None:
    needs = LangGraphSpec.model_validate(LEAST).needs()
    assert needs.prefixes == {"gateway-key": "sk-", "gateway-key-approver": "sk-"}
    assert needs.secrets == {*needs.prefixes, "checkpoints-password", "memory-password"}


def test_a_tool_that_the_gateway_does_not_know_is_a_problem_of_the_plan() -> None:
    assert problems(tools=["case-notes/serch"]) == ["asks gateway for 'case-notes/serch', which it does not offer"]
    assert problems(models=["chatt"]) == ["asks gateway for 'chatt', which it does not offer"]


def test_a_tool_that_cannot_be_undone_is_not_used_without_approval() -> None:
    assert problems(tools=["tickets/close"]) == ["uses 'tickets/close' of gateway without approval"]
    assert problems(after_approval=["tickets/close"]) == []


def test_every_disagreement_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        LangGraphSpec.model_validate({**LEAST, "tools": ["aa/find", "aa/find"], "after_approval": ["aa/find"]})
    assert "'aa/find' is used with and without approval" in str(caught.value)
    assert "tools names 'aa/find' twice" in str(caught.value)
