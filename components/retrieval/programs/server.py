"""The tools of a store over the Model Context Protocol: `search` and `fetch`, the same whatever keeps the documents.

Stands on LiteLLM's image, which holds mcp, starlette and uvicorn. Callers send the store's key; who may see what comes
with each call in a header that the platform's runtime sets, so that no model and no argument can widen it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn  # type: ignore[import-not-found]
from mcp.server.fastmcp import Context, FastMCP  # type: ignore[import-not-found]
from mcp.server.fastmcp.exceptions import ToolError  # type: ignore[import-not-found]
from mcp.server.transport_security import TransportSecuritySettings  # type: ignore[import-not-found]
from starlette.responses import JSONResponse, PlainTextResponse  # type: ignore[import-not-found]

from components.retrieval.programs.contract import (
    GROUPS_HEADER,
    RefusedError,
    Scalar,
    Search,
    Settings,
    UnavailableError,
    groups_of,
)
from components.retrieval.programs.door import CERTIFICATE, follow
from components.retrieval.programs.keys import Keys
from components.retrieval.programs.stores import store
from components.retrieval.programs.traces import start, traced

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KEY = Path("/etc/retrieval/secrets/mcp-key")
OPEN = frozenset({"/healthz"})
"""Paths that answer without a key: whoever probes has none."""


def tools(found: Search, hosts: list[str]) -> Any:
    """The MCP server with both tools."""
    mine = found.settings
    server = FastMCP(
        "retrieval", stateless_http=True, json_response=True, log_level="WARNING",
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=True, allowed_hosts=hosts),
    )  # fmt: skip

    async def search(
        ctx: Context,
        text: str = "",
        vector: list[float] | None = None,
        top: int = 10,
        filters: dict[str, Scalar] | None = None,
        model: str = "",
    ) -> list[dict[str, str | float]]:
        with traced("search") as told:
            hits = await _answered(
                lambda: found.search(
                    _groups(ctx), text=text, vector=vector, top=top, filters=filters, model=model
                )
            )  # fmt: skip
            told(len(hits))
        return [hit.written() for hit in hits]

    async def fetch(ctx: Context, id: str) -> dict[str, str | float] | None:  # noqa: A002  the contract's own name
        with traced("fetch") as told:
            hit = await _answered(lambda: found.fetch(_groups(ctx), id))
            told(int(hit is not None))
        return None if hit is None else hit.written()

    server.add_tool(search, name="search", description=(
        "Documents that the person asking may see, best first: by `text`, by its `vector` "
        f"({mine.dimensions} numbers of {mine.embedding_model}), or by both together. "
        "`filters` are fields of the documents' metadata with the values they must have."
    ))  # fmt: skip
    server.add_tool(fetch, name="fetch", description="One document by its `id`, if the person asking may see it.")
    server.custom_route("/healthz", methods=["GET"])(_healthy)
    return server


def guarded(application: Any, keys: Keys) -> Callable[..., Awaitable[None]]:
    """Let in who sends the key."""

    async def enter(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            sent = dict(scope["headers"]).get(b"authorization", b"").decode(errors="replace")
            if not keys.admits(sent):
                refusal = JSONResponse({"error": "send the store's key as bearer token"}, status_code=401)
                await refusal(scope, receive, send)
                return
        await application(scope, receive, send)

    return enter


def _groups(ctx: Any) -> tuple[str, ...]:
    return groups_of(ctx.request_context.request.headers.get(GROUPS_HEADER))


async def _answered(ask: Callable[[], Any]) -> Any:
    """Stores are asked in threads; what a caller can change is told, what broke is only named."""
    try:
        return await asyncio.to_thread(ask)
    except RefusedError as refusal:
        raise ToolError(str(refusal)) from refusal
    except UnavailableError as trouble:
        sys.stderr.write(f"{trouble}\n")
        raise ToolError("the store did not answer; try again later") from trouble


async def _healthy(_: Any) -> Any:
    return PlainTextResponse("ok")


async def serve() -> None:
    """Answer until the pod ends."""
    start()
    hosts = [name for host in os.environ["HOSTS"].split(",") for name in (host, f"{host}:*")]
    application = tools(Search(store(), Settings.from_environment()), hosts).streamable_http_app()
    config = uvicorn.Config(
        guarded(application, Keys(KEY)), host="0.0.0.0", port=int(os.environ["PORT"]), access_log=False,  # noqa: S104
        ssl_certfile=str(CERTIFICATE), ssl_keyfile=str(CERTIFICATE), timeout_graceful_shutdown=20, server_header=False,
        lifespan="on",
    )  # fmt: skip
    config.load()
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    following = asyncio.create_task(follow(config.ssl, CERTIFICATE))
    await uvicorn.Server(config).serve()
    following.cancel()


if __name__ == "__main__":
    asyncio.run(serve())
