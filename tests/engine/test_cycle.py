"""The synth and the readers against the real engine: the same resources, the same links."""

from __future__ import annotations

import pytest

from tools.engine.harness import Engine

pytestmark = pytest.mark.engine


def test_up_again_changes_nothing_and_destroy_leaves_nothing(engine: Engine) -> None:
    first = engine.up()
    assert first.code == 0, first.said
    made = len(engine.cloud.made("Create"))
    again = engine.up("--expect-no-changes")
    assert again.code == 0, again.said
    assert len(engine.cloud.made("Create")) == made == 7
    gone = engine("destroy", "--yes", "--skip-preview", "--stack", engine.stack)
    assert gone.code == 0, gone.said
    assert engine.urns() == []
