"""The child of the small program's gate: one rule, and every way in which a gate can go wrong."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from blueprint.gate import Answer, Question, answer_one
from blueprint.placement import Place
from blueprint.synth import synthesize

sys.path.insert(0, str(Path(__file__).parent))


def judge(question: Question) -> Answer:
    """Refuse log groups that keep less than a year, or misbehave as the configuration says."""
    if "PULUMI_CONFIG" in os.environ:
        raise RuntimeError("the gate can read the decrypted configuration")
    match question.engine["judge"]:
        case "crashing":
            raise KeyError("no such rule")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "silent":
            os._exit(0)
        case "exiting":
            sys.exit(0)
    from resources import register

    place = Place(account="111122223333", region="us-east-1")
    graph = synthesize(
        lambda: register(question.engine["retention"]), project=question.project, stack=question.stack, place=place
    )
    reasons = [
        f"{group.name} keeps events for {group.inputs['retentionInDays']} days; at least 365"
        for group in graph.of("aws:cloudwatch/logGroup:LogGroup")
        if int(str(group.inputs["retentionInDays"])) < 365
    ]
    return Answer(nonce=question.nonce, digest="", reasons=tuple(reasons))


if __name__ == "__main__":
    sys.exit(answer_one(judge))
