"""What passes on Qdrant's audit records."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from components.retrieval.programs import audit_log
from components.retrieval.programs.audit_log import Follower, main


def test_lines_that_are_added_are_passed_on_once_and_whole(tmp_path: Path) -> None:
    (tmp_path / "audit.1").write_text("before\n")
    said: list[str] = []
    follower = Follower(tmp_path, said.append)
    follower.begin()
    follower.look()
    with (tmp_path / "audit.1").open("a") as file:
        file.write("one\ntwo\nthr")
    follower.look()
    follower.look()
    with (tmp_path / "audit.1").open("a") as file:
        file.write("ee\n")
    (tmp_path / "audit.2").write_text("of the next day\n")
    follower.look()
    assert said == ["one\ntwo\n", "three\n", "of the next day\n"]


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    follower = Follower(tmp_path, print)
    (tmp_path / "audit.1").write_text("")
    follower.look()
    (tmp_path / "audit.1").unlink()
    follower.look()
    assert follower.done == {}


def test_silence_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "ALIVE", tmp_path / "alive")
    assert main(["check"]) == 1
    (tmp_path / "alive").touch()
    assert main(["check"]) == 0
    long_ago = time.time() - 100
    os.utime(tmp_path / "alive", (long_ago, long_ago))
    assert main(["check"]) == 1
