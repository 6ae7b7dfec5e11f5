"""The way from LiteLLM to Valkey."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from components.gateway.programs import cache_door

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CACHE = cache_door.Cache(
    host="localhost", port=0, user="claims-prod-gateway-cache", name="claims-cache", region="us-east-1"
)


async def through(tmp_path: Path, answer: bytes, sent: bytes) -> tuple[bytes, list[bytes]]:
    """Send bytes through a door whose far side takes them over TLS; give what came back and what arrived."""
    _certify(tmp_path)
    far, near = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(tmp_path / "tls.crt"))
    far.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    arrived: list[bytes] = []

    async def valkey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.readuntil(b"token\r\n"))
        writer.write(answer)
        arrived.append(await reader.read(100))
        writer.write(b"+PONG\r\n")
        writer.close()

    server = await asyncio.start_server(valkey, "127.0.0.1", 0, ssl=far)
    cache = cache_door.Cache("localhost", server.sockets[0].getsockname()[1], CACHE.user, CACHE.name, CACHE.region)
    door = await asyncio.start_server(cache_door.door(cache, lambda _: "token", near), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.sockets[0].getsockname()[1])
    writer.write(sent)
    back = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    server.close()
    door.close()
    return back, arrived


def _certify(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", "tls.key", "-out", "tls.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


async def test_a_client_without_credentials_is_signed_in_over_tls(tmp_path: Path) -> None:
    back, arrived = await through(tmp_path, b"+OK\r\n", b"PING\r\n")
    assert back == b"+PONG\r\n"
    assert arrived == [b"*3\r\n$4\r\nAUTH\r\n$25\r\nclaims-prod-gateway-cache\r\n$5\r\ntoken\r\n", b"PING\r\n"]


async def test_a_refused_token_closes_the_connection_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back, _ = await through(tmp_path, b"-WRONGPASS invalid\r\n", b"PING\r\n")
    assert back == b""
    assert "cache localhost is out of reach: -WRONGPASS invalid" in capsys.readouterr().err


def test_the_token_is_a_signed_address_of_this_cache_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    signed = urlsplit("https://" + cache_door.token(CACHE))
    asked = parse_qs(signed.query)
    assert (signed.netloc, signed.path) == ("claims-cache", "/")
    assert (asked["Action"], asked["User"], asked["X-Amz-Expires"]) == (["connect"], [CACHE.user], ["900"])
    assert asked["X-Amz-Credential"][0].endswith("/us-east-1/elasticache/aws4_request")
