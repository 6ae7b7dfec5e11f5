"""The repository's own stacks under the real engine, gate and all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.state import read_state
from tools.engine.harness import Engine, started

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
STACK = "brownfield"
FAST = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""The backend of files writes the whole state twice for each resource; the state is the same at the end."""
BLUEPRINT = Path(sys.executable).with_name("blueprint")


@pytest.fixture
def platform(cli: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of the project as a user has it: stack documents, exceptions, attestations."""
    project = tmp_path / "project"
    for folder in ("stacks", "compliance/exceptions", "compliance/attestations"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", project)
    (project / ".venv").symlink_to(sys.prefix)
    with started(project, tmp_path, cli, STACK) as engine:
        yield engine


def blueprint(engine: Engine, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI")}
    ended = subprocess.run(
        [str(BLUEPRINT), *arguments, "-s", STACK, "--root", str(engine.project)], cwd=engine.home,
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode in {0, 5}, ended.stderr
    return ended.stdout


def verdicts(engine: Engine, *source: str) -> dict[str, str]:
    document = json.loads(blueprint(engine, "check", "-o", "json", *source))
    return {finding["id"]: finding["verdict"] for finding in document["findings"]}


def test_the_stack_comes_up_stays_as_it_is_and_is_judged_alike_before_and_after(
    platform: Engine, tmp_path: Path
) -> None:
    planned = verdicts(platform)
    preview = tmp_path / "preview.json"
    preview.write_text(platform("preview", "--json", "--stack", STACK).out)
    previewed = verdicts(platform, "--preview", str(preview))
    assert previewed.keys() == planned.keys()
    assert [name for name, verdict in planned.items() if verdict == "fail" and previewed[name] == "pass"] == []

    first = platform.up(more=FAST)
    assert first.code == 0, first.said
    synthesised = json.loads(blueprint(platform, "synth", "-o", "json"))
    state = read_state(platform.state_file())
    assert [one.urn for one in state.resources] == [one["urn"] for one in synthesised["resources"]]
    assert verdicts(platform, "--state", str(platform.state_file())) == planned

    again = platform.up("--expect-no-changes", more=FAST)
    assert again.code == 0, again.said
    assert platform.cloud.made("Delete") == []

    unprotected = platform("state", "unprotect", "--all", "--yes", "--stack", STACK)
    assert unprotected.code == 0, unprotected.said
    gone = platform("destroy", "--yes", "--skip-preview", "--stack", STACK, more=FAST)
    assert gone.code == 0, gone.said
    assert platform.urns() == []


def test_a_document_with_a_mistake_registers_nothing_and_is_told_by_file_and_line(platform: Engine) -> None:
    file = platform.project / "stacks" / f"Pulumi.{STACK}.yaml"
    head = "  blueprint:platform:\n"
    file.write_text(file.read_text().replace(head, f"{head}    nonsense: true\n"))
    refused = platform.up()
    assert refused.code != 0
    assert "nonsense" in refused.said
    assert f"Pulumi.{STACK}.yaml:" in refused.said
    assert "Traceback" not in refused.said
    assert platform.cloud.calls == []
    assert platform.urns() == []
