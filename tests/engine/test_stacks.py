"""The repository's own stacks under the real engine, gate and all: one life each, told once and judged from every side."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import JsonValue

from blueprint.graph import ResourceGraph
from blueprint.state import read_state
from tools.engine.harness import Ended, Engine, started

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
FAST = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""The backend of files writes the whole state twice for each resource; the state is the same at the end."""
BLUEPRINT = Path(sys.executable).with_name("blueprint")
STACKS = ("regulated", "brownfield")
ONE_ACCOUNT = re.compile(r"^    accounts: \{.*\}\n", re.MULTILINE)
"""Without it the archive of regulated lies in the account that it watches, which a rule of severity high forbids."""
Verdicts = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Life:
    """What one stack went through, in this order, and what it left behind."""

    stack: str
    refused: Ended | None
    """An up of a document that a rule forbids, on the empty stack."""
    calls_of_refused: tuple[tuple[str, str], ...]
    preview: Ended
    up: Ended
    again: Ended
    refused_later: Ended | None
    """The same document on the stack that is up."""
    kept: bool
    """Whether the resources in the state were the same after it."""
    deleted_while_up: tuple[str, ...]
    destroy: Ended
    left: tuple[str, ...]
    folder: Path

    def judged(self, *source: str) -> Verdicts:
        """Verdicts of `blueprint check` by rule and subject."""
        document = json.loads(blueprint(self.folder / "project", "check", "-s", self.stack, "-o", "json", *source))
        return {(each["rule"], each["subject"]): each["verdict"] for each in document["findings"]}


