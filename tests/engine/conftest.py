"""Fixtures of the engine tier."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("program")
sys.path.insert(0, str(ROOT))  # tools/ is no package of the distribution

if TYPE_CHECKING:
    from tools.engine.harness import Engine


@pytest.fixture(scope="session")
def cli() -> Path:
    """Folder of the CLI that tools/engine/build made or linked."""
    folder = ROOT / ".tools" / "bin"
    if not (folder / "pulumi").exists():
        pytest.fail("there is no engine in .tools/bin: run tools/engine/build first")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the small program; the CLI rewrites stack files."""
    return Path(shutil.copytree(PROGRAM, tmp_path / "project"))


@pytest.fixture
def engine(cli: Path, project: Path, tmp_path: Path) -> Iterator[Engine]:
    """The engine on the small program, with an empty stack."""
    from tools.engine.harness import started

    with started(project, tmp_path, cli, "prod") as engine:
        yield engine
