"""The gateway's part that says where the tools are."""

from __future__ import annotations

import json

import pytest

from components.gateway.litellm_spec import LiteLlmSpec
from tests.components.builders import only
from tests.components.gateway.conftest import DOCUMENT, WITH_TOOLS, synthesised

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


@pytest.mark.parametrize(("document", "servers"), [(DOCUMENT, []), (WITH_TOOLS, ["case_notes", "tickets"])])
def test_each_named_server_is_told_and_no_other(document: dict[str, object], servers: list[str]) -> None:
    graph = synthesised(LiteLlmSpec.model_validate(document))
    assert sorted(json.loads(only(graph, CONFIG_MAP, "gateway-tools").inputs["data"]["tools.json"])) == servers


def test_the_wait_for_a_tool_is_that_of_the_document() -> None:
    tools = [{"server": "tools/tickets", "tools": ["find"], "timeout_seconds": 120}]
    graph = synthesised(LiteLlmSpec.model_validate({**DOCUMENT, "tools": tools}))
    assert (
        json.loads(only(graph, CONFIG_MAP, "gateway-tools").inputs["data"]["tools.json"])["tickets"]["timeout"] == 120
    )
