"""Fixtures that are dear to make and shared by everybody: each stack is planned, synthesised and judged once a run."""

from __future__ import annotations

import atexit
import datetime as dt
import difflib
import gc
import os
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from blueprint.assembly import assemble
from blueprint.config import load
from blueprint.graph import ResourceGraph
from blueprint.judgement import Judgement, judge_plan
from blueprint.plan import Plan, make_plan

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).with_name("golden")
LINES_SHOWN = 60
DAY = dt.date(2026, 11, 20)
STACKS = ("brownfield", "dev", "prod", "regulated", "seed", "staging")

settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")
"""A change is not judged by luck: examples are the same each time, and a worker that looks for garbage is not a slow example.

`--hypothesis-profile=default` looks for other examples.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="write the golden files again instead of comparing with them"
    )


def pytest_configure() -> None:
    """Look for garbage less often: a worker keeps its graphs to the end, and each full look walks through all of them.

    Tables are as wide as they are, whatever the terminal of the one who runs this.
    """
    os.environ.pop("COLUMNS", None)
    gc.set_threshold(100_000, 10, 10)
    atexit.register(gc.freeze)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is dear and shared by a group of tests first, so that no worker starts on it when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session")
def golden(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Compare a text with its golden file, or with --golden write it."""
    writes = bool(pytestconfig.getoption("--golden"))

    def compare(name: str, found: str) -> None:
        file = GOLDEN / name
        if writes:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(found, encoding="utf-8")
        said = file.read_text(encoding="utf-8") if file.exists() else ""
        lines = difflib.unified_diff(said.splitlines(), found.splitlines(), f"golden/{name}", "now", n=0, lineterm="")
        shown = list(islice(lines, LINES_SHOWN))
        assert not shown, "\n".join(["review the difference, then `make golden`", *shown])

    return compare


@cache
def plan_of(stack: str) -> Plan:
    """Plan of a stack of the project, as of a fixed day."""
    return make_plan(load(ROOT / "stacks" / f"Pulumi.{stack}.yaml", stack), ROOT, as_of=DAY)


@cache
def graph_of(stack: str) -> ResourceGraph:
    """Resources of a stack."""
    return assemble(plan_of(stack), project="ai-platform")


@cache
def judgement_of(stack: str) -> Judgement:
    """Findings of a stack."""
    return judge_plan(plan_of(stack), graph_of(stack), ROOT)


@pytest.fixture(scope="session")
def judged() -> Callable[[str], Judgement]:
    """The judgement of a stack, by its name."""
    return judgement_of


@pytest.fixture(scope="session")
def synthesised() -> Callable[[str], ResourceGraph]:
    """The resources of a stack, by its name."""
    return graph_of


@pytest.fixture(scope="session")
def planned() -> Callable[[str], Plan]:
    """The plan of a stack, by its name."""
    return plan_of


@pytest.fixture(scope="session")
def graph_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of prod as `synth -o json` writes it."""
    path = tmp_path_factory.mktemp("graph") / "prod.graph.json"
    path.write_text(graph_of("prod").to_json(), encoding="utf-8")
    return path
