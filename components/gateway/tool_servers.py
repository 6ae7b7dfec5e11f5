"""The gateway's part that says where the tools are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from blueprint.ports import McpPort
from components.gateway import litellm_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from blueprint.component import Component
    from blueprint.ports import Port
    from components.gateway.litellm_spec import LiteLlmSpec


def tool_servers(
    gateway: Component,
    spec: LiteLlmSpec,
    ports: Mapping[str, Port],
    *,
    space: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Name of the ConfigMap with every server, in LiteLLM's words; the key of each is named, and fetched as LiteLLM starts."""
    told: dict[str, dict[str, pulumi.Input[JsonValue]]] = {}
    for entry in spec.tools:
        port = ports[f"tools-{entry.name}"]
        if not isinstance(port, McpPort) or port.secret_arn is None:
            raise TypeError(f"the port tools-{entry.name} of {gateway.noun} is not that of a server with a key")
        token = pulumi.Output.concat("secretsmanager:", port.secret_arn)
        told[litellm_config.server(entry)] = {
            **litellm_config.tool_server(entry), "url": port.url, "authentication_token": token,
        }  # fmt: skip
    name = gateway.named("tools")
    return kubernetes.core.v1.ConfigMap(
        name, data={"tools.json": pulumi.Output.json_dumps(told, indent=1, sort_keys=True)}, opts=opts,
        metadata=kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace=space, labels=gateway.labels()),
    ).metadata.name.apply(str)  # fmt: skip
