"""Speak TLS for what listens on this pod's own port: the certificate of the service, renewed while connections go on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

CERTIFICATE = Path("/run/certificate/server.pem")
LOOK_EVERY = 60.0
CHUNK = 65536
CONNECT_SECONDS = 5
Enter = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def context(file: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with the mounted certificate."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(file)
    return made


def written(file: Path) -> int:
    """When a file was written last."""
    return file.stat().st_mtime_ns


async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on bytes until one side closes."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()


def door(host: str, port: int) -> Enter:
    """What happens to a client that connects."""

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
        except (OSError, TimeoutError) as error:
            sys.stderr.write(f"{host}:{port} is out of reach: {error}\n")
            writer.close()
            return
        await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))

    return enter


async def follow(tls: ssl.SSLContext, file: Path, every: float = LOOK_EVERY) -> None:
    """New connections get the renewed certificate."""
    before = written(file)
    while True:
        await asyncio.sleep(every)
        now = written(file)
        if now != before:
            tls.load_cert_chain(file)
            before = now


async def serve(listen: int, port: int) -> None:
    """Stand before the port until the pod ends."""
    tls = context(CERTIFICATE)
    server = await asyncio.start_server(door("127.0.0.1", port), "0.0.0.0", listen, ssl=tls)  # noqa: S104
    following = asyncio.create_task(follow(tls, CERTIFICATE))
    async with server:
        await server.serve_forever()
    following.cancel()


if __name__ == "__main__":
    asyncio.run(serve(int(os.environ["LISTEN"]), int(os.environ["PORT"])))
