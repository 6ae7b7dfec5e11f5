"""Let the pinned LiteLLM load a configuration as its proxy does, and say as JSON what it made of it.

Runs on LiteLLM's own virtual environment (`make test-litellm`), which has nothing of this project in it.
Usage: accepts.py CONFIG.yaml NAME… ; the names are environment variables of which LiteLLM must know.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

os.environ.update({"LITELLM_MASTER_KEY": "sk-of-a-test", "LITELLM_LOCAL_MODEL_COST_MAP": "True"})

import litellm  # type: ignore[import-not-found]
import yaml
from litellm.proxy._experimental.mcp_server.mcp_server_manager import (  # type: ignore[import-not-found]
    global_mcp_server_manager,
)
from litellm.proxy._types import (  # type: ignore[import-not-found]
    ConfigGeneralSettings,
    ConfigYAML,
    LiteLLM_ObjectPermissionBase,
    SpecialModelNames,
)
from litellm.proxy.guardrails.guardrail_registry import IN_MEMORY_GUARDRAIL_HANDLER  # type: ignore[import-not-found]
from litellm.proxy.proxy_cli import run_server  # type: ignore[import-not-found]
from litellm.proxy.proxy_server import ProxyConfig  # type: ignore[import-not-found]


def unknown(names: Iterable[str], text: str) -> list[str]:
    """Names that stand nowhere in LiteLLM's source between quotes."""
    return sorted(name for name in names if f'"{name}"' not in text)


def main(config: str, *variables: str) -> dict[str, object]:
    document = yaml.safe_load(Path(config).read_text())
    ConfigYAML.model_validate(document)
    source = "\n".join(path.read_text() for path in Path(litellm.__file__).parent.rglob("*.py"))
    router, *_ = asyncio.run(ProxyConfig().load_config(router=None, config_file_path=config))
    return {
        "version": version("litellm"),
        "unknown_general_settings": unknown(
            document["general_settings"].keys() - ConfigGeneralSettings.model_fields.keys(), source
        ),
        "unknown_litellm_settings": sorted(
            name for name in document["litellm_settings"] if not hasattr(litellm, name) and unknown([name], source)
        ),
        "unknown_router_settings": sorted(
            document["router_settings"].keys() - inspect.signature(litellm.Router.__init__).parameters.keys()
        ),
        "unknown_variables": unknown(variables, source),
        "options": sorted(option for parameter in run_server.params for option in parameter.opts),
        "deployments": [
            [each["model_name"], each["model_info"]["id"], each["litellm_params"].get("weight")]
            for each in router.model_list
        ],
        "fallbacks": router.fallbacks,
        "silent": litellm.turn_off_message_logging,
        "tools": {
            each.name: [
                each.transport,
                each.auth_type,
                each.authentication_token,
                each.allowed_tools,
                each.extra_headers,
                each.allow_all_keys,
                each.timeout,
            ]
            for each in global_mcp_server_manager.config_mcp_servers.values()
        },
        "unknown_rights": sorted(
            {"mcp_servers", "mcp_tool_permissions"} - LiteLLM_ObjectPermissionBase.model_fields.keys()
        ),
        "no_model": SpecialModelNames.no_default_models.value,
        "guardrails": {
            each["guardrail_name"]: [each["litellm_params"].guardrail, each["litellm_params"].default_on]
            for each in IN_MEMORY_GUARDRAIL_HANDLER.list_in_memory_guardrails()
        },
    }


if __name__ == "__main__":
    told = main(*sys.argv[1:])
    sys.stdout.write("\n" + json.dumps(told))
