"""The program that runs Langfuse, with programs in Langfuse's place that say what they were given."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NODE = shutil.which("node")
PROGRAM = Path(__file__).parents[4] / "components" / "observability" / "programs" / "langfuse.js"
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

ENTRYPOINT = """#!/bin/sh
env > given.new && mv given.new given
exec node -e '
  const { existsSync: is, readFileSync: read } = require("fs");
  const answer = (caller) => caller.on("error", () => {}).end("hello".repeat(is("times") ? Number(read("times")) : 1));
  require("net").createServer(answer).listen(process.env.PORT, "127.0.0.1");
'
"""
"""A caller that leaves at once, as the one that looks whether it listens, must not end it."""
PRISMA = '#!/bin/sh\necho "$@" >> asked\ncat >> asked\nexit "${PRISMA_EXIT:-0}"\n'


@dataclass
class Pod:
    """A pod's folder with a program that runs in it."""

    folder: Path
    ports: dict[str, int]
    process: subprocess.Popen[str]

    def given(self) -> dict[str, str]:
        """The environment of the program in Langfuse's place."""
        self.until((self.folder / "given").exists)
        lines = (self.folder / "given").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to become true."""
        for _ in range(1500):
            if holds():
                return
            time.sleep(0.02)
        raise AssertionError("it never came about")


Start: TypeAlias = Callable[..., Pod]


def signed(folder: Path, name: str) -> bytes:
    """Key and certificate of a name that vouches for itself; the certificate alone lies beside."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate = made.public_bytes(serialization.Encoding.PEM)
    (folder / f"{name}.crt").write_bytes(certificate)
    return certificate + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def free() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def run(part: str = "web", **more: str) -> Pod:
        for name in ("web", "worker", "secrets", "bin"):
            (tmp_path / name).mkdir(exist_ok=True)
        for path, text in (
            ("web/entrypoint.sh", ENTRYPOINT),
            ("worker/entrypoint.sh", ENTRYPOINT),
            ("bin/prisma", PRISMA),
        ):
            (tmp_path / path).write_text(text)
            (tmp_path / path).chmod(0o755)
        for name in ("clickhouse", "nextauth", "salt"):
            (tmp_path / "secrets" / name).write_text(f"value-of-{name}\n")
        (tmp_path / "secrets" / "project-key").write_text("sk-lf-abcdefghWXYZ")
        (tmp_path / "server.pem").write_bytes(signed(tmp_path, "web"))
        ports = {name: free() for name in ("TLS_PORT", "PORT", "MIGRATION_PORT", "CLICKHOUSE_NATIVE_PORT")}
        authority = tmp_path / "clickhouse.crt"
        if not authority.exists():
            signed(tmp_path, "clickhouse")
        told = {
            **os.environ, **{name: str(port) for name, port in ports.items()}, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "SECRETS_FOLDER": str(tmp_path / "secrets"), "CERTIFICATE_FILE": str(tmp_path / "server.pem"),
            "CLICKHOUSE_HOST": "localhost", "NODE_EXTRA_CA_CERTS": str(authority), "TLS_MIN_VERSION": "TLSv1.2",
            "DATABASE_URL": "postgresql://langfuse@127.0.0.1:5432/langfuse", "LOOK_SECONDS": "0.1", "SPREAD_SECONDS": "0",
            "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": "pk-lf-platform", **more,
        }  # fmt: skip
        with (tmp_path / "errors").open("w") as errors:
            process = subprocess.Popen(
                [str(NODE), str(PROGRAM), part],
                cwd=tmp_path,
                env=told,
                text=True,
                stderr=errors,
                start_new_session=True,
            )
        running.append(process)
        return Pod(tmp_path, ports, process)

    yield run
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(pod: Pod, after: float = 0) -> bytes:
    """The whole answer of Langfuse's place, read some seconds after the handshake."""
    context = ssl.create_default_context(cafile=str(pod.folder / "web.crt"))
    plain = socket.create_connection(("localhost", pod.ports["TLS_PORT"]), 5)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as asked:
        time.sleep(after)
        return b"".join(iter(lambda: asked.recv(65536), b""))


def test_secrets_become_the_environment_of_that_one_process(start: Start) -> None:
    given = start().given()
    assert given["SALT"] == "value-of-salt"
    assert given["NEXTAUTH_SECRET"] == "value-of-nextauth"
    assert given["CLICKHOUSE_PASSWORD"] == "value-of-clickhouse"
    assert given["LANGFUSE_INIT_PROJECT_SECRET_KEY"] == "sk-lf-abcdefghWXYZ"
    assert "AUTH_CUSTOM_CLIENT_SECRET" not in given
    assert "HTTPS_PROXY" not in given


