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


@pytest.mark.parametrize("changes", ["keys/api-key", "server.pem"])
def test_a_changed_key_or_certificate_ends_the_server_so_that_it_starts_with_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: str
) -> None:
    keys, certificate = mounted(tmp_path)
    monkeypatch.setattr(start, "SPREAD", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _seconds: (tmp_path / changes).write_text("after"))
    child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
    assert start.watch(child, keys, certificate) == 0
    assert child.poll() is not None


def test_the_exit_of_the_server_is_that_of_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, certificate = mounted(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    monkeypatch.setattr(time, "sleep", lambda _seconds: child.wait())
    assert start.watch(child, keys, certificate) == 3


def mounted(folder: Path) -> tuple[Path, Path]:
    (folder / "keys").mkdir()
    (folder / "keys" / "api-key").write_text("before")
    (folder / "server.pem").write_text("before")
    return folder / "keys", folder / "server.pem"
