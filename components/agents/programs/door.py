"""Answer over TLS for the program next door, which listens on the loopback: who may call what, and a line for each call.

With a key, callers must send it as bearer token. With names of tools, a call of any other tool is refused here and never
reaches the program. What is said is not written down: a line holds the method, the tool, the outcome and the time taken.
"""

from __future__ import annotations

import hmac
import http.client
import json
import os
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CERTIFICATE = Path("/run/certificate/server.pem")
"""Key and certificate, kept by the container next door."""
HOP = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding", "authorization"})
"""Headers that are not handed on: those of one connection, and the caller's credentials."""
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""Answers after which nothing may follow."""
PIECE = 65_536
LONGEST = 4 * 1024 * 1024
"""Bytes of one request."""
HEALTH = "/healthz"


class RefusedError(Exception):
    """A request that does not pass, with the status that says why."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Rules:
    """What passes, and where it goes."""

    upstream: int
    seconds: float
    prefix: str = ""
    """Beginning of paths that is cut off, such as /agents/intake."""
    key: Path | None = None
    tools: frozenset[str] = field(default_factory=frozenset)
    """Tools that may be called; empty: the program decides."""
    ready: str = ""
    """Path of the program that says whether it is ready; left out: that it listens is enough."""

    @classmethod
    def told(cls, environment: Mapping[str, str]) -> Rules:
        """From the container's environment."""
        key, tools = environment.get("KEY_FILE"), environment.get("TOOLS", "")
        return cls(
            upstream=int(environment["UPSTREAM_PORT"]), seconds=float(environment["SECONDS"]),
            prefix=environment.get("PREFIX", ""), key=Path(key) if key else None,
            tools=frozenset(tools.split(",")) if tools else frozenset(), ready=environment.get("READY", ""),
        )  # fmt: skip

    def admit(self, authorization: str | None) -> None:
        """Raises RefusedError for a caller without the key; a renewed key counts at once."""
        if self.key is None:
            return
        wanted = f"Bearer {self.key.read_text().strip()}"
        if not hmac.compare_digest((authorization or "").encode(), wanted.encode()):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "the key is missing or wrong")

    def called(self, body: bytes) -> list[str]:
        """Names of the tools that a request calls. Raises RefusedError for one that may not be called."""
        names = [str(each) for each in _tools(body)]
        if self.tools:
            refused = sorted(set(names) - self.tools)
            if refused:
                raise RefusedError(HTTPStatus.FORBIDDEN, f"not offered: {', '.join(refused)}")
        return names

    def path(self, path: str) -> str:
        """The path as the program knows it."""
        return path.removeprefix(self.prefix) or "/"


def _tools(body: bytes) -> list[object]:
    try:
        told = json.loads(body) if body else None
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "not JSON") from error
    calls = told if isinstance(told, list) else [told]
    return [
        each["params"].get("name")
        for each in calls
        if isinstance(each, dict) and each.get("method") == "tools/call" and isinstance(each.get("params"), dict)
    ]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    rules: Rules

    def do_GET(self) -> None:
        """Health, and whatever the program answers."""
        if self.path == HEALTH:
            self._health()
        else:
            self._pass()

    def do_POST(self) -> None:
        """Calls."""
        self._pass()

    def do_DELETE(self) -> None:
        """The end of a session."""
        self._pass()

    def do_PUT(self) -> None:
        """Likewise, whatever the program makes of it."""
        self._pass()

    def do_PATCH(self) -> None:
        """Likewise."""
        self._pass()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Lines are written by `_record` alone."""

    def _health(self) -> None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.rules.upstream, timeout=2)
            if self.rules.ready:
                connection.request("GET", self.rules.ready)
                status = HTTPStatus.OK if connection.getresponse().status == HTTPStatus.OK else HTTPStatus.BAD_GATEWAY
            else:
                connection.connect()
                status = HTTPStatus.OK
            connection.close()
        except (OSError, http.client.HTTPException):
            status = HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(status, "")

    def _pass(self) -> None:
        began, names = time.monotonic(), list[str]()
        try:
            self.rules.admit(self.headers.get("Authorization"))
            body = self._body()
            names = self.rules.called(body) if self.rules.tools else []
            status = self._forward(body)
        except RefusedError as error:
            status = error.status
            self._answer(status, str(error))
        except (OSError, http.client.HTTPException) as error:
            status = HTTPStatus.BAD_GATEWAY
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            self.close_connection = True
        self._record(names, int(status), time.monotonic() - began)

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST or "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            self.close_connection = True
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LONGEST} bytes, with their length")
        return self.rfile.read(length)

    def _forward(self, body: bytes) -> HTTPStatus:
        connection = http.client.HTTPConnection("127.0.0.1", self.rules.upstream, timeout=self.rules.seconds)
        handed_on = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        try:
            connection.request(self.command, self.rules.path(self.path), body=body or None, headers=handed_on)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise RefusedError(HTTPStatus.BAD_GATEWAY, "the program does not answer") from error
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        if answer.status in BODILESS:
            self.end_headers()
            connection.close()
            return HTTPStatus(answer.status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(PIECE):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")
        connection.close()
        return HTTPStatus(answer.status)

    def _answer(self, status: HTTPStatus, why: str) -> None:
        content = json.dumps({"error": why}).encode() if why else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _record(self, names: list[str], status: int, seconds: float) -> None:
        line = {"method": self.command, "tools": names, "status": status, "milliseconds": round(seconds * 1000)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


class Server(ThreadingHTTPServer):
    """Speaks TLS with whatever certificate lies there as a connection comes in."""

    daemon_threads = True

    def __init__(self, port: int, rules: Rules, certificate: Path = CERTIFICATE, oldest: str = "1.2") -> None:
        handler = type("Bound", (Handler,), {"rules": rules})
        super().__init__(("0.0.0.0", port), handler)  # noqa: S104  a pod's own address; policies say who reaches it
        self._certificate, self._read = certificate, 0.0
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.minimum_version = ssl.TLSVersion[f"TLSv{oldest.replace('.', '_')}"]

    def finish_request(self, request: object, client_address: object) -> None:
        """Runs in the connection's own thread, so that a slow caller keeps nobody waiting."""
        changed = self._certificate.stat().st_mtime
        if changed != self._read:
            self._context.load_cert_chain(self._certificate)
            self._read = changed
        try:
            wrapped = self._context.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
        except (ssl.SSLError, OSError):
            return
        super().finish_request(wrapped, client_address)


def main() -> int:
    """Serve until the pod ends."""
    listen, oldest = int(os.environ["LISTEN"]), os.environ["OLDEST_TLS"]
    Server(listen, Rules.told(os.environ), oldest=oldest).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
