"""The door that speaks TLS for what listens behind it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from components.retrieval.programs.door import context, door, follow
from tests.components.retrieval.programs.pki import LOOPBACK, self_signed


async def upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.read(100)).upper())
    await writer.drain()
    writer.close()


async def asked(port: int, tls: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=tls)
    writer.write(b"words")
    answer = await reader.read(100)
    writer.close()
    return answer


async def through(certificate: Path, *, behind: bool) -> bytes:
    inner = await asyncio.start_server(upper, LOOPBACK, 0)
    port = inner.sockets[0].getsockname()[1]
    if not behind:
        inner.close()
        await inner.wait_closed()
    outer = await asyncio.start_server(door(LOOPBACK, port), LOOPBACK, 0, ssl=context(certificate))
    try:
        return await asked(outer.sockets[0].getsockname()[1], ssl.create_default_context(cafile=str(certificate)))
    finally:
        outer.close()
        inner.close()


def test_what_comes_over_tls_reaches_what_listens_and_the_answer_comes_back(tmp_path: Path) -> None:
    assert asyncio.run(through(self_signed(tmp_path / "server.pem"), behind=True)) == b"WORDS"


def test_where_nothing_listens_the_connection_is_closed(tmp_path: Path) -> None:
    assert asyncio.run(through(self_signed(tmp_path / "server.pem"), behind=False)) == b""


def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    assert context(self_signed(tmp_path / "server.pem")).minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_renewed_certificate_is_shown_without_a_new_start(tmp_path: Path) -> None:
    file = self_signed(tmp_path / "server.pem")

    async def renewed() -> bytes:
        tls = context(file)
        server = await asyncio.start_server(upper, LOOPBACK, 0, ssl=tls)
        following = asyncio.create_task(follow(tls, file, every=0.01))
        await asyncio.sleep(0.03)
        self_signed(file)
        await asyncio.sleep(0.1)
        found = await asked(server.sockets[0].getsockname()[1], ssl.create_default_context(cafile=str(file)))
        following.cancel()
        server.close()
        return found

    assert asyncio.run(renewed()) == b"WORDS"
