"""The job that keeps teams and keys in line with the document."""

from __future__ import annotations

import hashlib

import pytest

from components.gateway.programs import teams

TEAM = {
    "name": "claims", "owner": "claims@example.org", "models": ["economy"], "budget_usd_month": 250,
    "requests_per_minute": 600, "tokens_per_minute": 4000, "tools": {"notes": ["search"]},
}  # fmt: skip
AS_SENT = {
    "team_id": "claims", "team_alias": "claims", "models": ["economy"], "metadata": {"owner": "claims@example.org"},
    "max_budget": 250, "budget_duration": "30d", "rpm_limit": 600, "tpm_limit": 4000, "blocked": False,
    "object_permission": {"mcp_servers": ["notes"], "mcp_tool_permissions": {"notes": ["search"]}},
}  # fmt: skip


class Gateway:
    """Answers like LiteLLM and remembers what it was told."""

    def __init__(self, known: dict[str, list[dict[str, object]]], *, refuses: str = "") -> None:
        self.known, self.refuses = known, refuses
        self.told: list[tuple[str, object]] = []
        self.asked: list[str] = []

    def __call__(self, method: str, path: str, body: teams.Json | None) -> tuple[int, teams.Json]:
        if method == "POST":
            self.told.append((path, body))
            return (400, {"error": "no"}) if path == self.refuses else (200, {})
        self.asked.append(path)
        name = path.partition("team_id=")[2].partition("&")[0]
        if path.startswith("/team/info"):
            return (200, {}) if name in self.known else (404, {})
        if path.startswith("/key/list"):
            return 200, {"keys": self.known.get(name, [])}
        return 200, {"items": [{"team_id": each} for each in self.known]}


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def test_a_new_team_is_made_and_gets_its_key() -> None:
    gateway = Gateway({})
    teams.reconcile([TEAM], {"claims": "sk-new"}, gateway)
    assert gateway.told == [
        ("/team/new", AS_SENT), ("/key/generate", {"key": "sk-new", "team_id": "claims", "key_type": "llm_api"}),
    ]  # fmt: skip


def test_a_known_team_is_brought_up_to_date_and_its_key_left_alone() -> None:
    gateway = Gateway({"claims": [{"token": digest("sk-new"), "expires": None}]})
    teams.reconcile([TEAM], {"claims": "sk-new"}, gateway)
    assert gateway.told == [("/team/update", AS_SENT)]


def test_a_renewed_key_is_added_and_the_old_one_runs_out_in_a_week() -> None:
    gateway = Gateway({"claims": [{"token": digest("sk-old"), "expires": None}, {"token": "older", "expires": "soon"}]})
    teams.reconcile([TEAM], {"claims": "sk-new"}, gateway)
    assert gateway.told[1:] == [
        ("/key/generate", {"key": "sk-new", "team_id": "claims", "key_type": "llm_api"}),
        ("/key/update", {"key": digest("sk-old"), "duration": "7d"}),
    ]


def test_a_team_that_is_no_longer_named_is_blocked_and_not_deleted() -> None:
    gateway = Gateway({"claims": [{"token": digest("sk-new"), "expires": None}], "gone": []})
    teams.reconcile([TEAM], {"claims": "sk-new"}, gateway)
    assert gateway.told[1:] == [("/team/block", {"team_id": "gone"})]


def test_no_key_ever_stands_in_an_address() -> None:
    gateway = Gateway({"claims": []})
    teams.reconcile([TEAM], {"claims": "sk-new"}, gateway)
    assert not [path for path in gateway.asked if "sk-" in path]


def test_a_refusal_ends_the_job_with_what_was_said() -> None:
    with pytest.raises(teams.RefusedError, match=r'/key/generate answered 400: \{"error": "no"\}'):
        teams.reconcile([TEAM], {"claims": "sk-new"}, Gateway({}, refuses="/key/generate"))


def test_a_team_without_tools_is_told_so_that_a_right_that_ended_is_taken_back() -> None:
    assert teams.wanted({**TEAM, "tools": {}})["object_permission"] == {"mcp_servers": [], "mcp_tool_permissions": {}}
