"""The deploying program of the engine tier: the gate first, then the resources. Its judge is judge.py."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import pulumi

from blueprint.gate import Question, ask, stop_of
from blueprint.types import Severity

HERE = Path(__file__).parent


def question() -> Question:
    """What the judge needs to know of the configuration."""
    config = pulumi.Config()
    return Question(
        nonce=secrets.token_hex(8), root=HERE, project=pulumi.get_project(), stack=pulumi.get_stack(), fail_on=Severity.HIGH,
        engine={"retention": config.get_int("retention"), "judge": config.get("judge") or "honest"},
    )  # fmt: skip


if __name__ == "__main__":
    asked = question()
    ask(asked, (sys.executable, str(HERE / "judge.py")), stop_of(Path(__file__)))
    sys.path.insert(0, str(HERE))
    from resources import register

    register(asked.engine["retention"])
