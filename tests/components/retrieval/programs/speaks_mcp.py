"""Run the tools server and ask it as a client does; say as JSON what it answered.

Runs on LiteLLM's own virtual environment, which holds mcp, starlette and uvicorn. Usage: speaks_mcp.py FOLDER, where the
folder holds `server.pem` for the loopback.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx  # type: ignore[import-not-found]
import uvicorn  # type: ignore[import-not-found]
from mcp import ClientSession  # type: ignore[import-not-found]
from mcp.client.streamable_http import streamablehttp_client  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[4]
sys.path.insert(0, str(ROOT))

from components.retrieval.programs import server  # noqa: E402  found by the path above
from components.retrieval.programs.contract import Filters, Hit, Search, Settings, UnavailableError  # noqa: E402
from components.retrieval.programs.keys import Keys  # noqa: E402

FOLDER = Path(sys.argv[1])
KEY = "of-a-test"


class Documents:
    """One document for readers, and one call that breaks."""

    def near(self, vector: Sequence[float], groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        del vector, filters, count
        return [Hit("near", "text", "source")] if "readers" in groups else []

    def matching(self, text: str, groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        del groups, filters, count
        raise UnavailableError(f"at 10.0.0.7, asked for {text}")

    def fetch(self, id_: str, groups: Sequence[str]) -> Hit | None:
        return Hit(id_, "text", "source") if "readers" in groups else None

    def newest(self) -> datetime | None:
        return None


def started() -> int:
    """The server on a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (FOLDER / "mcp-key").write_text(KEY)
    search = Search(Documents(), Settings("large", 3, 60, 40, 50))
    application = server.tools(search, ["127.0.0.1", "127.0.0.1:*"]).streamable_http_app()
    certificate = str(FOLDER / "server.pem")
    config = uvicorn.Config(
        server.guarded(application, Keys(FOLDER / "mcp-key")), host="127.0.0.1", port=port, log_level="warning",
        ssl_certfile=certificate, ssl_keyfile=certificate,
    )  # fmt: skip
    running = uvicorn.Server(config)
    threading.Thread(target=lambda: asyncio.run(running.serve()), daemon=True).start()
    while not running.started:
        time.sleep(0.02)
    return port


def client(**more: Any) -> Any:
    """An HTTP client that trusts the test's certificate alone."""
    return httpx.AsyncClient(verify=str(FOLDER / "server.pem"), **more)


async def asked(base: str, groups: str | None) -> dict[str, Any]:
    """What a caller of these groups is answered."""
    headers = {"Authorization": f"Bearer {KEY}", **({} if groups is None else {"x-blueprint-groups": groups})}
    async with (
        streamablehttp_client(f"{base}/mcp", headers=headers, httpx_client_factory=client) as (reads, writes, _),
        ClientSession(reads, writes) as session,
    ):
        await session.initialize()
        listed = (await session.list_tools()).tools
        calls = {
            "near": ("search", {"vector": [1, 2, 3]}), "wrong": ("search", {"vector": [1]}),
            "broken": ("search", {"text": "words"}), "fetch": ("fetch", {"id": "one"}),
        }  # fmt: skip
        answers = {name: await session.call_tool(tool, told) for name, (tool, told) in calls.items()}
    return {
        "tools": {each.name: sorted(each.inputSchema["properties"]) for each in listed},
        "answers": {
            name: [each.text for each in answer.content] if answer.isError else answer.structuredContent["result"]
            for name, answer in answers.items()
        },
    }


async def main() -> dict[str, Any]:
    """With groups, without, and with neither key nor the right host."""
    base = f"https://127.0.0.1:{started()}"
    async with client() as plain:
        bare = {
            "healthz": (await plain.get(f"{base}/healthz")).status_code,
            "no key": (await plain.post(f"{base}/mcp", json={})).status_code,
            "other host": (await plain.post(
                f"{base}/mcp", json={}, headers={"Authorization": f"Bearer {KEY}", "Host": "example.org"}
            )).status_code,
        }  # fmt: skip
    return {"readers": await asked(base, "readers, others"), "nobody": await asked(base, None), "bare": bare}


if __name__ == "__main__":
    sys.stdout.write(f"\n{json.dumps(asyncio.run(main()))}")
