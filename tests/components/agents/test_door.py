"""The door before a tool server or an agent: who passes, what passes, and what is written down."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from components.agents.programs.door import RefusedError, Rules, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "find", "arguments": {"text": "of a person"}},
}


class Program(BaseHTTPRequestHandler):
    """The program next door: answers with what it was asked."""

    seen: list[dict[str, str | None]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append({"path": self.path, **dict(self.headers.items())})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        del args


def certificate(folder: Path) -> Path:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tools")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + dt.timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "server.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[dict[str, str | None]]]]:
    folder = tmp_path_factory.mktemp("door")
    (folder / "key").write_text("of-a-test\n")
    seen: list[dict[str, str | None]] = []
    program = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Program,), {"seen": seen}))
    rules = Rules(program.server_port, 5, "/agents/intake", folder / "key", frozenset({"find"}))
    door = Server(0, rules, certificate(folder))
    for each in (program, door):
        threading.Thread(target=each.serve_forever, daemon=True).start()
    yield door.server_port, seen
    for each in (program, door):
        each.shutdown()
        each.server_close()


def ask(port: int, method: str, path: str, body: object = None, key: str = "of-a-test") -> tuple[int, bytes]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
    connection.request(
        method, path, json.dumps(body) if body else None, {"Authorization": f"Bearer {key}", "x-kept": "yes"}
    )
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def test_a_call_with_the_key_reaches_the_program_without_the_key(
    served: tuple[int, list[dict[str, str | None]]], capsys: pytest.CaptureFixture[str]
) -> None:
    port, seen = served
    assert ask(port, "POST", "/agents/intake/mcp", CALL) == (200, json.dumps(CALL).encode())
    assert (seen[-1]["path"], seen[-1]["x-kept"]) == ("/mcp", "yes")
    assert "Authorization" not in seen[-1]
    line = json.loads(capsys.readouterr().out)
    assert (line["tools"], line["status"]) == (["find"], 200)
    assert "of a person" not in json.dumps(line)


def test_a_caller_without_the_key_and_a_tool_that_is_not_offered_are_refused(
    served: tuple[int, list[dict[str, str | None]]],
) -> None:
    port, seen = served
    before = len(seen)
    assert ask(port, "POST", "/mcp", CALL, key="another")[0] == 401
    other = {**CALL, "params": {"name": "drop"}}
    assert ask(port, "POST", "/mcp", other) == (403, b'{"error": "not offered: drop"}')
    assert ask(port, "POST", "/mcp", [CALL, other])[0] == 403
    assert len(seen) == before


def test_the_end_of_a_session_is_answered_without_a_body(served: tuple[int, list[dict[str, str | None]]]) -> None:
    assert ask(served[0], "DELETE", "/mcp") == (204, b"")


def test_a_caller_that_speaks_only_older_tls_is_not_heard(tmp_path: Path) -> None:
    door = Server(0, Rules(1, 1), certificate(tmp_path), oldest="1.3")
    threading.Thread(target=door.serve_forever, daemon=True).start()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    connection = http.client.HTTPSConnection("127.0.0.1", door.server_port, context=context, timeout=5)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connection.request("GET", "/healthz")
    door.shutdown()
    door.server_close()


def test_it_is_healthy_as_long_as_the_program_listens(served: tuple[int, list[dict[str, str | None]]]) -> None:
    assert ask(served[0], "GET", "/healthz", key="")[0] == 200


def test_a_program_that_is_gone_is_seen_by_the_probe(tmp_path: Path) -> None:
    closed = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    closed.server_close()
    door = Server(0, Rules(closed.server_port, 1), certificate(tmp_path))
    threading.Thread(target=door.serve_forever, daemon=True).start()
    assert ask(door.server_port, "GET", "/healthz")[0] == 503
    assert ask(door.server_port, "POST", "/mcp", CALL) == (502, b'{"error": "the program does not answer"}')
    door.shutdown()
    door.server_close()


def test_what_the_environment_leaves_out_is_not_asked_for() -> None:
    rules = Rules.told({"UPSTREAM_PORT": "8000", "SECONDS": "30"})
    assert rules == Rules(8000, 30.0)
    rules.admit(None)
    assert rules.called(b'{"method": "tools/call", "params": {"name": "any"}}') == ["any"]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(RefusedError, match="not JSON"):
        Rules(8000, 30.0, tools=frozenset({"find"})).called(b"{")
