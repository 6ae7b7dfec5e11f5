"""Calls over TLS, against a server of the test's own."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.retrieval.programs.calls import Https, expected
from components.retrieval.programs.contract import UnavailableError
from tests.components.retrieval.programs.apis import Api
from tests.components.retrieval.programs.pki import LOOPBACK, self_signed


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = {
            "path": self.path,
            "body": json.loads(body),
            "key": self.headers.get("api-key"),
            "peer": self.client_address[1],
        }
        content = json.dumps(told).encode()
        self.send_response(418 if self.path == "/no" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return self_signed(tmp_path / "server.pem")


@pytest.fixture
def base(certificate: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Echo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://{LOOPBACK}:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_call_brings_its_headers_and_uses_its_connection_again(base: str, certificate: Path) -> None:
    call = Https(
        (base,), lambda method, address, body: {"api-key": f"{method} {address[-2:]} {len(body)}"}, str(certificate)
    )
    one, other = call("POST", "/a", {"x": 1}), call("POST", "/b", [])
    assert one[0] == 200
    assert (one[1]["path"], one[1]["body"], one[1]["key"]) == ("/a", {"x": 1}, "POST /a 8")
    assert one[1]["peer"] == other[1]["peer"]


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_key(base: str) -> None:
    with pytest.raises(UnavailableError, match="is out of reach"):
        Https((base,), lambda *_: {"api-key": "secret"})("POST", "/a", {})


def test_where_one_address_does_not_answer_the_next_one_is_asked(base: str, certificate: Path) -> None:
    call = Https(("https://127.0.0.1:1", base), lambda *_: {}, str(certificate))
    assert call("POST", "/a", {})[0] == 200


def test_a_call_that_must_succeed_says_what_was_answered(base: str, certificate: Path) -> None:
    with pytest.raises(UnavailableError, match=r"POST /no answered 418: .*path"):
        expected(Https((base,), lambda *_: {}, str(certificate)), "POST", "/no", {})
    assert expected(Api({"GET /a": (201, {"done": True})}), "GET", "/a") == {"done": True}