@pytest.fixture(scope="module", params=STACKS)
def life(request: pytest.FixtureRequest, cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A stack of the project from nothing to nothing."""
    folder = tmp_path_factory.mktemp(request.param)
    with started(project(folder / "project"), folder, cli, request.param) as engine:
        return lived(engine, folder, forbid=request.param == "regulated")


@pytest.fixture
def empty(cli: Path, tmp_path: Path) -> Iterator[Engine]:
    """The engine with an empty stack of the project."""
    with started(project(tmp_path / "project"), tmp_path, cli, "brownfield") as engine:
        yield engine


@pytest.fixture(scope="module")
def graph(life: Life) -> Path:
    """The synth of the same document, as a file."""
    file = life.folder / "synth.json"
    blueprint(life.folder / "project", "synth", "-s", life.stack, "-o", f"json={file}")
    return file


@pytest.fixture(scope="module")
def seen(life: Life, graph: Path) -> Mapping[str, Verdicts]:
    """The verdicts on a synth, on the first preview and on the state."""
    return {
        "synth": life.judged("--graph", str(graph)),
        "preview": life.judged("--preview", str(life.folder / "preview.json")),
        "state": life.judged("--state", str(life.folder / "state.json")),
    }


def project(folder: Path) -> Path:
    """A copy of the project as a user has it: stack documents, exceptions, attestations."""
    for name in ("stacks", "compliance/exceptions", "compliance/attestations"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def lived(engine: Engine, folder: Path, *, forbid: bool) -> Life:
    """Take a stack through its life; nothing is asserted here, so that each test tells what it is about."""
    stack = engine.stack
    refused = forbidden(engine, lambda: engine.up(more=FAST)) if forbid else None
    calls = tuple(engine.cloud.calls)
    preview = engine("preview", "--json", "--stack", stack)
    (folder / "preview.json").write_text(preview.out)
    up = engine.up(more=FAST)
    shutil.copy(engine.state_file(), folder / "state.json")
    again = engine.up("--expect-no-changes", more=FAST)
    before = standing(engine)
    refused_later = forbidden(engine, lambda: engine.up(more=FAST)) if forbid else None
    kept, deleted = standing(engine) == before, tuple(engine.cloud.made("Delete"))
    engine("state", "unprotect", "--all", "--yes", "--stack", stack)
    destroy = engine("destroy", "--yes", "--skip-preview", "--stack", stack, more=FAST)
    return Life(
        stack, refused, calls, preview, up, again, refused_later, kept, deleted, destroy, tuple(engine.urns()), folder
    )


def standing(engine: Engine) -> JsonValue:
    """Everything in the state; a secret is encrypted anew, with other bytes, each time it is written."""
    found: JsonValue = json.loads(
        json.dumps(engine.resources()),
        object_hook=lambda each: {**each, "ciphertext": ""} if "ciphertext" in each else each,
    )
    return found


def forbidden(engine: Engine, act: Callable[[], Ended]) -> Ended:
    """Act on a document that a rule forbids, and put the document back."""
    file = engine.project / "stacks" / f"Pulumi.{engine.stack}.yaml"
    text = file.read_text()
    file.write_text(ONE_ACCOUNT.sub("", text))
    try:
        return act()
    finally:
        file.write_text(text)


def blueprint(root: Path, *arguments: str) -> str:
    """What the command line says on stdout; a FAIL at or above its limit is an answer too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI")}
    ended = subprocess.run(
        [str(BLUEPRINT), *arguments, "--root", str(root)],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode in {0, 5}, ended.stderr
    return ended.stdout


def contradictions(one: Verdicts, other: Verdicts) -> list[tuple[str, str]]:
    """Rules and subjects on which one says PASS where the other says FAIL."""
    opposed = {("pass", "fail"), ("fail", "pass")}
    return sorted(place for place in one.keys() & other.keys() if (one[place], other[place]) in opposed)


def changes(one: Verdicts, other: Verdicts) -> Counter[tuple[str, str]]:
    """How often a verdict became another one."""
    return Counter((one[place], other[place]) for place in one if one[place] != other[place])


def test_a_forbidden_document_registers_nothing_and_is_told_with_the_way_out(life: Life) -> None:
    if life.refused is None:
        return
    assert life.refused.code != 0
    assert "s3_archive_in_separate_account (high) on Bucket/audit-archive-trail-bucket" in life.refused.said
    assert "1 reason not to deploy regulated; nothing was registered" in life.refused.said
    assert "fix: " in life.refused.said
    assert "Traceback" not in life.refused.said
    assert life.calls_of_refused == ()


def test_the_stack_comes_up_and_stays_as_it_is(life: Life, graph: Path) -> None:
    assert life.preview.code == 0, life.preview.said
    assert life.up.code == 0, life.up.said
    assert life.again.code == 0, life.again.said
    synthesised = [one.urn for one in ResourceGraph.read(graph).resources]
    assert [one.urn for one in read_state(life.folder / "state.json").resources] == synthesised


def test_what_is_up_is_left_alone_when_its_document_becomes_forbidden(life: Life) -> None:
    if life.refused_later is not None:
        assert life.refused_later.code != 0
        assert "s3_archive_in_separate_account" in life.refused_later.said
    assert life.kept
    assert life.deleted_while_up == ()


def test_synth_preview_and_state_are_judged_about_the_same_and_never_contradict(
    life: Life, seen: Mapping[str, Verdicts]
) -> None:
    assert seen["preview"].keys() == seen["synth"].keys() == seen["state"].keys()
    assert contradictions(seen["synth"], seen["preview"]) == []
    assert contradictions(seen["synth"], seen["state"]) == []
    assert contradictions(seen["preview"], seen["state"]) == []


def test_a_preview_knows_less_and_a_state_no_less_than_a_synth(life: Life, seen: Mapping[str, Verdicts]) -> None:
    assert {became for _, became in changes(seen["synth"], seen["preview"])} <= {"unknown"}
    assert {was for was, _ in changes(seen["synth"], seen["state"])} <= {"unknown"}
    assert Counter(seen["state"].values())["unknown"] <= Counter(seen["synth"].values())["unknown"]


def test_no_secret_stands_in_the_state_in_clear(life: Life) -> None:
    text = (life.folder / "state.json").read_text()
    state = json.loads(text)["checkpoint"]["latest"]["resources"]
    named = [
        f"{each['urn']} {name}"
        for each in state
        for side in ("inputs", "outputs")
        for name, value in each.get(side, {}).items()
        if re.search(r"(?i)(^|_)(password|secretString|authToken|privateKey|masterPassword)$", name)
        and not (isinstance(value, dict) and "ciphertext" in value)
    ]
    assert named == []
    assert "BEGIN PRIVATE KEY" not in text
    assert '"ciphertext"' in text


def test_destroy_leaves_nothing_in_the_state(life: Life) -> None:
    assert life.destroy.code == 0, life.destroy.said
    assert life.left == ()


def test_a_document_with_a_mistake_registers_nothing_and_is_told_by_file_and_line(empty: Engine) -> None:
    file = empty.project / "stacks" / "Pulumi.brownfield.yaml"
    head = "  blueprint:platform:\n"
    file.write_text(file.read_text().replace(head, f"{head}    nonsense: true\n"))
    refused = empty.up()
    assert refused.code != 0
    assert "nonsense" in refused.said
    assert "Pulumi.brownfield.yaml:" in refused.said
    assert "Traceback" not in refused.said
    assert empty.cloud.calls == []
    assert empty.urns() == []
