"""A session with the tools behind the gateway, over the Model Context Protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from components.observability.programs.gateway_calls import Gateway, at
from components.observability.programs.measures import Json, RefusedError

MCP_VERSION = "2025-06-18"
CLIENT: Json = {"name": "evaluation", "version": "1"}


class Tools:
    """A session with the tools behind the gateway, on behalf of the groups that the document names."""

    def __init__(self, gateway: Gateway, groups: Sequence[str]) -> None:
        self._gateway, self._number = gateway, 0
        self._headers = {
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": MCP_VERSION,
            "X-Blueprint-Groups": ",".join(groups),
        }  # fmt: skip
        self._ask("initialize", {"protocolVersion": MCP_VERSION, "capabilities": {}, "clientInfo": CLIENT})
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def called(self, wanted: str) -> str:
        """The full name of a tool such as knowledge/search, however the gateway joins its parts. Raises RefusedError."""
        listed = at(self._ask("tools/list", {}), "tools")
        names = (
            [str(each.get("name")) for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
        )
        found = next((name for name in names if _plain(name) == _plain(wanted)), None)
        if found is None:
            raise RefusedError(f"the gateway offers no tool {wanted}; there are {sorted(names)}")
        return found

    def search(self, tool: str, arguments: Json) -> list[str]:
        """Ids of the documents that a search finds, best first. Raises RefusedError when the tool refuses."""
        told = self._ask("tools/call", {"name": tool, "arguments": arguments})
        if told.get("isError"):
            raise RefusedError(f"{tool} refused a search")
        return list(_ids(told))

    def _ask(self, method: str, parameters: Json) -> Json:
        self._number += 1
        told = self._post({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        if "error" in told:
            raise RefusedError(f"{method} failed: {json.dumps(told['error'])[:200]}")
        result = told.get("result")
        return result if isinstance(result, Mapping) else {}

    def _post(self, body: Json) -> Json:
        told, headers = self._gateway.call(self._gateway.tools_url, self._gateway.key, body, self._headers)
        session = {name.lower(): value for name, value in headers.items()}.get("mcp-session-id")
        if session:
            self._headers = {**self._headers, "Mcp-Session-Id": session}
        return told


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def _ids(told: Json) -> Iterator[str]:
    """Ids in what a tool answers: as structure where it gives one, else as JSON in its texts."""
    structured = at(told, "structuredContent", "result")
    content = told.get("content")
    texts = [at(each, "text") for each in content] if isinstance(content, list) else []
    for hit in structured if isinstance(structured, list) else _hits(texts):
        if isinstance(hit, Mapping) and "id" in hit:
            yield str(hit["id"])


def _hits(texts: Iterable[object]) -> Iterator[object]:
    for text in texts:
        found = json.loads(str(text))
        yield from found if isinstance(found, list) else [found]
