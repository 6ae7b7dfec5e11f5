from __future__ import annotations

from pathlib import Path

import pytest

import blueprint.planner
from blueprint.planner.tables import table

FILES = sorted(path.stem for path in Path(blueprint.planner.__path__[0]).glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_every_table_has_a_date_and_sources(name: str) -> None:
    found = table(name)
    assert isinstance(found, dict)
    assert found["read"]
    assert found["sources"]
