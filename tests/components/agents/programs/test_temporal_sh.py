"""The two shell programs, run with tools that write down how they were called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from components.agents import programs

FOLDER = Path(str(programs.__file__)).parent
SHELL = str(shutil.which("sh"))
TOLD = {"ADDRESS": "temporal:7236", "NAMESPACE": "agents", "RETENTION_DAYS": "30", "SERVER": "temporal.svc"}


def run(program: str, tmp_path: Path, tool: str, body: str) -> tuple[int, list[str]]:
    """Run a program with one tool in place of the image's; give its exit code and how the tool was called."""
    calls = tmp_path / "calls"
    calls.touch()
    fake = tmp_path / tool
    fake.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{body}\n')
    fake.chmod(0o755)
    place = {**TOLD, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([SHELL, str(FOLDER / program)], env=place, capture_output=True, check=False)
    return done.returncode, calls.read_text().splitlines()


def test_a_namespace_that_is_missing_is_registered(tmp_path: Path) -> None:
    code, calls = run("temporal_namespace.sh", tmp_path, "temporal", 'test "$3" != describe')
    assert code == 0
    assert [call.split()[:3] for call in calls] == [
        ["operator", "namespace", "describe"],
        ["operator", "namespace", "create"],
    ]
    assert calls[1] == (
        "operator namespace create --retention 720h --namespace agents --address temporal:7236 "
        "--tls-ca-path /etc/authority/ca.crt --tls-server-name temporal.svc"
    )


def test_one_that_is_there_gets_the_retention_of_the_document(tmp_path: Path) -> None:
    code, calls = run("temporal_namespace.sh", tmp_path, "temporal", "true")
    assert code == 0
    assert calls[1].startswith("operator namespace update --retention 720h --namespace agents ")


def test_a_namespace_that_cannot_be_registered_fails_the_job(tmp_path: Path) -> None:
    assert run("temporal_namespace.sh", tmp_path, "temporal", "false")[0] != 0


def test_databases_that_have_a_schema_are_updated_and_nothing_else(tmp_path: Path) -> None:
    code, calls = run("temporal_schema.sh", tmp_path, "temporal-sql-tool", "true")
    assert code == 0
    assert [call.split("--database ")[1] for call in calls] == [
        "temporal update-schema --schema-name postgresql/v12/temporal",
        "temporal_visibility update-schema --schema-name postgresql/v12/visibility",
    ]
    assert all(
        call.startswith("--plugin postgres12 --endpoint 127.0.0.1 --port 5432 --user temporal ") for call in calls
    )


def test_an_empty_database_gets_its_tables_of_versions_first(tmp_path: Path) -> None:
    there = f'case "$*" in *setup-schema*) touch {tmp_path}/made ;; *) test -f {tmp_path}/made ;; esac'
    code, calls = run("temporal_schema.sh", tmp_path, "temporal-sql-tool", there)
    assert code == 0
    steps = [call.split("--database ")[1].split()[1] for call in calls]
    assert steps == ["update-schema", "setup-schema", "update-schema", "update-schema"]


@pytest.mark.parametrize("body", ["false", 'case "$*" in *setup*) true ;; *) false ;; esac'])
def test_a_schema_that_cannot_be_brought_fails_the_job(tmp_path: Path, body: str) -> None:
    assert run("temporal_schema.sh", tmp_path, "temporal-sql-tool", body)[0] != 0
