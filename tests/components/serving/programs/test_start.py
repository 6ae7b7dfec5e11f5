from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from components.serving.programs import start

if TYPE_CHECKING:
    from pathlib import Path


def test_every_mounted_key_is_accepted_and_none_is_said_on_the_command_line(tmp_path: Path) -> None:
    secrets, run = tmp_path / "secrets", tmp_path / "run"
    secrets.mkdir()
    run.mkdir()
    (secrets / "api-key").write_text('first"with quote\n')
    (secrets / "second").write_text("other")
    words = start.prepare(secrets, run)
    assert words == [f"--config={run / 'keys.yaml'}"]
    assert json.loads((run / "keys.yaml").read_text()) == {"api-key": ['first"with quote', "other"]}
    assert (run / "keys.yaml").stat().st_mode & 0o077 == 0


def test_a_server_without_a_key_is_not_started(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="would answer to everybody"):
        start.prepare(tmp_path, tmp_path)


def test_the_certificate_is_the_pods_own() -> None:
    command = start.certificate_command(start.RUN, "vllm.serving-chat.svc.cluster.local")
    assert "subjectAltName=DNS:vllm.serving-chat.svc.cluster.local" in command
    assert command[command.index("-keyout") + 1] == "/run/vllm/tls.key"


def test_the_certificate_command_makes_a_certificate(tmp_path: Path) -> None:
    subprocess.run(start.certificate_command(tmp_path, "vllm.example"), check=True, capture_output=True)
    assert (tmp_path / "tls.crt").read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_a_changed_key_ends_the_server_so_that_it_starts_with_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "api-key"
    key.write_text("before")
    monkeypatch.setattr(start, "SPREAD", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _seconds: key.write_text("after"))
    child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    assert start.watch(child, tmp_path) == 0
    assert child.poll() is not None


def test_the_exit_of_the_server_is_that_of_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "api-key").write_text("same")
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    monkeypatch.setattr(time, "sleep", lambda _seconds: child.wait())
    assert start.watch(child, tmp_path) == 3
