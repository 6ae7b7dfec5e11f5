"""The way to Marquez, which itself knows neither TLS nor callers: HTTPS, a key, and few of its calls.

Events are taken and lineage is read; nothing is deleted or renamed from outside, since the record has to outlast its writers.
A request is read as a whole and asked anew, so nothing that the two sides may read differently passes. The key is compared
with the file at each request; the one before it stays valid for a while, so that callers can change over.
"""

from __future__ import annotations

import hmac
import http.client
import os
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

LOOPBACK = "127.0.0.1"
EVENTS, READS = "/api/v1/lineage", "/api/v1/"
OPEN = "/open"
"""The door answers this one itself."""
WITHOUT_KEY = {"/alive": (1, "/ping"), "/ready": (1, "/healthcheck"), "/metrics": (0, "/metrics")}
"""Asked by the node and the collector, told nothing of what is kept: path -> which of Marquez's ports, and its path there."""
LARGEST = 5 * 1024 * 1024
"""Bytes of one event."""
CHANGE_OVER = 3600.0
"""Seconds that a key stays valid after another one has taken its place."""
SHORTEST_KEY = 32
SECONDS = 30.0
LOOK_EVERY = 60.0


@dataclass
class Key:
    """The key that callers send, and until it ends the one before it."""

    file: Path
    now: bytes = b""
    before: bytes = b""
    changed: float = field(default=0.0)

    def fits(self, sent: str, clock: float) -> bool:
        """Whether a header holds a valid key; without a key of some length in the file nobody is let in."""
        current = self.file.read_bytes().strip()
        if current != self.now:
            self.now, self.before, self.changed = current, self.now, clock
        kind, _, value = sent.partition(" ")
        valid = [self.now, *([self.before] if clock - self.changed < CHANGE_OVER else [])]
        known = [key for key in valid if len(key) >= SHORTEST_KEY]
        found = [hmac.compare_digest(value.strip().encode("utf-8", "replace"), key) for key in known]
        return kind.lower() == "bearer" and any(found)


def allowed(method: str, path: str) -> bool:
    """Whether a call is one of the few."""
    place = path.partition("?")[0]
    if ".." in place or "//" in place or "%2e" in place.lower() or "%2f%2e" in place.lower():
        return False
    return (method == "POST" and place == EVENTS) or (method == "GET" and place.startswith(READS))


def length(told: list[str]) -> int | None:
    """Length of a body as it is told; None where it is told twice, is no plain number, or too much."""
    if not told:
        return 0
    only = told[0] if len(told) == 1 else ""
    return int(only) if only.isascii() and only.isdigit() and int(only) <= LARGEST else None


class Answer(BaseHTTPRequestHandler):
    """What happens to a request. Every answer ends the connection."""

    timeout = SECONDS
    server_version, sys_version = "lineage", ""
    key: ClassVar[Key]
    ports: ClassVar[tuple[int, int]]
    """Where Marquez takes calls, and where it tells of itself."""
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_GET(self) -> None:
        if self.path == OPEN:
            self._answer(200, b"")
        elif self.path in WITHOUT_KEY:
            which, path = WITHOUT_KEY[self.path]
            self._pass_on(self.ports[which], path, b"")
        else:
            self._check()

    def do_POST(self) -> None:
        self._check()

    def _check(self) -> None:
        size = length(self.headers.get_all("Content-Length", []))
        body = self.rfile.read(size or 0)  # also of who is refused: an answer is lost when bytes are left unread
        with self.lock:
            known = self.key.fits(self.headers.get("Authorization", ""), time.monotonic())
        if not known:
            self._answer(401, b'{"error": "no valid key"}')
        elif not allowed(self.command, self.path):
            self._answer(403, b'{"error": "events are posted and lineage is read here, nothing else"}')
        elif size is None or "Transfer-Encoding" in self.headers:
            self._answer(413, b'{"error": "one body of a told length up to 5 MiB"}')
        else:
            self._pass_on(self.ports[0], self.path, body)

    def _pass_on(self, port: int, path: str, body: bytes) -> None:
        there = http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)
        try:
            there.request(self.command, path, body or None, {"Content-Type": "application/json"})
            given = there.getresponse()
            status, kind, content = given.status, given.getheader("Content-Type", "application/json"), given.read()
        except (OSError, http.client.HTTPException) as error:
            sys.stderr.write(f"Marquez does not answer: {error}\n")
            status, kind, content = 502, "application/json", b'{"error": "the store of lineage does not answer"}'
        finally:
            there.close()
        self._answer(status, content, kind)

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.close_connection = True
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the overridden method
        """One line for each request but those that come every few seconds."""
        if self.path != OPEN and self.path not in WITHOUT_KEY:
            sys.stderr.write(f"{self.address_string()} {format % args}\n")


class Door(ThreadingHTTPServer):
    """Speaks TLS in the thread of each connection, so that a caller who says nothing holds up nobody else."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: type[Answer], certificate: Path) -> None:
        super().__init__(("", port), answer)
        self._certificate, self._seen = certificate, 0.0
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self.renew()

    def renew(self) -> None:
        """Take up the certificate when it has changed: connections from now on see the new one."""
        changed = self._certificate.stat().st_mtime
        if changed != self._seen:
            self._tls.load_cert_chain(self._certificate)
            self._seen = changed

    def finish_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        """The handshake, then the request."""
        request.settimeout(SECONDS)
        try:
            with self._tls.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{client_address[0]} ended early: {error}\n")


def answers(port: int) -> bool:
    """Whether the door opens; asked by the pod of itself, so who signed the certificate is of no interest."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    there = http.client.HTTPSConnection(LOOPBACK, port, timeout=5, context=tls)
    try:
        there.request("GET", OPEN)
        return there.getresponse().status == 200
    finally:
        there.close()


def main(arguments: list[str]) -> int:
    """Serve until the pod ends, and look after the certificate; with --check, say by the exit code whether that goes well."""
    if arguments == ["--check"]:
        return 0 if answers(int(os.environ["PORT"])) else 1
    at = {name: os.environ[name] for name in ("CERTIFICATE", "KEY_FILE", "PORT", "UPSTREAM_PORT", "ADMIN_PORT")}
    bound: type[Answer] = type(
        "Bound", (Answer,),
        {"key": Key(Path(at["KEY_FILE"])), "ports": (int(at["UPSTREAM_PORT"]), int(at["ADMIN_PORT"]))},
    )  # fmt: skip
    door = Door(int(at["PORT"]), bound, Path(at["CERTIFICATE"]))
    threading.Thread(target=door.serve_forever, daemon=True).start()
    while True:
        time.sleep(LOOK_EVERY)
        try:
            door.renew()
        except (OSError, ssl.SSLError) as error:
            sys.stderr.write(f"kept the certificate: {error}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
