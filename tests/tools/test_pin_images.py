from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components.versions import IMAGES
from tools.pin_images import TARGET, Refused, digest, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUE = f"sha256:{'ab' * 32}"


class Registry(BaseHTTPRequestHandler):
    """Asks for an anonymous token first, as public registries do."""

    def do_HEAD(self) -> None:
        if self.headers.get("Authorization") != "Bearer anonymous":
            self.send_response(401)
            host = self.headers["Host"]
            self.send_header(
                "WWW-Authenticate", f'Bearer realm="http://{host}/token",service="registry",scope="repository:x:pull"'
            )
        elif self.path == "/v2/acme/image/manifests/v1":
            self.send_response(200)
            self.send_header("Docker-Content-Digest", VALUE)
        else:
            self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"token": "anonymous"}).encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_registry_is_asked_with_an_anonymous_token(host: str) -> None:
    assert digest(f"{host}/acme/image", "v1", scheme="http") == VALUE


def test_an_answer_without_a_digest_is_refused(host: str) -> None:
    with pytest.raises(Refused, match="answers without a digest"):
        digest(f"{host}/acme/image", "v2", scheme="http")


def test_every_entry_of_the_table_can_be_pinned_and_pinning_again_changes_nothing() -> None:
    source = Path(TARGET).read_text(encoding="utf-8")
    known = {name: each.digest or VALUE for name, each in IMAGES.items()}
    once = rewrite(source, known)
    held: dict[str, object] = {"__name__": "pinned"}
    exec(compile(once, "versions.py", "exec"), held)
    images = held["IMAGES"]
    assert isinstance(images, dict)
    assert {name: image.digest for name, image in images.items()} == known
    assert rewrite(once, known) == once


def test_a_digest_that_changed_under_its_tag_is_not_taken() -> None:
    once = rewrite(Path(TARGET).read_text(encoding="utf-8"), {"vllm": VALUE})
    with pytest.raises(Refused, match="find out why"):
        rewrite(once, {"vllm": f"sha256:{'cd' * 32}"})


def test_an_image_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(Refused, match="could not be found"):
        rewrite("", {"vllm": VALUE})
