"""How the gateway is called."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from components.observability.programs.gateway_calls import SameHost, at


class Sends(BaseHTTPRequestHandler):
    """Sends /slash on to /slash/, /away to another host, and answers the rest with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        to = {"/slash": "/slash/", "/away": "http://elsewhere.example.org/"}.get(self.path)
        self.send_response(307 if to else 200)
        if to:
            self.send_header("Location", to)
        told = b"" if to else json.dumps([self.path, self.headers["Authorization"], body.decode()]).encode()
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the server's own name
        """Nothing is written."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sends)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def post(url: str) -> object:
    request = urllib.request.Request(url, data=b"question", headers={"Authorization": "Bearer sk-own"})
    with urllib.request.build_opener(SameHost()).open(request, timeout=5) as answer:
        return json.load(answer)


def test_a_call_that_the_same_host_sends_on_is_made_again_with_all_that_it_said(address: str) -> None:
    assert post(f"{address}/slash") == ["/slash/", "Bearer sk-own", "question"]


def test_the_key_is_sent_to_no_other_host(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="307"):
        post(f"{address}/away")


@pytest.mark.parametrize(
    ("path", "found"), [(("a", 0, "b"), 1), (("a", 1), None), (("a", "b"), None), ((), {"a": [{"b": 1}]})]
)
def test_a_place_in_json_that_is_not_there_holds_nothing(path: tuple[str | int, ...], found: object) -> None:
    assert at({"a": [{"b": 1}]}, *path) == found
