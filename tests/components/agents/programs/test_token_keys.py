"""The way by which Temporal learns who signs service account tokens."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from components.agents.programs import token_keys
from components.agents.programs.token_keys import Keys, server

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = b'{"keys": [{"kid": "one", "kty": "RSA"}]}'


@contextmanager
def answering(keys: Keys) -> Iterator[str]:
    running = server(keys, 0)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


def unreachable() -> bytes:
    raise OSError("no route")


def test_the_keys_are_handed_out_as_the_cluster_tells_them() -> None:
    keys = Keys()
    keys.look(lambda: DOCUMENT)
    with answering(keys) as base, urllib.request.urlopen(f"{base}/keys") as response:
        assert response.read() == DOCUMENT


@pytest.mark.parametrize("told", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": 5}', b"<html>"])
def test_what_holds_no_key_changes_nothing(told: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    keys = Keys()
    keys.look(lambda: DOCUMENT)
    keys.look(lambda: told)
    assert keys.document == DOCUMENT
    assert "kept the keys that are known" in capsys.readouterr().err


def test_an_api_server_out_of_reach_changes_nothing() -> None:
    keys = Keys()
    keys.look(lambda: DOCUMENT)
    keys.look(unreachable)
    assert keys.document == DOCUMENT


@pytest.mark.parametrize(("path", "status"), [("/keys", 503), ("/", 404), ("/other", 404)])
def test_before_there_are_keys_and_elsewhere_nothing_is_told(path: str, status: int) -> None:
    with answering(Keys()) as base, pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(base + path)
    assert caught.value.code == status


def test_it_listens_on_the_pods_own_loopback_alone() -> None:
    running = server(Keys(), 0)
    assert running.server_address[0] == "127.0.0.1"
    running.server_close()
    assert token_keys.SOURCE == "/openid/v1/jwks"
