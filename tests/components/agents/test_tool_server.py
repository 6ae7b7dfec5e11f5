"""A server of tools, as it is registered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blueprint.errors import DocumentError
from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from components.agents.tool_server import ToolServer
from components.agents.tool_server_spec import ToolServerSpec
from tests.components import builders, manifests
from tests.components.builders import only, types

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
IMAGE = f"111122223333.dkr.ecr.us-east-1.amazonaws.com/tools/tickets@sha256:{'0' * 63}1"
DOCUMENT = {
    "name": "tickets", "image": IMAGE,
    "tools": [{"name": "find", "effect": "read"}, {"name": "close"}],
}  # fmt: skip
GATEWAY = Needs(
    wants=(Want(name="tools-tickets", dialect=Dialect.MCP, of="tools/tickets", workload="gateway",
                allows=frozenset({"find"})),),
    workloads=frozenset({"gateway"}),
)  # fmt: skip


def synthesised(sandbox: str | None = None, **more: object) -> ResourceGraph:
    spec = ToolServerSpec.model_validate({**DOCUMENT, **more})

    def program() -> None:
        context = builders.platform({"gateway": GATEWAY, "tools/tickets": spec.needs()})
        cluster = replace(builders.cluster(context), sandbox=sandbox)
        made = ToolServer(
            "tools/tickets", spec, platform=context, network=builders.network(), keys=builders.keys(), cluster=cluster,
            identity=builders.identity(context), secrets=builders.secrets(context),
        )  # fmt: skip
        assert vars(made.port)["url"] == "https://tools-tickets.tools-tickets.svc/mcp"

    return builders.graph(program)


@pytest.fixture(scope="module")
def graph() -> ResourceGraph:
    return synthesised()


def template(graph: ResourceGraph) -> Any:
    return only(graph, DEPLOYMENT).inputs["spec"]["template"]


def test_every_kubernetes_object_fits_the_api(graph: ResourceGraph) -> None:
    assert len(manifests.check(graph)) == 10


def test_the_server_has_no_credentials_no_token_and_no_secret(graph: ResourceGraph) -> None:
    pod = template(graph)
    assert pod["metadata"]["annotations"] == {"eks.amazonaws.com/skip-containers": "server"}
    assert pod["spec"]["automountServiceAccountToken"] is False
    door, server = pod["spec"]["containers"]
    assert [each["name"] for each in server["volumeMounts"]] == ["tmp"]
    assert {each["name"]: each["value"] for each in server["env"]} == {"HOME": "/tmp", "PORT": "8080"}
    assert (door["name"], server["image"]) == ("door", IMAGE)


def test_the_network_has_no_way_out_but_the_api_s_own_address(graph: ResourceGraph) -> None:
    policies = graph.of("kubernetes:networking.k8s.io/v1:NetworkPolicy")
    inside: list[Any] = [each.inputs for each in policies if each.inputs["metadata"]["namespace"] == "tools-tickets"]  # type: ignore[index,call-overload]
    out = [rule for each in inside for rule in each["spec"].get("egress") or ()]
    assert out == [
        {"to": [{"ipBlock": {"cidr": "172.20.0.1/32"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    ]  # fmt: skip


def test_callers_of_the_wiring_reach_the_door_and_read_its_key(graph: ResourceGraph) -> None:
    grant = only(graph, "aws:iam/rolePolicy:RolePolicy").inputs
    statements = json.loads(grant["policy"])["Statement"]
    assert grant["role"] == "gateway-gateway"
    assert (
        statements[0]["Resource"]
        == "arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/tools/tickets/key"
    )
    ingress = only(
        graph,
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        "tools-tickets-admits-gateway-gateway-tools-tickets-ingress",
    ).inputs["spec"]["ingress"]
    assert ingress[0]["ports"] == [{"protocol": "TCP", "port": 8443}]


def test_the_door_knows_the_tools_and_asks_for_the_key(graph: ResourceGraph) -> None:
    door = template(graph)["spec"]["containers"][0]
    told = {each["name"]: each["value"] for each in door["env"]}
    assert (told["TOOLS"], told["KEY_FILE"], told["UPSTREAM_PORT"]) == ("close,find", "/etc/secrets/key", "8080")


def test_a_kernel_of_its_own_is_taken_where_nodes_have_one(graph: ResourceGraph) -> None:
    assert "runtimeClassName" not in template(graph)["spec"]
    assert template(synthesised("gvisor"))["spec"]["runtimeClassName"] == "gvisor"
    assert "runtimeClassName" not in template(synthesised("gvisor", isolation="container"))["spec"]


def test_a_kernel_that_no_node_has_is_refused() -> None:
    with pytest.raises(DocumentError, match="asks for gvisor, and no node of the cluster has it"):
        synthesised(isolation="gvisor")


def test_a_tool_without_a_stated_effect_waits_for_a_person() -> None:
    (offer,) = ToolServerSpec.model_validate(DOCUMENT).needs().offers
    assert offer.names == frozenset({"find", "close"})
    assert offer.held == frozenset({"close"})


def test_an_image_without_digest_and_a_tool_named_twice_are_refused() -> None:
    for wrong, said in (
        ({"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/tools/tickets:1"}, "String should match pattern"),
        ({"tools": [{"name": "find"}, {"name": "find"}], "port": 8443}, "tool 'find' is named twice; port 8443"),
        ({"tools": []}, "at least 1 item"),
    ):
        with pytest.raises(ValidationError, match=said):
            ToolServerSpec.model_validate({**DOCUMENT, **wrong})


def test_nothing_else_is_made(graph: ResourceGraph) -> None:
    assert not {each for each in types(graph) if "secretsmanager" in each or "helm" in each}
    assert "kubernetes:core/v1:Secret" not in types(graph)
