"""The gate under the real engine: a refused stack registers nothing, and no broken gate deletes anything."""

from __future__ import annotations

import pytest

from tools.engine.harness import Engine

pytestmark = pytest.mark.engine

BROKEN = {
    "crashing": "the gate failed with exit code 1, so nothing is deployed: KeyError: 'no such rule'",
    "killed": "the gate was killed by signal 9, so nothing is deployed",
    "silent": "the gate gave no answer that can be read, so nothing is deployed",
    "exiting": "the gate gave no answer that can be read, so nothing is deployed",
}


def test_a_refused_stack_registers_nothing_and_says_only_why(engine: Engine) -> None:
    engine("config", "set", "claims:retention", "30", "--stack", engine.stack)
    refused = engine.up()
    assert refused.code != 0
    assert "chat keeps events for 30 days; at least 365" in refused.said
    assert "Traceback" not in refused.said
    assert "unhandled" not in refused.said
    assert engine.cloud.calls == []
    assert engine.urns() == []


def test_a_refused_preview_fails_too(engine: Engine) -> None:
    engine("config", "set", "claims:retention", "30", "--stack", engine.stack)
    refused = engine("preview", "--stack", engine.stack)
    assert refused.code != 0
    assert "chat keeps events for 30 days" in refused.said
    assert engine.cloud.calls == []


def test_no_broken_or_refusing_gate_touches_what_is_deployed(engine: Engine) -> None:
    assert engine.up().code == 0
    deployed, calls = engine.state_file().read_text(), list(engine.cloud.made("Create"))
    before = engine.urns()
    for judge, said in BROKEN.items():
        engine("config", "set", "claims:judge", judge, "--stack", engine.stack)
        ended = engine.up()
        assert ended.code != 0, judge
        assert said in ended.said
        assert engine.urns() == before, judge
    engine("config", "set", "claims:judge", "honest", "--stack", engine.stack)
    engine("config", "set", "claims:retention", "30", "--stack", engine.stack)
    assert engine.up().code != 0
    assert engine.urns() == before
    assert engine.cloud.made("Delete") == []
    assert engine.cloud.made("Update") == []
    assert engine.cloud.made("Create") == calls
    assert '"password"' in deployed
    engine("config", "rm", "claims:retention", "--stack", engine.stack)
    again = engine.up("--expect-no-changes")
    assert again.code == 0, again.said


def test_destroy_asks_no_gate(engine: Engine) -> None:
    assert engine.up().code == 0
    engine("config", "set", "claims:judge", "crashing", "--stack", engine.stack)
    gone = engine("destroy", "--yes", "--skip-preview", "--stack", engine.stack)
    assert gone.code == 0, gone.said
    assert engine.urns() == []
