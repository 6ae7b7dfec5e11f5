"""The rendered configuration, loaded by the pinned LiteLLM itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from components.gateway.litellm_config import NO_MODEL, routes, server, tool_server
from components.gateway.litellm_spec import LiteLlmSpec
from components.gateway.programs import start
from components.versions import image
from tests.components.builders import only
from tests.components.gateway.conftest import WITH_TOOLS
from tests.components.gateway.test_start import PARTS

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".tools" / "litellm" / "bin" / "python"
VARIABLES = (
    "DATABASE_HOST", "DATABASE_NAME", "DATABASE_PORT", "DATABASE_USER", "DISABLE_ADMIN_UI", "IAM_TOKEN_DB_AUTH",
    "LITELLM_LOCAL_MODEL_COST_MAP", "LITELLM_LOG", "LITELLM_MASTER_KEY", "LITELLM_MODE", "NO_DOCS", "NO_OPENAPI",
    "NO_REDOC", "OTEL_ENDPOINT", "OTEL_EXPORTER", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    "OTEL_SERVICE_NAME", "PORT", "SSL_CERT_FILE",
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(
    gateway: ResourceGraph, spec: LiteLlmSpec, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[object] | dict[str, object] | str]:
    if not PYTHON.exists():
        pytest.skip("NOT RUN: LiteLLM is not installed; `make test-litellm` installs it and runs this")
    data = only(gateway, "kubernetes:core/v1:ConfigMap", "gateway-settings").inputs["data"]
    settings = yaml.safe_load(data["config.yaml"])
    tools = {server(entry): {**tool_server(entry), "url": "https://tools.example.svc/mcp",
                             "authentication_token": "secretsmanager:arn"}
             for entry in LiteLlmSpec.model_validate(WITH_TOOLS).tools}  # fmt: skip
    composed = {
        **start.compose(settings, routes(spec, frozenset(), frozenset()), PARTS),  # type: ignore[arg-type]
        "mcp_servers": tools,
    }
    whole = start.resolve(composed, lambda _: "of-a-test")
    file = tmp_path_factory.mktemp("litellm") / "config.yaml"
    file.write_text(yaml.safe_dump(whole))
    run = subprocess.run(
        [PYTHON, ROOT / "tools" / "litellm" / "accepts.py", file, *VARIABLES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.rpartition("\n")[2])  # type: ignore[no-any-return]


def test_it_is_the_version_that_the_image_has(told: dict[str, object]) -> None:
    assert told["version"] == image("litellm").tag.removeprefix("v")


def test_litellm_knows_every_setting_and_variable(told: dict[str, object]) -> None:
    assert {name: value for name, value in told.items() if name.startswith("unknown_")} == {
        "unknown_general_settings": [], "unknown_litellm_settings": [], "unknown_router_settings": [],
        "unknown_rights": [], "unknown_variables": [],
    }  # fmt: skip


def test_litellm_knows_every_option_of_our_programs(told: dict[str, object]) -> None:
    folder = Path(start.__file__).parent
    text = (folder / "start.py").read_text() + (folder / "migrate.py").read_text()
    ours = {word for word in text.split('"') if word.startswith("--") and "_" in word}
    assert {"--ssl_certfile_path", "--iam_token_db_auth", "--enforce_prisma_migration_check"} <= ours
    assert ours <= set(told["options"])  # type: ignore[call-overload]


def test_litellm_routes_by_our_weights_and_fallbacks(told: dict[str, object]) -> None:
    assert told["deployments"] == [
        ["chat", "chat/large", 3],
        ["chat", "chat/small", 1],
        ["economy", "economy/small", 1],
    ]
    assert told["fallbacks"] == [{"chat": ["economy"]}]


def test_litellm_runs_both_guardrails_for_every_caller(told: dict[str, object]) -> None:
    assert told["guardrails"] == {"card-data": ["litellm_content_filter", True], "personal-data": ["presidio", True]}
    assert told["silent"] is False


def test_litellm_reads_servers_of_tools_as_we_mean_them(told: dict[str, object]) -> None:
    shared = ["x-blueprint-groups"], False, 30
    assert told["tools"] == {
        "case_notes": ["http", "bearer_token", "of-a-test", ["search"], *shared],
        "tickets": ["http", "bearer_token", "of-a-test", ["close", "find"], *shared],
    }
    assert told["no_model"] == NO_MODEL
