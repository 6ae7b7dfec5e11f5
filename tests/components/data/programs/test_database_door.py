"""The way from a program without tokens to Aurora, against a server that speaks as PostgreSQL does."""

from __future__ import annotations

import asyncio
import ssl
import struct
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from components.data.programs import database_door as door

if TYPE_CHECKING:
    from pathlib import Path

SIGNED_IN = b"R" + struct.pack("!ii", 8, 0)
ASKS = b"R" + struct.pack("!ii", 8, 3)
ASKS_MD5 = b"R" + struct.pack("!ii", 12, 5) + b"salt"
READY = b"Z" + struct.pack("!i", 5) + b"I"
REFUSED = door.failure("no such database")


@dataclass
class Aurora:
    """A server that wants TLS first, then a token, and writes down what it hears."""

    answers: bytes = SIGNED_IN + READY
    asks: bytes = ASKS
    speaks_tls: bytes = b"S"
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("database")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
         "-keyout", "tls.key", "-out", "tls.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


async def through(aurora: Aurora, sent: bytes, folder: Path, *, reads: int = -1) -> bytes:
    """Send bytes through the door; give what comes back until the connection ends, or so many bytes."""
    far = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    far.load_cert_chain(folder / "tls.crt", folder / "tls.key")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        aurora.heard.append(await reader.readexactly(8))
        writer.write(aurora.speaks_tls)
        if aurora.speaks_tls == b"S":
            await writer.start_tls(far)
            size = await reader.readexactly(4)
            aurora.heard.append(size + await reader.readexactly(struct.unpack("!i", size)[0] - 4))
            writer.write(aurora.asks)
            if aurora.asks == ASKS:
                kind = await reader.readexactly(5)
                aurora.heard.append(kind + await reader.readexactly(struct.unpack("!i", kind[1:])[0] - 4))
                writer.write(aurora.answers)
                aurora.heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    database = door.Database("127.0.0.1", server.sockets[0].getsockname()[1], "temporal", "us-east-1")
    near = await asyncio.start_server(door.door(database, lambda _: "token", door.encrypted()), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", near.sockets[0].getsockname()[1])
    writer.write(sent)
    back = await asyncio.wait_for(reader.read() if reads < 0 else reader.readexactly(reads), 5)
    writer.close()
    await asyncio.sleep(0.05)
    server.close()
    near.close()
    return back


def asks_for(**parameters: str) -> bytes:
    return door.start(parameters, parameters.get("user", "somebody"))


async def test_a_client_without_credentials_is_signed_in_as_the_doors_user_over_tls(certificate: Path) -> None:
    aurora = Aurora()
    back = await through(
        aurora, asks_for(user="somebody", database="temporal"), certificate, reads=len(SIGNED_IN + READY)
    )
    assert back == SIGNED_IN + READY
    question, start, password, _ = aurora.heard
    assert question == struct.pack("!ii", 8, door.TLS)
    assert door.parameters(start[8:]) == {"user": "temporal", "database": "temporal"}
    assert password == b"p" + struct.pack("!i", 10) + b"token\0"


async def test_questions_about_encryption_are_answered_with_no(certificate: Path) -> None:
    aurora = Aurora()
    questions = struct.pack("!iiii", 8, door.GSSAPI, 8, door.TLS)
    back = await through(aurora, questions + asks_for(database="temporal"), certificate, reads=2 + len(SIGNED_IN))
    assert back == b"NN" + SIGNED_IN


async def test_what_the_server_refuses_reaches_the_client(certificate: Path) -> None:
    assert await through(Aurora(answers=REFUSED), asks_for(database="nowhere"), certificate) == REFUSED


async def test_a_server_without_tls_hears_nothing_but_the_question(certificate: Path) -> None:
    aurora = Aurora(speaks_tls=b"N")
    assert b"the server does not speak TLS" in await through(aurora, asks_for(), certificate)
    assert aurora.heard == [struct.pack("!ii", 8, door.TLS)]


async def test_a_token_is_given_to_nobody_who_asks_for_something_else(certificate: Path) -> None:
    aurora = Aurora(asks=ASKS_MD5)
    assert b"something else than a token" in await through(aurora, asks_for(), certificate)
    assert b"token" not in b"".join(aurora.heard)


async def test_a_wish_to_cancel_is_handed_on_as_it_is(certificate: Path) -> None:
    aurora, wish = Aurora(), struct.pack("!iiii", 16, door.CANCEL, 4711, 815)
    assert await through(aurora, wish, certificate) == b""
    assert aurora.heard[1] == wish


async def test_a_first_message_without_end_is_refused(certificate: Path) -> None:
    aurora = Aurora()
    back = await through(aurora, struct.pack("!ii", 2_000_000_000, door.PROTOCOL), certificate)
    assert back.startswith(b"E")
    assert aurora.heard == []


async def test_a_probe_that_only_knocks_leaves_no_line(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del certificate
    database = door.Database("127.0.0.1", 1, "temporal", "us-east-1")
    near = await asyncio.start_server(door.door(database, lambda _: "token", door.encrypted()), "127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", near.sockets[0].getsockname()[1])
    writer.close()
    await asyncio.sleep(0.05)
    near.close()
    assert capsys.readouterr().err == ""


def test_a_token_is_a_signed_url_for_the_one_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    made = door.tokens("us-east-1")(door.Database("db.example.org", 5432, "temporal", "us-east-1"))
    assert made.startswith("db.example.org:5432/?Action=connect&DBUser=temporal&")
    assert "X-Amz-Expires=900" in made
