"""Let a client without credentials on this pod's loopback talk to Valkey, which asks for an IAM token over TLS.

LiteLLM knows passwords but not ElastiCache's IAM authentication. A token is a signed URL, valid for 15 minutes and
asked for only when a connection opens; ElastiCache ends a connection after 12 hours, and the client opens a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.model import ServiceId  # type: ignore[import-untyped]
from botocore.session import Session  # type: ignore[import-untyped]
from botocore.signers import RequestSigner  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOOPBACK = "127.0.0.1"
CHUNK = 65536
TOKEN_SECONDS = 900
CONNECT_SECONDS = 5


@dataclass(frozen=True)
class Cache:
    """Where Valkey is and as whom to come."""

    host: str
    port: int
    user: str
    name: str
    """Replication group id: the host of the signed URL."""
    region: str


def token(cache: Cache) -> str:
    """A fresh signed URL without its scheme, which ElastiCache takes as password."""
    session = Session()
    signer = RequestSigner(
        ServiceId("elasticache"), cache.region, "elasticache", "v4",
        session.get_credentials(), session.get_component("event_emitter"),
    )  # fmt: skip
    url = f"https://{cache.name}/?Action=connect&User={cache.user}"
    request = {"method": "GET", "url": url, "body": {}, "headers": {}, "context": {}}
    signed = signer.generate_presigned_url(
        request, operation_name="connect", expires_in=TOKEN_SECONDS, region_name=cache.region
    )
    return str(signed).removeprefix("https://")


def auth(user: str, password: str) -> bytes:
    """The AUTH command on the wire."""
    parts = (b"AUTH", user.encode(), password.encode())
    return b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


async def connect(
    cache: Cache, password: Callable[[Cache], str], tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which commands may be sent. Raises PermissionError when Valkey refuses the token."""
    reader, writer = await asyncio.wait_for(
        asyncio.open_connection(cache.host, cache.port, ssl=tls, server_hostname=cache.host), CONNECT_SECONDS
    )
    writer.write(auth(cache.user, await asyncio.to_thread(password, cache)))
    answer = await asyncio.wait_for(reader.readline(), CONNECT_SECONDS)
    if answer != b"+OK\r\n":
        writer.close()
        raise PermissionError(answer.decode(errors="replace").strip() or "the connection was closed")
    return reader, writer


async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on bytes until one side closes."""
    with contextlib.suppress(ConnectionError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()


def door(
    cache: Cache, password: Callable[[Cache], str], tls: ssl.SSLContext
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What happens to a client that connects."""

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await connect(cache, password, tls)
        except (OSError, TimeoutError) as error:
            sys.stderr.write(f"cache {cache.host} is out of reach: {error}\n")
            writer.close()
            return
        await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))

    return enter


async def serve(cache: Cache, port: int) -> None:
    """Listen on the loopback until the pod ends."""
    server = await asyncio.start_server(door(cache, token, ssl.create_default_context()), LOOPBACK, port)
    async with server:
        await server.serve_forever()


def main(arguments: list[str]) -> int:
    """Serve, or with --check say by the exit code whether the door is open."""
    port = int(os.environ["DOOR_PORT"])
    if arguments == ["--check"]:
        with socket.create_connection((LOOPBACK, port), CONNECT_SECONDS):
            return 0
    asyncio.run(
        serve(
            Cache(
                host=os.environ["CACHE_HOST"], port=int(os.environ["CACHE_PORT"]), user=os.environ["CACHE_USER"],
                name=os.environ["CACHE_NAME"], region=os.environ["AWS_REGION"],
            ),
            port,
        )
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
