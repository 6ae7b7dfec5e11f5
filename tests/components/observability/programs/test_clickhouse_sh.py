"""The program that starts ClickHouse, run with a server that only says what it was given."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

PROGRAM = Path(__file__).parents[4] / "components" / "observability" / "programs" / "clickhouse.sh"
SERVER = '#!/bin/sh\necho "$@" > "$RUN_FOLDER/started"\nsleep 3\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("templates", "secrets", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "templates" / "users.yaml").write_text("users: {a: '@CLICKHOUSE@', b: '@MAINTENANCE@'}\n")
    (tmp_path / "templates" / "config.yaml").write_text(
        "{secret: '@REPLICAS@', id: '@NUMBER@', host: '@POD@.@PEERS@', replica: '@POD@'}\n"
    )
    for name in ("clickhouse", "clickhouse-maintenance", "clickhouse-replicas"):
        (tmp_path / "secrets" / name).write_text(f"value-of-{name}")
    server = tmp_path / "server"
    server.write_text(SERVER)
    server.chmod(0o755)
    return tmp_path


def start(place: Path, look: str = "60") -> subprocess.Popen[bytes]:
    told = {
        **os.environ, "TEMPLATES": str(place / "templates"), "SECRETS_FOLDER": str(place / "secrets"), "LOOK_SECONDS": look,
        "RUN_FOLDER": str(place / "run"), "SERVER": str(place / "server"), "POD_NAME": "tracing-clickhouse-2",
        "PEERS": "peers.tracing.svc",
    }  # fmt: skip
    return subprocess.Popen(["sh", str(PROGRAM)], env=told, start_new_session=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, 9)
    process.wait()


def until(path: Path, text: str) -> str:
    for _ in range(100):
        if path.exists() and text in path.read_text():
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{text!r} never came: {path.read_text() if path.exists() else 'no file'}")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_server_is_told_its_number_and_its_name_and_where_its_configuration_is(place: Path) -> None:
    process = start(place)
    told = until(place / "run" / "started", "server")
    stop(process)
    assert told.split() == ["server", f"--config-file={place / 'run' / 'config.yaml'}"]
    assert yaml.safe_load((place / "run" / "config.yaml").read_text()) == {
        "secret": "value-of-clickhouse-replicas", "id": "3", "host": "tracing-clickhouse-2.peers.tracing.svc",
        "replica": "tracing-clickhouse-2",
    }  # fmt: skip


def test_of_passwords_only_hashes_are_written_and_nobody_else_reads_the_files(place: Path) -> None:
    process = start(place)
    until(place / "run" / "started", "server")
    stop(process)
    users = yaml.safe_load((place / "run" / "users.yaml").read_text())["users"]
    assert users == {"a": sha256("value-of-clickhouse"), "b": sha256("value-of-clickhouse-maintenance")}
    assert {path.stat().st_mode & 0o777 for path in (place / "run").glob("*.yaml")} == {0o600}


def test_a_renewed_password_is_taken_up_without_a_restart(place: Path) -> None:
    process = start(place, look="0.1")
    until(place / "run" / "users.yaml", sha256("value-of-clickhouse"))
    (place / "secrets" / "clickhouse").write_text("renewed")
    until(place / "run" / "users.yaml", sha256("renewed"))
    assert process.poll() is None
    stop(process)