def test_the_way_out_is_known_where_there_is_a_proxy(start: Start, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "proxy").write_text("a/b")
    given = start(PROXY_URL="https://egress.egress.svc:3128").given()
    assert given["HTTPS_PROXY"] == "https://platform:a%2Fb@egress.egress.svc:3128"


def test_it_answers_over_tls_what_langfuse_answers_on_the_loopback(start: Start) -> None:
    pod = start()
    pod.given()
    pod.until(lambda: _listens(pod.ports["PORT"]))
    assert ask(pod) == b"hello"


def test_the_end_of_a_long_answer_reaches_a_slow_caller(start: Start) -> None:
    """Lengths around what a connection's buffers hold on Linux: the last piece waits while Langfuse's place has closed."""
    pod = start()
    pod.given()
    pod.until(lambda: _listens(pod.ports["PORT"]))
    for times in range(780_000, 840_000, 6_000):
        (pod.folder / "times").write_text(str(times))
        assert len(ask(pod, after=0.06)) == times * 5


def test_a_renewed_certificate_is_shown_to_the_next_caller(start: Start) -> None:
    pod = start()
    pod.given()
    pod.until(lambda: _listens(pod.ports["PORT"]))
    (pod.folder / "renewed.pem").write_bytes(signed(pod.folder, "web"))
    (pod.folder / "renewed.pem").replace(pod.folder / "server.pem")
    pod.until(lambda: _answered(pod))


def test_a_key_that_was_renewed_is_forgotten_before_langfuse_starts(start: Start) -> None:
    pod = start()
    pod.given()
    asked = (pod.folder / "asked").read_text()
    assert asked.startswith("db execute --url postgresql://langfuse@127.0.0.1:5432/langfuse --stdin")
    assert "WHERE public_key = 'pk-lf-platform' AND display_secret_key <> 'sk-lf-...WXYZ'" in asked


def test_without_a_database_it_ends_and_langfuse_is_never_started(start: Start) -> None:
    pod = start(PRISMA_EXIT="1")
    assert pod.process.wait(10) != 0
    assert not (pod.folder / "given").exists()


def test_the_worker_asks_the_database_nothing_and_answers_nobody(start: Start) -> None:
    pod = start("worker")
    assert pod.given()["SALT"] == "value-of-salt"
    assert not (pod.folder / "asked").exists()
    assert not _listens(pod.ports["TLS_PORT"])


def test_a_renewed_secret_ends_langfuse_so_that_the_container_starts_anew(start: Start) -> None:
    pod = start("worker")
    pod.given()
    (pod.folder / "secrets" / "salt").write_text("another")
    assert pod.process.wait(10) == 0
    assert "salt was renewed" in (pod.folder / "errors").read_text()


def test_migrations_reach_the_clickhouse_that_the_authority_vouches_for(start: Start, tmp_path: Path) -> None:
    both = signed(tmp_path, "clickhouse")
    pod = start()
    pod.given()
    serve(pod, both)
    assert through(pod) == b"migrated"


def test_migrations_do_not_reach_a_stranger(start: Start, tmp_path: Path) -> None:
    stranger = signed(tmp_path, "stranger")
    pod = start()
    pod.given()
    serve(pod, stranger)
    assert through(pod) == b""


def serve(pod: Pod, both: bytes) -> None:
    """Answers one caller over TLS, where ClickHouse would."""
    (pod.folder / "far.pem").write_bytes(both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pod.folder / "far.pem")
    listening = socket.create_server(("127.0.0.1", pod.ports["CLICKHOUSE_NATIVE_PORT"]))

    def answer() -> None:
        caller, _ = listening.accept()
        try:
            with context.wrap_socket(caller, server_side=True) as secure:
                secure.sendall(b"migrated")
        except (ssl.SSLError, OSError):
            caller.close()
        listening.close()

    threading.Thread(target=answer, daemon=True).start()


def through(pod: Pod) -> bytes:
    with socket.create_connection(("127.0.0.1", pod.ports["MIGRATION_PORT"]), 5) as asked:
        try:
            return asked.recv(100)
        except ConnectionError:
            return b""


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def _answered(pod: Pod) -> bool:
    try:
        return ask(pod) == b"hello"
    except ssl.SSLError:
        return False
