"""Resources from a file: placed at the stack's home, with the edges of its wiring."""

from __future__ import annotations

import json
from pathlib import Path

from blueprint.cli.inputs import judgement_of
from compliance.matrix import Depth
from tests.conftest import DAY, ROOT, plan_of

STACK = "seed"
PREFIX = f"urn:pulumi:{STACK}::ai-platform::"
PROVIDER = f"{PREFIX}pulumi:providers:aws::default_7_51_1"
BUCKET = {
    "urn": f"{PREFIX}aws:s3/bucket:Bucket::store",
    "type": "aws:s3/bucket:Bucket",
    "custom": True,
    "id": "store",
    "provider": f"{PROVIDER}::1f2e",
    "inputs": {"bucket": "store"},
}


def test_a_state_is_placed_at_the_home_of_its_document(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"deployment": {"resources": [BUCKET]}}))
    judgement = judgement_of(STACK, ROOT, DAY, None, None, state)
    plan = plan_of(STACK)
    (bucket,) = judgement.graph.resources
    assert (bucket.account, bucket.region) == (plan.document.account, plan.region)
    assert judgement.graph.edges == plan.wiring.edges
    assert judgement.graph.edges
    assert judgement.depth is Depth.DEPLOYED


def test_a_preview_is_placed_alike_and_stays_planned(tmp_path: Path) -> None:
    preview = tmp_path / "preview.json"
    step = {"op": "create", "urn": BUCKET["urn"], "newState": BUCKET}
    preview.write_text(json.dumps({"steps": [step], "changeSummary": {"create": 1}}))
    judgement = judgement_of(STACK, ROOT, DAY, None, preview, None)
    plan = plan_of(STACK)
    (bucket,) = judgement.graph.resources
    assert (bucket.account, bucket.region) == (plan.document.account, plan.region)
    assert [edge.want.name for edge in judgement.graph.edges] == [edge.want.name for edge in plan.wiring.edges]
    assert judgement.depth is Depth.PLANNED
