"""How a served model is told to the gateway, the same way whatever serves it.

For each edge the offering side writes a ConfigMap `model-<name>` into the namespace of the consumer, with one key,
`route.yaml`: a list of one LiteLLM `model_list` entry. The consumer mounts it and knows nothing else, so that another
implementation behind the port changes nothing on its side.

A secret is named, never contained: an `api_key` that reads `secretsmanager:<arn>` is to be replaced at start by the value
that Secrets Manager has under that ARN. The consumer's workload is allowed to read it by the same edge.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from blueprint.ports import ModelRoutePort

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.component import Component
    from blueprint.ports import ClusterPort
    from blueprint.wiring import Edge

KEY = "route.yaml"
SECRET = "secretsmanager:"  # noqa: S105  the mark of a reference, not a secret


def config_map_name(model: str) -> str:
    """Name of the ConfigMap; known before anything is made."""
    return f"model-{model}"


def route_port(component: Component, model: str) -> ModelRoutePort:
    """The port of a served model."""
    return ModelRoutePort(provider=component.noun, model=model, config_map=config_map_name(model), key=KEY)


def route_entry(model: str, parameters: Mapping[str, pulumi.Input[str]], *, mode: str = "chat") -> pulumi.Output[str]:
    """One entry of LiteLLM's model list. YAML is a superset of JSON, and JSON leaves nothing to quote."""
    return pulumi.Output.all(**parameters).apply(
        lambda known: json.dumps(
            [{"model_name": model, "litellm_params": known, "model_info": {"mode": mode}}], indent=1, sort_keys=True
        )
    )


def publish(component: Component, edge: Edge, cluster: ClusterPort, model: str, entry: pulumi.Output[str]) -> None:
    """Write the entry where the consumer of an edge reads it."""
    name = config_map_name(model)
    kubernetes.core.v1.ConfigMap(
        component.named("route", edge.id),
        metadata={"name": name, "namespace": cluster.namespaces[edge.consumer], "labels": component.labels()},
        data={KEY: entry}, opts=component.within(provider=cluster.provider_resource),
    )  # fmt: skip
