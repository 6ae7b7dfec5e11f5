"""Bring the gateway's teams, keys, budgets and limits in line with what the stack document says.

Runs on a schedule: a renewed key is known to the gateway within one interval, and the one before it stays valid for a
week, so that callers can change over. A key that no secret holds does not last longer than that.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TEAMS = Path("/etc/gateway/settings/teams.json")
SECRETS = Path("/etc/gateway/secrets")
AUTHORITY = Path("/etc/authority/ca.crt")
"""Who signed the gateway's certificate."""
SECONDS = 20
PREFIX = "sk-"
UNKNOWN = 404
CHANGE_OVER = "7d"
"""How long a key stays valid after another one has taken its place."""

Json = Mapping[str, object]
Call = Callable[[str, str, Json | None], tuple[int, Json]]
"""Method, path and body in; status and answer out."""


class RefusedError(Exception):
    """The gateway did not take what it was told."""


def key(path: Path) -> str:
    """A key of LiteLLM from the file that holds it. Raises RefusedError for anything else."""
    value = path.read_text().strip()
    if not value.startswith(PREFIX):
        raise RefusedError(f"{path.name} does not begin with {PREFIX!r}; its rotator must renew it with that prefix")
    return value


def wanted(team: Json) -> Json:
    """One team as LiteLLM's API takes it."""
    return {
        "team_id": team["name"], "team_alias": team["name"], "models": team["models"], "metadata": {"owner": team["owner"]},
        "max_budget": team["budget_usd_month"], "budget_duration": "30d", "rpm_limit": team["requests_per_minute"],
        "tpm_limit": team["tokens_per_minute"], "blocked": False, "object_permission": _rights(team.get("tools")),
    }  # fmt: skip


def _rights(tools: object) -> Json:
    """Which tools of which servers; who is given none reaches none. Written out, so that a right that ended is taken back."""
    given = {str(server): names for server, names in tools.items()} if isinstance(tools, Mapping) else {}
    return {"mcp_servers": sorted(given), "mcp_tool_permissions": given}


def reconcile(teams: Sequence[Json], keys: Mapping[str, str], call: Call) -> None:
    """Teams and their keys; teams that are no longer named are blocked, since their spend must stay on record."""
    for team in teams:
        name = str(team["name"])
        known, _ = call("GET", f"/team/info?team_id={name}", None)
        _expect(call, "/team/new" if known == UNKNOWN else "/team/update", wanted(team))
        _keys(name, keys[name], call)
    _, answer = call("GET", "/team/list", None)
    present = {str(each["team_id"]) for each in _objects(answer, "items")}
    for name in sorted(present - {str(team["name"]) for team in teams}):
        _expect(call, "/team/block", {"team_id": name})


def _keys(team: str, key: str, call: Call) -> None:
    """Make the team's key known, by its digest: a key in a URL would end up in a log. Let all others run out."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    _, answer = call("GET", f"/key/list?team_id={team}&return_full_object=true&size=100", None)
    listed = {str(each["token"]): each for each in _objects(answer, "keys")}
    if digest not in listed:
        _expect(call, "/key/generate", {"key": key, "team_id": team, "key_type": "llm_api"})
    for other in sorted(listed.keys() - {digest}):
        if not listed[other].get("expires"):
            _expect(call, "/key/update", {"key": other, "duration": CHANGE_OVER})


def _objects(answer: Json, field: str) -> list[Json]:
    listed = answer.get(field)
    return [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []


def _expect(call: Call, path: str, body: Json) -> None:
    status, answer = call("POST", path, body)
    if status != 200:
        raise RefusedError(f"{path} answered {status}: {json.dumps(answer)[:300]}")


def over_https(base: str, master_key: str, authority: Path) -> Call:
    """Calls of the gateway with the master key, which nobody gets whom the cluster's authority does not vouch for."""
    context = ssl.create_default_context(cafile=str(authority))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of older clusters have no key identifier

    def call(method: str, path: str, body: Json | None) -> tuple[int, Json]:
        request = urllib.request.Request(  # noqa: S310  the base is a constant of this pod
            base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {master_key}", "Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=context) as response:  # noqa: S310
                answer = json.load(response)
                return response.status, answer if isinstance(answer, Mapping) else {"items": answer}
        except urllib.error.HTTPError as error:
            return error.code, {"error": error.read().decode(errors="replace")}

    return call


def main() -> int:
    """One pass."""
    teams = json.loads(TEAMS.read_text())
    master_key = key(SECRETS / "master-key")
    names = [str(team["name"]) for team in teams]
    keys = {name: key(SECRETS / f"team-{name}") for name in names}
    reconcile(teams, keys, over_https(os.environ["GATEWAY_URL"], master_key, AUTHORITY))
    return 0


if __name__ == "__main__":
    sys.exit(main())
