"""What copies snapshots out of a cluster."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from components.retrieval.programs.calls import Https
from components.retrieval.programs.contract import UnavailableError
from components.retrieval.programs.qdrant_snapshots import copy
from tests.components.retrieval.programs.pki import LOOPBACK, self_signed

CONTENT = bytes(range(256)) * 1000


class Member(http.server.BaseHTTPRequestHandler):
    """Makes, gives and removes one snapshot."""

    protocol_version = "HTTP/1.1"
    asked: list[str]
    lost = False

    def _answer(self, status: int, content: bytes) -> None:
        assert self.headers["api-key"] == "of-a-test"
        self.asked.append(f"{self.command} {self.path}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self._answer(200, json.dumps({"result": {"name": "one.snapshot"}}).encode())

    def do_GET(self) -> None:
        self._answer(*((404, b"{}") if self.lost else (200, CONTENT)))

    def do_DELETE(self) -> None:
        self._answer(200, b'{"result": true}')

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def member(tmp_path: Path) -> Iterator[tuple[type[Member], Https]]:
    certificate = self_signed(tmp_path / "server.pem")
    handler = type("Handler", (Member,), {"asked": []})
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"https://{LOOPBACK}:{server.server_port}"
    yield handler, Https((base,), lambda *_: {"api-key": "of-a-test"}, str(certificate))
    server.shutdown()
    server.server_close()


def test_a_snapshot_is_made_copied_and_removed(member: tuple[type[Member], Https]) -> None:
    handler, calls = member
    bucket: dict[str, bytes] = {}

    def upload(content: IO[bytes], name: str) -> None:
        bucket[name] = content.read()

    assert copy(calls, upload) == "one.snapshot"
    assert bucket == {"documents/one.snapshot": CONTENT}
    path = "/collections/documents/snapshots"
    assert handler.asked == [
        f"POST {path}?wait=true",
        f"GET {path}/one.snapshot",
        f"DELETE {path}/one.snapshot?wait=true",
    ]


def test_a_snapshot_that_cannot_be_fetched_is_trouble_and_is_removed_all_the_same(
    member: tuple[type[Member], Https],
) -> None:
    handler, calls = member
    handler.lost = True
    with pytest.raises(UnavailableError, match="answered 404"):
        copy(calls, lambda *_: None)
    assert handler.asked[-1].startswith("DELETE ")


def test_an_upload_that_fails_leaves_nothing_in_the_cluster(member: tuple[type[Member], Https]) -> None:
    handler, calls = member

    def upload(_: IO[bytes], name: str) -> None:
        raise OSError(name)

    with pytest.raises(OSError, match=r"one\.snapshot"):
        copy(calls, upload)
    assert handler.asked[-1].startswith("DELETE ")
