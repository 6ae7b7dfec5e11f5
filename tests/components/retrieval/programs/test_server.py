"""The tools server, asked by a client of the Model Context Protocol, on LiteLLM's own libraries."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.components.retrieval.programs.pki import self_signed

HERE = Path(__file__).parent
PYTHON = HERE.parents[3] / ".tools" / "litellm" / "bin" / "python"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if not PYTHON.exists():
        pytest.skip("NOT RUN: LiteLLM is not installed; `make test-litellm` installs it")
    folder = tmp_path_factory.mktemp("mcp")
    self_signed(folder / "server.pem")
    run = subprocess.run(
        [PYTHON, HERE / "speaks_mcp.py", folder], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.rpartition("\n")[2])


def test_it_offers_two_tools_and_no_argument_names_groups(told: Any) -> None:
    assert told["readers"]["tools"] == {"fetch": ["id"], "search": ["filters", "model", "text", "top", "vector"]}


def test_who_is_in_a_group_finds_its_documents(told: Any) -> None:
    answers = told["readers"]["answers"]
    assert answers["near"] == [
        {"id": "near", "text": "text", "source": "source", "score": pytest.approx(60 / 61, abs=1e-6)}
    ]
    assert answers["fetch"] == {"id": "one", "text": "text", "source": "source", "score": 0.0}


def test_who_is_in_none_finds_nothing(told: Any) -> None:
    assert (told["nobody"]["answers"]["near"], told["nobody"]["answers"]["fetch"]) == ([], None)
    assert told["nobody"]["answers"]["broken"] == []


def test_a_call_that_cannot_be_answered_says_what_to_change_and_trouble_tells_nothing_of_inside(told: Any) -> None:
    answers = told["readers"]["answers"]
    assert answers["wrong"] == ["Error executing tool search: vector has 1 numbers; large gives 3"]
    assert answers["broken"] == ["Error executing tool search: the store did not answer; try again later"]


def test_without_the_key_or_under_another_name_nobody_gets_in(told: Any) -> None:
    assert told["bare"] == {"healthz": 200, "no key": 401, "other host": 421}
