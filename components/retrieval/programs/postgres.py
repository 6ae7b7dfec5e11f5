"""The little of PostgreSQL's protocol, version 3, that a search needs: TLS, a password in it, one statement at a time.

LiteLLM's image holds no driver for PostgreSQL. Everything goes as text, parameters apart from the statement.
"""

from __future__ import annotations

import queue
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from components.retrieval.programs.contract import UnavailableError

Row: TypeAlias = tuple[str | None, ...]
Statement: TypeAlias = tuple[str, Sequence[str]]

VERSION, SSL_REQUEST = 196608, 80877103
CLEARTEXT, SIGNED_IN = 3, 0
SECONDS = 10.0
LIFE = 600.0
"""Seconds after which a connection is not used again: what a user may do is then looked up anew."""


class StatementError(Exception):
    """PostgreSQL refused a statement; its own words."""


@dataclass(frozen=True)
class Place:
    """Where a database is and as whom to come."""

    host: str
    port: int
    database: str
    user: str


class Connection:
    """One signed-in connection."""

    def __init__(self, place: Place, password: str, tls: ssl.SSLContext) -> None:
        self.since = time.monotonic()
        raw = socket.create_connection((place.host, place.port), SECONDS)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._wire = self._secured(raw, place.host, tls)
            self._sign_in(place, password)
        except (OSError, StatementError, UnavailableError):
            raw.close()
            raise

    def run(self, statements: Sequence[Statement]) -> list[Row]:
        """Run statements in one transaction; rows of the last one, every value as text. Raises StatementError.

        All of it is sent at once. After a failure PostgreSQL refuses the rest and makes of COMMIT a rollback.
        """
        steps = [_simple("BEGIN"), *(_extended(text, parameters) for text, parameters in statements), _simple("COMMIT")]
        self._send(b"".join(steps))
        answers = [self._answer() for _ in steps]
        for _, failed in answers:
            if failed:
                raise StatementError(failed)
        rows, _ = answers[-2]
        return rows

    def close(self) -> None:
        """Say goodbye, if anybody still listens."""
        with suppress(OSError):
            self._send(_message(b"X", b""))
        self._wire.close()

    def _secured(self, raw: socket.socket, host: str, tls: ssl.SSLContext) -> socket.socket:
        raw.sendall(struct.pack("!ii", 8, SSL_REQUEST))
        if raw.recv(1) != b"S":
            raise UnavailableError(f"{host} does not speak TLS")
        return tls.wrap_socket(raw, server_hostname=host)

    def _sign_in(self, place: Place, password: str) -> None:
        told = {"user": place.user, "database": place.database, "application_name": "retrieval"}
        body = struct.pack("!i", VERSION) + b"".join(_text(key) + _text(value) for key, value in told.items()) + b"\0"
        self._send(struct.pack("!i", len(body) + 4) + body)
        for kind, content in self._messages():
            if kind == b"R":
                (wanted,) = struct.unpack_from("!i", content)
                if wanted == CLEARTEXT:
                    self._send(_message(b"p", _text(password)))
                elif wanted != SIGNED_IN:
                    raise UnavailableError(f"{place.host} asks for a way to sign in that IAM does not use: {wanted}")
            elif kind == b"E":
                raise StatementError(_error(content))

    def _answer(self) -> tuple[list[Row], str]:
        """Rows, and the server's words where it failed."""
        rows: list[Row] = []
        failed = ""
        for kind, content in self._messages():
            if kind == b"D":
                rows.append(_row(content))
            elif kind == b"E":
                failed = _error(content)
        return rows, failed

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        """What the server says until it is ready for the next statement."""
        while True:
            head = self._read(5)
            (size,) = struct.unpack("!i", head[1:])
            content = self._read(size - 4)
            if head[:1] == b"Z":
                return
            yield head[:1], content

    def _read(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            piece = self._wire.recv(size - len(found))
            if not piece:
                raise ConnectionError("PostgreSQL closed the connection")
            found += piece
        return bytes(found)

    def _send(self, content: bytes) -> None:
        self._wire.sendall(content)


@dataclass
class Pool:
    """Connections that are used again, one caller each at a time."""

    place: Place
    password: Callable[[], str]
    tls: ssl.SSLContext
    idle: queue.LifoQueue[Connection] = field(default_factory=lambda: queue.LifoQueue(maxsize=16))

    def run(self, *statements: Statement) -> list[Row]:
        """Run statements in one transaction. Raises StatementError, UnavailableError."""
        try:
            with self._connection() as connection:
                return connection.run(statements)
        except OSError as error:
            raise UnavailableError(f"{self.place.host} is out of reach: {error}") from error

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection, usable = self._fresh(), False
        try:
            yield connection
            usable = True
        except StatementError:
            usable = True
            raise
        finally:
            if usable:
                self._give_back(connection)
            else:
                connection.close()

    def _fresh(self) -> Connection:
        while True:
            try:
                connection = self.idle.get_nowait()
            except queue.Empty:
                return Connection(self.place, self.password(), self.tls)
            if time.monotonic() - connection.since < LIFE:
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        try:
            self.idle.put_nowait(connection)
        except queue.Full:
            connection.close()


def _text(value: str) -> bytes:
    return value.encode() + b"\0"


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content


def _simple(statement: str) -> bytes:
    return _message(b"Q", _text(statement))


def _extended(statement: str, parameters: Sequence[str]) -> bytes:
    """Parse, bind, execute and sync of one unnamed statement; all values are text."""
    values = b"".join(struct.pack("!i", len(encoded)) + encoded for encoded in (value.encode() for value in parameters))
    bound = b"\0\0" + struct.pack("!hh", 0, len(parameters)) + values + struct.pack("!h", 0)
    return (
        _message(b"P", b"\0" + _text(statement) + struct.pack("!h", 0))
        + _message(b"B", bound)
        + _message(b"E", b"\0" + struct.pack("!i", 0))
        + _message(b"S", b"")
    )


def _row(content: bytes) -> Row:
    (count,) = struct.unpack_from("!h", content)
    values: list[str | None] = []
    at = 2
    for _ in range(count):
        (size,) = struct.unpack_from("!i", content, at)
        at += 4
        values.append(None if size < 0 else content[at : at + size].decode())
        at += max(size, 0)
    return tuple(values)


def _error(content: bytes) -> str:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in content.split(b"\0") if part}
    return fields.get(b"M", "an error without words")
