"""The key that callers send."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.retrieval.programs.keys import GRACE, Keys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mcp-key"
    path.write_text("first\n")
    return path


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        ("Bearer first", True),
        ("bearer  first ", True),
        ("Bearer second", False),
        ("first", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_mounted_key_opens(file: Path, header: str | None, *, admitted: bool) -> None:
    assert Keys(file).admits(header) is admitted


def test_the_key_before_is_taken_for_a_while(file: Path) -> None:
    now = [0.0]
    keys = Keys(file, clock=lambda: now[0])
    assert keys.admits("Bearer first")
    file.write_text("second")
    now[0] = GRACE - 1
    assert keys.admits("Bearer first")
    assert keys.admits("Bearer second")
    now[0] = GRACE + 1
    assert not keys.admits("Bearer first")
    assert keys.admits("Bearer second")


def test_an_empty_file_opens_to_nobody(file: Path) -> None:
    file.write_text("")
    assert not Keys(file).admits("Bearer ")
