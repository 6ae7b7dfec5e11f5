"""What a stack document may say about a server of tools."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from blueprint.spec import Spec
from blueprint.types import Dialect, Frozen, KeyPurpose, Name
from blueprint.wiring import Needs, Offer
from components.agents.image_reference import ImageReference
from components.gateway.litellm_spec import ToolName

Effect: TypeAlias = Literal["read", "write", "irreversible"]
Isolation: TypeAlias = Literal["gvisor", "container"]
CPU = r"^([1-9][0-9]{0,4}m|[1-9][0-9]?)$"
MEMORY = r"^[1-9][0-9]{0,4}(Mi|Gi)$"


class Tool(Frozen):
    """One tool that a server offers."""

    name: ToolName = Field(description="Its name, as the server answers to tools/list")
    effect: Effect = Field(
        "irreversible",
        description="What a call does: read, write what can be undone, or irreversible; left out: irreversible, so that "
        "each call waits for a person",
    )


class ToolServerSpec(Spec):
    """A server of tools, of an image of your own, in a sandbox that nothing leaves.

    The image answers the Model Context Protocol as streamable HTTP, path /mcp, in clear on the port in PORT: TLS, the
    caller's key and the log of calls are the platform's, in a container beside it. It runs as user 65534 with a read-only
    root and /tmp to write to, has no credentials of AWS or Kubernetes, and reaches names and nobody else.
    """

    kind: Literal["mcp_server"] = "mcp_server"
    name: Name = Field(description="Name by which the gateway's tools mean it")
    image: ImageReference = Field(description="Image of the server, by digest, in a registry of an account of yours")
    tools: tuple[Tool, ...] = Field(min_length=1, description="Tools that it offers; a call of any other is refused")
    port: int = Field(8080, ge=1024, le=65535, description="Port that the image listens on, in PORT; left out: 8080")
    isolation: Isolation | None = Field(
        None,
        description="gvisor: a kernel of its own, refused where no node has one; container: the kernel of the node; "
        "left out: gvisor where the cluster's nodes have it, else container",
    )
    replicas: int = Field(2, ge=2, le=50, description="Pods; left out: 2")
    cpu: str = Field("250m", pattern=CPU, description="Processor time of the server; left out: 250m, up to 1")
    memory: str = Field("512Mi", pattern=MEMORY, description="Memory of the server; left out: 512Mi")
    timeout_seconds: int = Field(30, ge=1, le=300, description="Longest wait for one call; left out: 30")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ToolServerSpec:
        names = [tool.name for tool in self.tools]
        problems = [
            f"tool {name!r} is named twice" for name in sorted({each for each in names if names.count(each) > 1})
        ]
        if self.port == DOOR_PORT:
            problems.append(f"port {DOOR_PORT} is the platform's own; choose another")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def needs(self) -> Needs:
        """A key that the gateway sends; tools by name, those that cannot be undone only after approval."""
        return Needs(
            offers=(
                Offer(
                    name="mcp", dialect=Dialect.MCP, names=frozenset(tool.name for tool in self.tools),
                    held=frozenset(tool.name for tool in self.tools if tool.effect == "irreversible"),
                ),
            ),
            workloads=frozenset({"server"}),
            services=frozenset({"secretsmanager", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.SECRETS}),
            secrets=frozenset({"key"}),
        )  # fmt: skip


DOOR_PORT = 8443
"""Where the platform's own container answers over TLS."""
