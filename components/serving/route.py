"""How a served model is told to the gateway, the same way whatever serves it.

For each edge the offering side writes a ConfigMap `model-<name>` into the namespace of the consumer, with one key,
`route.yaml`: a document with a `model_list` of one LiteLLM entry. The consumer mounts it and knows nothing else, so that
another implementation behind the port changes nothing on its side.

A secret is named, never contained: an `api_key` that reads `secretsmanager:<arn>` is to be replaced at start by the value
that Secrets Manager has under that ARN. The consumer's workload may read it, and reach Secrets Manager, by the same edge.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from blueprint.ports import ModelRoutePort

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

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


def route_document(model: str, parameters: Mapping[str, JsonValue]) -> str:
    """A document with one entry. It is JSON, which every YAML reader takes and which leaves nothing to quote."""
    entry = {"model_name": model, "litellm_params": dict(parameters), "model_info": {"mode": "chat"}}
    return json.dumps({"model_list": [entry]}, indent=1, sort_keys=True)


def publish(
    component: Component,
    edge: Edge,
    cluster: ClusterPort,
    model: str,
    parameters: Mapping[str, pulumi.Input[JsonValue]],
) -> None:
    """Write the entry where the consumer of an edge reads it."""
    document = pulumi.Output.all(**parameters).apply(lambda known: route_document(model, known))
    kubernetes.core.v1.ConfigMap(
        component.named("route", edge.id),
        metadata={
            "name": config_map_name(model), "namespace": cluster.namespaces[edge.consumer], "labels": component.labels(),
        },
        data={KEY: document}, opts=component.within(provider=cluster.provider_resource),
    )  # fmt: skip
