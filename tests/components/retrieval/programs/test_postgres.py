"""The protocol, against a server of the test's own; `test_pgvector_on_postgres.py` runs it against PostgreSQL."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components.retrieval.programs import postgres
from components.retrieval.programs.contract import UnavailableError
from components.retrieval.programs.pgvector import encrypted
from components.retrieval.programs.postgres import Place, Pool, StatementError
from tests.components.retrieval.programs.pki import LOOPBACK, self_signed

READY = b"Z" + struct.pack("!i", 5) + b"I"
OK = b"R" + struct.pack("!ii", 8, 0)
CLEARTEXT = b"R" + struct.pack("!ii", 8, 3)


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content


def row(*values: str | None) -> bytes:
    parts = b"".join(
        struct.pack("!i", -1) if value is None else struct.pack("!i", len(value.encode())) + value.encode()
        for value in values
    )
    return message(b"D", struct.pack("!h", len(values)) + parts)


class Server:
    """Takes one password over TLS and answers each statement by a table; counts who came."""

    def __init__(self, certificate: Path, answers: dict[str, bytes], *, tls: bool = True) -> None:
        self.answers, self.tls = answers, tls
        self.came: list[bytes] = []
        self.ran: list[str] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        assert raw.recv(8) == struct.pack("!ii", 8, 80877103)
        raw.sendall(b"S" if self.tls else b"N")
        if not self.tls:
            raw.close()
            return
        wire = self.context.wrap_socket(raw, server_side=True).makefile("rwb")
        (size,) = struct.unpack("!i", wire.read(4))
        self.came.append(wire.read(size - 4))
        wire.write(CLEARTEXT)
        wire.flush()
        assert wire.read(1) == b"p"
        (size,) = struct.unpack("!i", wire.read(4))
        if wire.read(size - 4) != b"token\0":
            wire.write(message(b"E", b"SFATAL\0Mpassword authentication failed\0\0"))
            wire.flush()
            wire.close()
            return
        wire.write(OK + READY)
        wire.flush()
        statement = ""
        while kind := wire.read(1):
            (size,) = struct.unpack("!i", wire.read(4))
            content = wire.read(size - 4)
            if kind == b"Q":
                self.ran.append(content[:-1].decode())
                wire.write(READY)
            elif kind == b"P":
                statement = content[1:].split(b"\0")[0].decode()
            elif kind == b"B":
                self.ran.append(f"{statement} {content.count(b'one')}")
            elif kind == b"S":
                wire.write(self.answers.get(statement, b"") + READY)
            wire.flush()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return self_signed(tmp_path / "server.pem")


@pytest.fixture
def opened(certificate: Path) -> Iterator[Callable[..., tuple[Server, Pool]]]:
    servers: list[Server] = []

    def opening(
        answers: dict[str, bytes] | None = None, password: str = "token", *, tls: bool = True
    ) -> tuple[Server, Pool]:
        server = Server(certificate, answers or {}, tls=tls)
        servers.append(server)
        return server, Pool(Place(LOOPBACK, server.port, "documents", "search"), lambda: password, encrypted())

    yield opening
    for server in servers:
        server.listener.close()


def test_statements_run_in_one_transaction_and_the_last_one_answers(opened: Callable[..., tuple[Server, Pool]]) -> None:
    server, pool = opened({"SELECT a": row("no"), "SELECT b": row("yes", None) + row("é", "")})
    assert pool.run(("SELECT a", []), ("SELECT b", ["one", "one"])) == [("yes", None), ("é", "")]
    assert server.ran == ["BEGIN", "SELECT a 0", "SELECT b 2", "COMMIT"]
    assert server.came[0].startswith(struct.pack("!i", 196608) + b"user\0search\0database\0documents\0")


def test_a_connection_is_used_again_until_it_is_old(
    opened: Callable[..., tuple[Server, Pool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, pool = opened({"SELECT a": row("1")})
    pool.run(("SELECT a", []))
    pool.run(("SELECT a", []))
    assert len(server.came) == 1
    monkeypatch.setattr(postgres, "LIFE", -1.0)
    pool.run(("SELECT a", []))
    assert len(server.came) == 2


def test_a_refused_statement_is_told_in_postgresqls_words_and_the_connection_stays(
    opened: Callable[..., tuple[Server, Pool]],
) -> None:
    server, pool = opened({"SELECT a": message(b"E", b"SERROR\0Mpermission denied\0\0"), "SELECT b": row("1")})
    with pytest.raises(StatementError, match="permission denied"):
        pool.run(("SELECT a", []))
    assert pool.run(("SELECT b", [])) == [("1",)]
    assert len(server.came) == 1


def test_a_wrong_password_is_refused_and_not_tried_again(opened: Callable[..., tuple[Server, Pool]]) -> None:
    server, pool = opened(password="wrong")
    with pytest.raises(StatementError, match="password authentication failed"):
        pool.run(("SELECT a", []))
    assert len(server.came) == 1


def test_a_server_without_tls_gets_no_password(opened: Callable[..., tuple[Server, Pool]]) -> None:
    server, pool = opened(tls=False)
    with pytest.raises(UnavailableError, match="does not speak TLS"):
        pool.run(("SELECT a", []))
    assert server.came == []


def test_a_server_that_is_not_there_is_out_of_reach() -> None:
    with pytest.raises(UnavailableError, match="is out of reach"):
        Pool(Place(LOOPBACK, 1, "documents", "search"), lambda: "token", encrypted()).run(("SELECT a", []))
