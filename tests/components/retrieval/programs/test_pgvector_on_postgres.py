"""Schema, program and protocol together on a real PostgreSQL with pgvector.

Needs the package `pgserver`, which brings both, in `.tools/pgserver`; its pgvector is older than Aurora's and does not know
iterative scans, which is why that one setting is left out here.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.data.databases import inside, outside
from components.retrieval import pgvector_schema as schema
from components.retrieval.pgvector_spec import PgVectorSpec
from components.retrieval.programs import pgvector
from components.retrieval.programs.contract import Hit
from components.retrieval.programs.postgres import Place, Pool, StatementError
from tests.components.retrieval.programs.pki import LOOPBACK, self_signed

TOOLS = Path(__file__).parents[4] / ".tools" / "pgserver"
NOBODY = 65534
SPEC = PgVectorSpec(name="knowledge", embedding_model="large", dimensions=3)
INSERT = (
    "INSERT INTO documents (id, text, source, metadata, embedding, allowed_groups) "
    "VALUES ($1, $2, $3, $4::text::jsonb, $5::text::vector, $6::text::text[])"
)
DOCUMENTS = (
    ("d0", "red apple", "s0", '{"lang": "en"}', "[1,0,0]", "{a}"),
    ("d1", "green apple", "s1", '{"lang": "en"}', "[0.9,0.1,0]", "{b}"),
    ("d2", "blue sky", "s2", '{"lang": "de"}', "[0,1,0]", "{a,b}"),
)

pytestmark = pytest.mark.slow


def free() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Cluster:
    """PostgreSQL on the loopback, run as nobody, and a wire of TLS before it: its build knows none."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.plain, self.port = free(), free()
        data, password = folder / "data", folder / "password"
        data.mkdir()
        password.write_text("master")
        os.chown(data, NOBODY, NOBODY)
        for above in (folder, *folder.parents[:2]):
            above.chmod(0o755)
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        make: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "blueprint_admin",
            "--auth=password",
            f"--pwfile={password}",
        ]
        subprocess.run([*as_nobody, *make], check=True, capture_output=True)
        run: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(self.plain), "-k", "", "-h", LOOPBACK]
        self.process = subprocess.Popen([*as_nobody, *run], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.psql = binaries / "psql"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self_signed(folder / "server.pem"))
        self.listener = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._encrypt, daemon=True).start()

    def sql(self, database: str, text: str) -> subprocess.CompletedProcess[str]:
        told = {
            **os.environ,
            "PGPASSWORD": "master",
            "PGHOST": LOOPBACK,
            "PGPORT": str(self.plain),
            "PGUSER": "blueprint_admin",
        }
        command: list[str | Path] = [self.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database]
        return subprocess.run(command, input=text, env=told, text=True, capture_output=True, check=False)

    def pool(self, user: str, password: str) -> Pool:
        return Pool(Place(LOOPBACK, self.port, "documents", user), lambda: password, pgvector.encrypted())

    def _encrypt(self) -> None:
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            raw.recv(8)
            raw.sendall(b"S")
            here = self.context.wrap_socket(raw, server_side=True)
            there = socket.create_connection((LOOPBACK, self.plain))
            for source, sink in ((here, there), (there, here)):
                threading.Thread(target=_pour, args=(source, sink), daemon=True).start()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    sink.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = sorted(TOOLS.glob("lib/python3*/site-packages/pgserver/pginstall/bin"))
    if not found or os.geteuid() != 0:
        pytest.skip("NOT RUN: needs pgserver in .tools/pgserver, and root, who can become nobody")
    made = Cluster(found[0], tmp_path_factory.mktemp("postgres"))
    until = time.monotonic() + 20
    while made.sql("postgres", "CREATE ROLE rds_iam;").returncode and time.monotonic() < until:
        time.sleep(0.1)
    database = schema.database(SPEC)
    for _ in range(2):
        for where, text in (("postgres", outside(database)), ("documents", inside(database))):
            run = made.sql(where, text)
            assert run.returncode == 0, run.stderr
    made.sql("documents", "ALTER ROLE search PASSWORD 'reader'; ALTER ROLE index PASSWORD 'writer';")
    writer = made.pool("index", "writer")
    for document in DOCUMENTS:
        writer.run((INSERT, document))
    yield made
    made.process.send_signal(signal.SIGINT)  # does not wait for clients
    made.process.wait()
    made.listener.close()


@pytest.fixture
def store(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> pgvector.PgVector:
    monkeypatch.setattr(pgvector, "FAR_ENOUGH", "SELECT 1")
    return pgvector.PgVector(cluster.pool("search", "reader"), "cosine")


def ids(hits: list[Hit]) -> list[str]:
    return [hit.id for hit in hits]


def test_a_group_sees_its_rows_nearest_first(store: pgvector.PgVector) -> None:
    assert ids(store.near([1, 0, 0], ["a"], {}, 10)) == ["d0", "d2"]
    assert ids(store.near([1, 0, 0], ["b"], {}, 10)) == ["d1", "d2"]
    assert ids(store.near([1, 0, 0], ["a", "b"], {}, 2)) == ["d0", "d1"]
    assert store.near([1, 0, 0], ["strangers"], {}, 10) == []


def test_words_and_filters_hold_within_what_a_group_sees(store: pgvector.PgVector) -> None:
    assert ids(store.matching("apple", ["a", "b"], {}, 10)) == ["d0", "d1"]
    assert store.matching("apple", ["a"], {"lang": "de"}, 10) == []
    assert store.fetch("d1", ["a"]) is None
    assert store.fetch("d1", ["b"]) == Hit("d1", "green apple", "s1")


def test_a_connection_that_names_no_groups_sees_nothing(cluster: Cluster, store: pgvector.PgVector) -> None:
    assert store.near([1, 0, 0], ["a"], {}, 10)
    assert cluster.pool("search", "reader").run(("SELECT count(*)::text FROM documents", [])) == [("0",)]
    assert store.database.run(("SELECT count(*)::text FROM documents", [])) == [("0",)]


def test_the_age_is_told_of_rows_that_nobody_is_shown(store: pgvector.PgVector) -> None:
    newest = store.newest()
    assert newest is not None
    assert abs(newest.timestamp() - time.time()) < 120


def test_the_reader_changes_nothing(cluster: Cluster) -> None:
    reader = cluster.pool("search", "reader")
    for statement in ("DELETE FROM documents", "DROP POLICY by_group ON documents", "UPDATE documents SET text = 'x'"):
        with pytest.raises(StatementError, match=r"permission denied|must be owner"):
            reader.run((statement, []))


def test_a_row_that_nobody_may_see_is_not_taken(cluster: Cluster) -> None:
    with pytest.raises(StatementError, match="violates check constraint"):
        cluster.pool("index", "writer").run((INSERT, ("d3", "text", "s3", "{}", "[1,1,1]", "{}")))


def test_vectors_of_another_model_are_refused(cluster: Cluster) -> None:
    other = schema.database(SPEC.model_copy(update={"embedding_model": "small"}))
    run = cluster.sql("documents", inside(other))
    assert run.returncode == 3
    assert "the store holds vectors of large with 3 numbers" in run.stderr
