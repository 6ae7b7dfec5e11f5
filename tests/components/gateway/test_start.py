"""The program that composes LiteLLM's configuration and runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.gateway.litellm_config import routes
from components.gateway.programs import start, teams

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from components.gateway.litellm_spec import LiteLlmSpec

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/serving/large/api-key"
PARTS: dict[str, list[start.Document]] = {
    "large": [{"model_name": "large", "litellm_params": {"model": "hosted_vllm/large", "api_key": f"secretsmanager:{ARN}"}}],
    "small": [{"model_name": "small", "litellm_params": {"model": "hosted_vllm/small"}, "model_info": {"mode": "chat"}}],
}  # fmt: skip


def composed(spec: LiteLlmSpec, parts: dict[str, list[start.Document]] = PARTS) -> start.Document:
    return start.compose({"general_settings": {}}, routes(spec, spec.switched_off, {"large"}), parts)  # type: ignore[arg-type]


def test_each_route_becomes_deployments_of_its_name_with_their_weights(spec: LiteLlmSpec) -> None:
    assert composed(spec) == {
        "general_settings": {},
        "model_list": [
            {
                "model_name": "chat",
                "litellm_params": {
                    "model": "hosted_vllm/large", "api_key": f"secretsmanager:{ARN}", "timeout": 120, "num_retries": 2,
                    "weight": 3, "input_cost_per_token": 5e-07, "output_cost_per_token": 1.5e-06,
                },
                "model_info": {"id": "chat/large", "task": "chat", "approved": True},
            },
            {
                "model_name": "chat",
                "litellm_params": {"model": "hosted_vllm/small", "timeout": 120, "num_retries": 2, "weight": 1},
                "model_info": {"mode": "chat", "id": "chat/small", "task": "chat", "approved": False},
            },
            {
                "model_name": "economy",
                "litellm_params": {"model": "hosted_vllm/small", "timeout": 30, "num_retries": 2, "weight": 1},
                "model_info": {"mode": "chat", "id": "economy/small", "task": "chat", "approved": False},
            },
        ],
    }  # fmt: skip


def test_a_missing_or_ambiguous_part_is_refused_and_names_what_is_there(spec: LiteLlmSpec) -> None:
    with pytest.raises(start.RefusedError, match=r"route chat needs a part for large; there are \['small'\]"):
        composed(spec, {"small": PARTS["small"]})
    with pytest.raises(start.RefusedError, match="the part of large has 2 entries and must have one"):
        composed(spec, {**PARTS, "large": PARTS["large"] * 2})


@given(st.dictionaries(st.sampled_from(["general_settings", "guardrails", "model_list", "callbacks"]), st.booleans()))
def test_whatever_a_part_holds_the_gateways_settings_stay(more: dict[str, bool]) -> None:
    hostile = [{**PARTS["small"][0], **more}]
    route = {
        "name": "chat",
        "task": "chat",
        "timeout_seconds": 1,
        "retries": 0,
        "models": [{"serving": "small", "approved": True}],
    }
    whole = start.compose({"general_settings": {"a": 1}, "guardrails": ["g"]}, [route], {"small": hostile})
    assert (whole["general_settings"], whole["guardrails"]) == ({"a": 1}, ["g"])
    assert len(whole["model_list"]) == 1  # type: ignore[arg-type]


def test_a_named_secret_is_put_in_place_and_nothing_else_is_fetched(spec: LiteLlmSpec) -> None:
    asked: list[str] = []

    def fetch(arn: str) -> str:
        asked.append(arn)
        return "from-the-store"

    entries = start.resolve(composed(spec), fetch)["model_list"]
    assert asked == [ARN]
    assert [entry["litellm_params"].get("api_key") for entry in entries] == ["from-the-store", None, None]  # type: ignore[attr-defined]


def test_the_part_that_a_serving_offers_is_read_as_it_is_written(tmp_path: Path) -> None:
    entry = {"model_name": "large", "litellm_params": {"model": "hosted_vllm/large"}, "model_info": {"mode": "chat"}}
    (tmp_path / "large.yaml").write_text(json.dumps({"model_list": [entry]}, indent=1))
    assert start.read_models(tmp_path) == {"large": [entry]}


@pytest.mark.parametrize("program", [start, teams])
def test_a_key_is_the_secret_itself_and_anything_else_is_refused_without_showing_it(
    tmp_path: Path, program: ModuleType
) -> None:
    (tmp_path / "master-key").write_text("sk-abc\n")
    assert program.key(tmp_path / "master-key") == "sk-abc"
    (tmp_path / "master-key").write_text("abc")
    with pytest.raises(program.RefusedError, match=r"^master-key does not begin with 'sk-'") as caught:
        program.key(tmp_path / "master-key")
    assert "abc" not in str(caught.value)


def test_a_renewed_certificate_changes_what_litellm_was_started_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SETTINGS", "MODELS", "SECRETS"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(start, name, tmp_path / name)
    monkeypatch.setattr(start, "CERTIFICATE", tmp_path / "server.pem")
    (tmp_path / "SETTINGS" / "config.yaml").write_text("general_settings: {}")
    (tmp_path / "SETTINGS" / "routes.yaml").write_text("[]")
    monkeypatch.setattr(start, "TOOLS", tmp_path / "tools.json")
    (tmp_path / "tools.json").write_text("{}")
    seen = []
    for content in ("first", "first", "second"):
        (tmp_path / "server.pem").write_text(content)
        seen.append(start.current(str))
    assert seen[0] == seen[1] != seen[2]


def test_litellm_is_ended_when_what_it_was_started_with_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(start, "SPREAD", 0.0)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    seen = iter(["before", "before", "after"])
    assert start.watch(child, lambda: next(seen)) == 0
    assert child.returncode != 0


def test_what_cannot_be_read_changes_nothing_and_the_exit_code_is_litellms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "LOOK_EVERY", 0.05)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.4); raise SystemExit(7)"])
    looks = 0

    def look() -> str:
        nonlocal looks
        looks += 1
        if looks > 1:
            raise start.RefusedError("a part is being replaced")
        return "before"

    assert start.watch(child, look) == 7
    assert looks > 1


def test_a_server_of_tools_gets_its_key_as_the_program_starts(spec: LiteLlmSpec) -> None:
    whole = {
        **composed(spec),
        "mcp_servers": {"tickets": {"url": "https://tickets", "authentication_token": f"secretsmanager:{ARN}"}},
    }
    assert start.resolve(whole, {ARN: "of-a-test"}.__getitem__)["mcp_servers"] == {
        "tickets": {"url": "https://tickets", "authentication_token": "of-a-test"}
    }


def test_litellm_trusts_the_public_authorities_and_that_of_the_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "configuration", lambda _: {})
    for name in ("SECRETS", "RUN"):
        monkeypatch.setattr(start, name, tmp_path)
    monkeypatch.setattr(start, "AUTHORITY", tmp_path / "ca.crt")
    monkeypatch.setenv("PORT", "4000")
    monkeypatch.setenv("SSL_CERT_FILE", "")
    monkeypatch.setenv("LITELLM_MASTER_KEY", "")
    (tmp_path / "ca.crt").write_text("of the cluster")
    (tmp_path / "master-key").write_text("sk-of-a-test")
    start.prepare(str)
    trusted = (tmp_path / "authorities.pem").read_text()
    assert trusted.endswith("of the cluster")
    assert "BEGIN CERTIFICATE" in trusted
