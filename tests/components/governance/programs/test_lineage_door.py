"""The way to Marquez, with a server in Marquez's place that says what it was asked."""

from __future__ import annotations

import http.client
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from components.governance.programs import lineage_door
from components.governance.programs.lineage_door import CHANGE_OVER, Answer, Door, Key, allowed, length

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

KEY = "k" * 48
SEND = {"Authorization": f"Bearer {KEY}"}


class Marquez(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = f"{self.command} {self.path} {body.decode()} {self.headers.get('Authorization')}".encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the overridden method
        """Silent."""


def certify(folder: Path) -> Path:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
         "-keyout", "tls.key", "-out", "tls.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "server.pem"
    both.write_bytes((folder / "tls.key").read_bytes() + (folder / "tls.crt").read_bytes())
    return both


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("lineage")
    (folder / "key").write_text(KEY)
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Marquez)
    bound = type("Bound", (Answer,), {"key": Key(folder / "key"), "ports": (behind.server_address[1],) * 2})
    door = Door(0, bound, certify(folder))
    for running in (behind, door):
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield door.server_address[1]
    for running in (behind, door):
        running.shutdown()
        running.server_close()


def asked(
    port: int, method: str, path: str, headers: Mapping[str, str] = SEND, body: bytes | None = None
) -> tuple[int, str]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    there = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=tls)
    there.request(method, path, body, dict(headers))
    given = there.getresponse()
    said = given.read().decode()
    there.close()
    return given.status, said


def test_an_event_reaches_marquez_without_the_key(port: int) -> None:
    assert asked(port, "POST", "/api/v1/lineage", body=b"{}") == (201, "POST /api/v1/lineage {} None")


def test_lineage_is_read_with_its_question(port: int) -> None:
    assert asked(port, "GET", "/api/v1/lineage?nodeId=job:a")[1].startswith("GET /api/v1/lineage?nodeId=job:a ")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"},
                {"Authorization": f"Basic {KEY}"}, {"Authorization": KEY}],
)  # fmt: skip
def test_without_the_key_nothing_is_taken_or_told(port: int, headers: dict[str, str]) -> None:
    assert asked(port, "POST", "/api/v1/lineage", headers, b"{}")[0] == 401
    assert asked(port, "GET", "/api/v1/namespaces", headers)[0] == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/namespaces/a"), ("GET", "/api/v2beta/x"), ("GET", "/"), ("GET", "/api/v1/../../metrics"),
     ("GET", "/api/v1/%2e%2e/tasks"), ("GET", "/api/v1//x"), ("POST", "/api/v1/lineage/x")],
)  # fmt: skip
def test_the_key_opens_no_other_call(port: int, method: str, path: str) -> None:
    assert asked(port, method, path, body=b"{}" if method == "POST" else None)[0] == 403
    assert not allowed(method, path)


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_nothing_is_deleted_or_renamed_from_outside(port: int, method: str) -> None:
    assert asked(port, method, "/api/v1/namespaces/a")[0] == 501


def test_probes_and_metrics_need_no_key_and_reach_what_tells_of_marquez_alone(port: int) -> None:
    told = {path: asked(port, "GET", path, {}) for path in ("/open", "/alive", "/ready", "/metrics")}
    assert told["/open"] == (200, "")
    assert [told[path][1].split()[1] for path in ("/alive", "/ready", "/metrics")] == [
        "/ping",
        "/healthcheck",
        "/metrics",
    ]
    assert lineage_door.answers(port)


def test_a_body_has_one_told_length_within_bounds() -> None:
    assert [length(told) for told in ([], ["12"], ["12", "12"], ["-1"], ["1e3"], ["٣"], [str(6 * 1024 * 1024)])] == [
        0, 12, None, None, None, None, None,
    ]  # fmt: skip


def test_a_renewed_key_is_valid_at_once_and_the_one_before_for_a_while(tmp_path: Path) -> None:
    file = tmp_path / "key"
    key = Key(file)
    file.write_text(KEY)
    assert key.fits(f"Bearer {KEY}", 0.0)
    file.write_text("n" * 48)
    assert key.fits("Bearer " + "n" * 48, 10.0)
    assert key.fits(f"Bearer {KEY}", 10.0 + CHANGE_OVER - 1)
    assert not key.fits(f"Bearer {KEY}", 10.0 + CHANGE_OVER + 1)


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_a_file_without_a_key_of_some_length_lets_nobody_in(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    assert not Key(file).fits(f"Bearer {content.strip()}", 0.0)


def test_a_renewed_certificate_is_taken_up(tmp_path: Path) -> None:
    door = Door(0, Answer, certify(tmp_path))
    seen = vars(door)["_seen"]
    renewed = certify(tmp_path)
    door.renew()
    assert vars(door)["_seen"] == renewed.stat().st_mtime >= seen
    door.server_close()
