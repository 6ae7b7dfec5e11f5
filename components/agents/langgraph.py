"""An agent on LangGraph."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import AgentPort, McpPort, OpenAiPort, OtlpPort, TemporalPort
from blueprint.types import Dialect, KeyPurpose, Layer
from components.agents.agent_memory import AgentMemory
from components.agents.agent_part import SECRETS, TOKEN, AgentPart, Pods
from components.agents.agent_places import PORTS, PRIORITIES, places
from components.agents.approvals import Approvals
from components.agents.door import HEALTH
from components.agents.langgraph_spec import APPROVER, APPROVER_KEY, CHECKPOINTS, MEMORY_STORE, RUNTIME
from components.certified import AUTHORITY
from components.data.aurora import PORT as POSTGRES
from components.data.valkey import PORT as REDIS
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.gateway.callers import SECRET
from components.gateway.entrance import Door, enter
from components.hardened import Peer, network_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import (
        AuditPort,
        BackupPort,
        ClusterPort,
        IdentityPort,
        IngressPort,
        KeysPort,
        NetworkPort,
        Port,
        SecretsPort,
    )
    from blueprint.types import Noun
    from components.agents.langgraph_spec import LangGraphSpec
    from components.foundation.admission import Statement

HTTPS = 443


class LangGraph(Component):
    """Creates the agent's memory, its queue of approvals and its parts; a way in from the load balancer where one is wired.

    A call that waits for a person is made by the approver alone: the gateway gives the right to such tools to the approver's
    key only, and the roles of the other parts are denied that key.
    """

    LAYER: ClassVar[Layer] = Layer.AGENTS

    def __init__(
        self,
        noun: Noun,
        spec: LangGraphSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        backup: BackupPort,
        ingress: IngressPort,
        ports: Mapping[str, Port],
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._ports, self._secrets = spec, ports, secrets
        self._path = f"/agents/{spec.name}"
        spaces = {self._noun_of(part): cluster.namespaces[noun] for part in spec.parts}
        self._cluster = replace(cluster, namespaces={**cluster.namespaces, **spaces})
        self._who = {part: identity.workloads[noun, part] for part in spec.parts}
        self._places = places(other for other in platform.wiring.needs if other.startswith("agents/"))
        self._memory = AgentMemory(
            f"{noun}/memory", noun, spec, platform=platform, network=network, keys=keys, identity=identity, cluster=cluster,
            secrets=secrets, backup=backup, opts=self.inside,
        )  # fmt: skip
        self._approvals = Approvals(
            f"{noun}/approvals", spec, platform=platform, keys=keys, audit=audit, opts=self.inside
        )
        for part in spec.parts:
            self._may(part, keys.arns[KeyPurpose.SECRETS])
            self._ways(part, network)
        made = {part: self._part(part, network) for part in spec.parts}
        if any(edge.want.dialect is Dialect.AGENT for edge in platform.wiring.to(noun)):
            self._enter(made, network, ingress)
        self.ports = {"agent": AgentPort(provider=noun, path=self._path)}
        self.finish(path=self._path)

    def _noun_of(self, part: str) -> Noun:
        return f"{self.noun}/{part}"

    def _listens(self, part: str) -> int | None:
        place = self._places.get((self.noun, part))
        return None if place is None else PORTS + place

    def _part(self, part: str, network: NetworkPort) -> AgentPart:
        key = APPROVER_KEY if part == APPROVER else SECRET
        files = {SECRET: key, **{name: name for name in (f"{CHECKPOINTS}-password", f"{MEMORY_STORE}-password")}}
        pods = Pods(
            told=self._told(part), told_to_cache_door=self._memory.told_to_door, listen=self._listens(part),
            secrets={file: self._secrets.arns[f"{self.noun}/{secret}"] for file, secret in files.items()},
            prefix=self._path, after=self._memory.ready, audience=self._audience(part),
        )  # fmt: skip
        return AgentPart(
            self._noun_of(part), self._spec, pods, platform=self.platform, network=network, cluster=self._cluster,
            who=self._who[part], opts=self.inside,
        )  # fmt: skip

    def _told(self, part: str) -> Mapping[str, pulumi.Input[str]]:
        """The environment that the spec's docstring promises, as far as this part has it."""
        spec, otlp = self._spec, self._ports[f"otlp-{part}"]
        if not isinstance(otlp, OtlpPort):
            raise TypeError(f"the port otlp-{part} of {self.noun} speaks {otlp.DIALECT}")
        told: dict[str, pulumi.Input[str]] = {
            **self._memory.told, "AFTER_APPROVAL": ",".join(spec.after_approval), "AGENT_PATH": self._path,
            "APPROVALS_QUEUE_URL": self._approvals.queue.url, "AWS_REGION": self.platform.region,
            "GATEWAY_KEY_FILE": f"{SECRETS}/{SECRET}", "MODELS": ",".join(spec.models),
            "OTEL_EXPORTER_OTLP_CERTIFICATE": AUTHORITY, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.grpc,
            "OTEL_SERVICE_NAME": self.named(part), "PART": part, "TOOLS": ",".join(spec.tools),
        }  # fmt: skip
        models, tools, temporal = (self._ports.get(f"{name}-{part}") for name in ("models", "tools", "temporal"))
        if isinstance(models, OpenAiPort):
            told["OPENAI_BASE_URL"] = models.url
        if isinstance(tools, McpPort):
            told["MCP_URL"] = tools.url
        if isinstance(temporal, TemporalPort):
            told |= {
                "TEMPORAL_ADDRESS": temporal.address, "TEMPORAL_NAMESPACE": temporal.namespace,
                "TEMPORAL_TOKEN_FILE": TOKEN,
            }  # fmt: skip
        return told

    def _audience(self, part: str) -> str | None:
        temporal = self._ports.get(f"temporal-{part}")
        return temporal.audience or None if isinstance(temporal, TemporalPort) else None

    def _may(self, part: str, key: pulumi.Input[str]) -> None:
        """What a part's role may do besides reading the agent's secrets, and that it may not take the approver's place."""
        statements: list[Statement] = [self._memory.connects]
        if part == APPROVER:
            statements += self._approvals.decides()
        else:
            held = self._secrets.arns[f"{self.noun}/{APPROVER_KEY}"]
            statements += [*self._approvals.sends(), {**reads_secrets(held), "Effect": "Deny"}]
        statements.append(decrypts_secrets(self.platform, key))
        aws.iam.RolePolicy(
            self.named(part, "own"), role=self._who[part].role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}), opts=self.inside,
        )  # fmt: skip

    def _ways(self, part: str, network: NetworkPort) -> None:
        """Ways that are no edge: database, cache and the endpoints of AWS out, and the load balancer in."""
        listen, vpc = self._listens(part), Peer(cidr=network.vpc_cidr)
        endpoints = [(Peer(cidr=cidr), [HTTPS]) for cidr in network.endpoint_subnet_cidrs]
        network_policy(
            self, f"{part}-ways", namespace=self._cluster.namespaces[self.noun], selects=self._who[part].labels,
            ingress=[] if listen is None else [(vpc, [listen])], egress=[(vpc, [POSTGRES, REDIS]), *endpoints],
            opts=self.within(provider=self._cluster.provider_resource),
        )  # fmt: skip

    def _enter(self, made: Mapping[str, AgentPart], network: NetworkPort, ingress: IngressPort) -> None:
        """Approvals go to the approver, everything else to the runtime; only whoever signed a caller in comes this way."""
        if ingress.inner_listener_arn is None:
            raise TypeError(f"{ingress.provider} has no listener for agents")
        inner = replace(ingress, listener_arn=ingress.inner_listener_arn)
        paths = {APPROVER: (f"{self._path}/approvals", f"{self._path}/approvals/*"), RUNTIME: (f"{self._path}/*",)}
        for part, wanted in paths.items():
            place, service = self._places[self.noun, part], made[part].service
            if service is not None:
                came_in = Door(
                    part=f"{self.noun} {part}", port=PORTS + place, ready=HEALTH, paths=wanted,
                    priority=PRIORITIES + place, drain_seconds=self._spec.run_seconds,
                )  # fmt: skip
                enter(made[part], came_in, network, inner, self._cluster, service)
