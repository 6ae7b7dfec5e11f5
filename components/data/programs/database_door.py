"""Let a client on this pod's loopback talk to Aurora as one user, who signs in by IAM over TLS.

For programs that know passwords and no tokens: they connect here in clear and without a password. A token is a signed URL,
valid for 15 minutes and asked for only when a connection opens; so no password exists that a rotation could take from a
running program. Aurora asks for the token in the clear inside TLS, which is how RDS takes IAM tokens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.session import Session  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

LOOPBACK = "127.0.0.1"
CHUNK = 65536
LARGEST_START = 10_000
"""Bytes; PostgreSQL itself takes no longer first message."""
CONNECT_SECONDS = 10
PROTOCOL, CANCEL, TLS, GSSAPI = 196608, 80877102, 80877103, 80877104
"""What a first message can be: protocol 3.0, a wish to cancel, and two questions about encryption."""
ASKS_PASSWORD, SIGNED_IN = 3, 0
"""Kinds of the server's answer about authentication."""


@dataclass(frozen=True)
class Database:
    """Where Aurora is and as whom to come."""

    host: str
    port: int
    user: str
    region: str


class RefusedError(Exception):
    """The client or the server said what leads to no connection. What the server said is handed to the client."""

    def __init__(self, why: str, answer: bytes = b"") -> None:
        super().__init__(why)
        self.answer = answer or failure(why)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def tokens(region: str) -> Callable[[Database], str]:
    """Makes fresh signed URLs without their scheme, which RDS takes as passwords; signing needs no call."""
    client = Session().create_client("rds", region_name=region)
    return lambda database: str(
        client.generate_db_auth_token(DBHostname=database.host, Port=database.port, DBUsername=database.user)
    )


def start(parameters: Mapping[str, str], user: str) -> bytes:
    """The first message to the server: what the client asked for, as the door's user."""
    told = {**parameters, "user": user}
    body = b"".join(key.encode() + b"\0" + value.encode() + b"\0" for key, value in told.items()) + b"\0"
    return struct.pack("!ii", len(body) + 8, PROTOCOL) + body


def failure(why: str) -> bytes:
    """An error in PostgreSQL's words: fatal, connection refused."""
    body = b"".join(field + b"\0" for field in (b"SFATAL", b"C08004", b"M" + why.encode())) + b"\0"
    return b"E" + struct.pack("!i", len(body) + 4) + body


async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, bytes]:
    """The client's first message that is no question about encryption: on the loopback there is none."""
    while True:
        size, code = struct.unpack("!ii", await reader.readexactly(8))
        if not 8 <= size <= LARGEST_START:
            raise RefusedError(f"a first message of {size} bytes")
        body = await reader.readexactly(size - 8)
        if code not in {TLS, GSSAPI}:
            return code, body
        writer.write(b"N")
        await writer.drain()


def parameters(body: bytes) -> dict[str, str]:
    """What the client asks for: database, application name, settings."""
    words = body.rstrip(b"\0").split(b"\0")
    return {key.decode(): value.decode() for key, value in zip(words[::2], words[1::2], strict=True)}


async def over_tls(database: Database, tls: ssl.SSLContext) -> Streams:
    """A connection to the server, encrypted before anything is said."""
    reader, writer = await asyncio.wait_for(asyncio.open_connection(database.host, database.port), CONNECT_SECONDS)
    writer.write(struct.pack("!ii", 8, TLS))
    if await asyncio.wait_for(reader.readexactly(1), CONNECT_SECONDS) != b"S":
        writer.close()
        raise RefusedError("the server does not speak TLS")
    await writer.start_tls(tls, server_hostname=database.host)
    return reader, writer


async def signed_in(
    far: Streams, asked: Mapping[str, str], database: Database, password: Callable[[Database], str]
) -> bytes:
    """Sign in; give the server's answer, with which the client's side of the conversation begins."""
    reader, writer = far
    writer.write(start(asked, database.user))
    kind, body = await message(reader)
    if kind == b"R" and struct.unpack("!i", body[:4])[0] == ASKS_PASSWORD:
        secret = (await asyncio.to_thread(password, database)).encode() + b"\0"
        writer.write(b"p" + struct.pack("!i", len(secret) + 4) + secret)
        kind, body = await message(reader)
    answer = kind + struct.pack("!i", len(body) + 4) + body
    if kind == b"E":
        raise RefusedError(f"{database.host} refused {database.user}", answer)
    if kind != b"R" or struct.unpack("!i", body[:4])[0] != SIGNED_IN:
        raise RefusedError(f"{database.host} asks {database.user} for something else than a token")
    return answer


async def message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """One message of the server."""
    kind, size = struct.unpack("!ci", await asyncio.wait_for(reader.readexactly(5), CONNECT_SECONDS))
    return kind, await asyncio.wait_for(reader.readexactly(size - 4), CONNECT_SECONDS)


async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on bytes until one side closes."""
    with contextlib.suppress(ConnectionError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()


def door(
    database: Database, password: Callable[[Database], str], tls: ssl.SSLContext
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What happens to a client that connects."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code, body = await asyncio.wait_for(greeted(reader, writer), CONNECT_SECONDS)
        if code not in {PROTOCOL, CANCEL}:
            raise RefusedError("neither protocol 3.0 nor a wish to cancel")
        far = await over_tls(database, tls)
        try:
            if code == CANCEL:
                far[1].write(struct.pack("!ii", len(body) + 8, CANCEL) + body)
                await far[1].drain()
                return
            writer.write(await signed_in(far, parameters(body), database, password))
            await asyncio.gather(pour(reader, far[1]), pour(far[0], writer))
        finally:
            far[1].close()

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await lead(reader, writer)
        except RefusedError as error:
            sys.stderr.write(f"{error}\n")
            writer.write(error.answer)
        except (OSError, EOFError, TimeoutError, ValueError) as error:  # a probe that only knocks ends here as well
            if not isinstance(error, EOFError):
                sys.stderr.write(f"database {database.host} is out of reach: {error}\n")
        writer.close()

    return enter


def encrypted() -> ssl.SSLContext:
    """TLS without a look at who signed: Aurora's authority is RDS's own, which images do not carry."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def serve(database: Database, port: int) -> None:
    """Listen on the loopback until the pod ends."""
    server = await asyncio.start_server(door(database, tokens(database.region), encrypted()), LOOPBACK, port)
    async with server:
        await server.serve_forever()


def main(arguments: list[str]) -> int:
    """Serve, or with --check say by the exit code whether the door is open."""
    port = int(os.environ["DOOR_PORT"])
    if arguments == ["--check"]:
        with socket.create_connection((LOOPBACK, port), CONNECT_SECONDS):
            return 0
    database = Database(
        host=os.environ["DATABASE_HOST"], port=int(os.environ["DATABASE_PORT"]), user=os.environ["DATABASE_USER"],
        region=os.environ["AWS_REGION"],
    )  # fmt: skip
    asyncio.run(serve(database, port))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
