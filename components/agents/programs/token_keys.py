"""Hand the keys that sign service account tokens to Temporal, which asks on this pod's loopback and knows no other way.

The cluster's API server tells them to service accounts only and over TLS; Temporal fetches them in clear and without
credentials. Keys are asked for again every few minutes, and the last ones known are handed out meanwhile.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SOURCE = "/openid/v1/jwks"
PATH = "/keys"
LOOPBACK = "127.0.0.1"
LOOK_EVERY = 300.0
"""Seconds between two looks; a new key signs nothing before it has been published for longer than that."""
SOON = 5.0
"""Seconds until the next look when there are no keys yet."""

Fetch = Callable[[], bytes]


class Keys:
    """The keys last seen."""

    def __init__(self) -> None:
        self.document = b""

    def look(self, fetch: Fetch) -> None:
        """Renew them; what fails, or holds no key, is reported and changes nothing."""
        try:
            found = fetch()
            count = len(json.loads(found)["keys"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.stderr.write(f"kept the keys that are known: {error}\n")
            return
        if count:
            self.document = found
        else:
            sys.stderr.write("kept the keys that are known: the cluster told an empty list\n")


def over_https(base: str, account: Path = ACCOUNT) -> Fetch:
    """Asks the API server as the pod's service account, whose token is renewed under way."""
    context = ssl.create_default_context(cafile=str(account / "ca.crt"))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of older clusters have no key identifier

    def fetch() -> bytes:
        request = urllib.request.Request(  # noqa: S310  the base is the address of the cluster
            base + SOURCE, headers={"Authorization": f"Bearer {(account / 'token').read_text()}"}
        )
        with urllib.request.urlopen(request, timeout=20, context=context) as response:  # noqa: S310
            return bytes(response.read())

    return fetch


def server(keys: Keys, port: int) -> ThreadingHTTPServer:
    """Answers with the keys, and with nothing before there are any."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == PATH and keys.document
            self.send_response(200 if known else 503 if self.path == PATH else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(keys.document) if known else 0))
            self.end_headers()
            self.wfile.write(keys.document if known else b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the overridden method
            """Every minute the same line: not written."""

    return ThreadingHTTPServer((LOOPBACK, port), Answer)


def main(arguments: list[str]) -> int:
    """Serve until the pod ends; with --check, say by the exit code whether there are keys."""
    port = int(os.environ["KEYS_PORT"])
    if arguments == ["--check"]:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{PATH}", timeout=5) as response:
            return 0 if response.status == 200 else 1
    keys = Keys()
    threading.Thread(target=server(keys, port).serve_forever, daemon=True).start()
    fetch = over_https(os.environ["KUBERNETES_API"])
    while True:
        keys.look(fetch)
        time.sleep(LOOK_EVERY if keys.document else SOON)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
