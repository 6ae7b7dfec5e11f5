"""The synth and the readers against the real engine: the same resources, the same links, no secret in clear."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from blueprint.graph import Ref, ResourceGraph
from blueprint.placement import Place
from blueprint.preview import read_preview
from blueprint.state import read_state
from blueprint.synth import synthesize
from tools.engine.harness import Engine

pytestmark = pytest.mark.engine

HOME = Place(account="111122223333", region="us-east-1")
PASSWORD = "an-example-of-a-secret-value"
URN = "urn:pulumi:prod::claims::"
BUCKET = f"{URN}blueprint:data:Archive$aws:s3/bucket:Bucket::archive"
MADE = [
    f"{URN}aws:cloudwatch/logGroup:LogGroup::chat",
    f"{URN}aws:ec2/subnet:Subnet::private",
    f"{URN}blueprint:data:Archive$aws:kms/key:Key::archive",
    BUCKET,
    f"{URN}blueprint:data:Archive$aws:s3/bucketPolicy:BucketPolicy::archive",
    f"{URN}kubernetes:core/v1:ConfigMap::where",
    f"{URN}kubernetes:core/v1:Secret::token",
]


def synthesised(project: Path) -> ResourceGraph:
    register = runpy.run_path(str(project / "stacks" / "resources.py"))["register"]
    return synthesize(lambda: register(None), project="claims", stack="prod", place=HOME)


def told(graph: ResourceGraph) -> dict[str, tuple[object, ...]]:
    """What rules rest on, whatever the source."""
    return {
        one.urn: (
            one.type, one.parent, one.provider, one.region, one.account, one.external, one.protect, one.retain_on_delete,
            one.dependencies, dict(one.property_dependencies), dict(one.inputs),
        )
        for one in graph.resources
    }  # fmt: skip


def shown(engine: Engine, to: Path, *more: str) -> ResourceGraph:
    ended = engine("preview", "--json", "--stack", engine.stack, *more)
    assert ended.code == 0, ended.said
    to.write_text(ended.out)
    return read_preview(to, HOME)


def test_synth_preview_and_state_tell_the_same_about_one_program(engine: Engine, tmp_path: Path) -> None:
    engine("config", "set", "--secret", "claims:password", PASSWORD, "--stack", engine.stack)
    planned = synthesised(engine.project)

    first = shown(engine, tmp_path / "preview.json")
    assert first.incomplete is None
    assert told(first).keys() == told(planned).keys()

    assert engine.up().code == 0
    assert sorted(engine.cloud.made("Create")) == MADE
    deployed = read_state(engine.state_file(), HOME)
    assert told(deployed) == told(planned)
    export = tmp_path / "export.json"
    export.write_text(engine("stack", "export", "--show-secrets", "--stack", engine.stack).out)
    assert PASSWORD in export.read_text()
    assert read_state(export, HOME) == deployed
    assert PASSWORD not in read_state(export, HOME).to_json() + first.to_json()
    assert PASSWORD not in engine.state_file().read_text()

    later = shown(engine, tmp_path / "later.json")
    assert later.incomplete is not None
    assert "unchanged resources are not in the preview" in later.incomplete
    complete = shown(engine, tmp_path / "complete.json", "--show-sames")
    assert complete.incomplete is None
    joined = read_preview(tmp_path / "later.json", HOME, state=engine.state_file())
    assert joined.incomplete is None
    for graph in (complete, joined):
        assert told(graph).keys() == told(planned).keys()
        assert graph.by_urn[MADE[5]].inputs["data"] == {"bucket": Ref(urn=BUCKET, property="id").value()}


def test_up_again_changes_nothing_and_destroy_leaves_nothing(engine: Engine) -> None:
    first = engine.up()
    assert first.code == 0, first.said
    again = engine.up("--expect-no-changes")
    assert again.code == 0, again.said
    assert sorted(engine.cloud.made("Create")) == MADE
    gone = engine("destroy", "--yes", "--skip-preview", "--stack", engine.stack)
    assert gone.code == 0, gone.said
    assert sorted(engine.cloud.made("Delete")) == MADE
    assert engine.urns() == []


def test_a_resource_that_fails_leaves_the_others_and_the_next_up_makes_it(engine: Engine) -> None:
    engine.cloud.failing = {"private"}
    failed = engine.up()
    assert failed.code != 0
    assert "private was told to fail" in failed.said
    assert f"{URN}aws:ec2/subnet:Subnet::private" not in engine.urns()
    engine.cloud.failing = set()
    assert engine.up().code == 0
    assert sorted(set(engine.cloud.made("Create"))) == MADE
    assert engine.cloud.made("Delete") == []
