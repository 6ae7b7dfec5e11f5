"""blueprint.gate: only a clear yes to this very question lets a program go on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import pulumi
import pytest

from blueprint.gate import Answer, Question, ask, stop_of
from blueprint.types import Severity


class Stopped(Exception):
    pass


def stop(message: str) -> NoReturn:
    raise Stopped(message)


@pytest.fixture
def question(tmp_path: Path) -> Question:
    return Question(nonce="n1", root=tmp_path, project="claims", stack="prod", fail_on=Severity.HIGH, engine={"a": 1})


def child(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def answering(**changed: object) -> list[str]:
    answer = {"nonce": "n1", "digest": "d", "reasons": [], **changed}
    return child(f"import sys; sys.stdin.read(); print({json.dumps(answer)!r})")


def test_a_yes_lets_the_program_go_on(question: Question) -> None:
    assert ask(question, answering(), stop) == Answer(nonce="n1", digest="d", reasons=())


def test_reasons_stop_the_program_and_are_all_told(question: Question) -> None:
    with pytest.raises(Stopped) as stopped:
        ask(question, answering(reasons=["first", "second"]), stop)
    assert str(stopped.value) == "first\n\nsecond"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (child("raise ValueError('no rule')"), "the gate failed with exit code 1, so nothing is deployed: ValueError: no rule"),
        (child("import os; os.kill(os.getpid(), 9)"), "the gate was killed by signal 9, so nothing is deployed"),
        (child("import os; os._exit(0)"), "the gate gave no answer that can be read"),
        (child("print('all fine')"), "the gate gave no answer that can be read"),
        (child("print('{}')"), "the gate gave no answer that can be read"),
        (answering(extra=1), "the gate gave no answer that can be read"),
        (answering(nonce="n0"), "the gate answered another question"),
        (["/nonexistent/python"], "the gate could not be started"),
        ([*answering()[:-1], answering()[-1] + "; sys.exit(5)"], "the gate failed with exit code 5"),
    ],
    ids=["crashed", "killed", "silent", "garbled", "empty", "more than an answer", "of before", "not there", "yes, then failed"],
)  # fmt: skip
def test_anything_but_a_clear_yes_stops_the_program(question: Question, command: list[str], says: str) -> None:
    with pytest.raises(Stopped) as stopped:
        ask(question, command, stop)
    assert str(stopped.value).startswith(says)


def test_a_child_that_hangs_stops_the_program(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueprint.gate.TIME_LIMIT", 0.2)
    with pytest.raises(Stopped, match="no answer within"):
        ask(question, child("import time; time.sleep(60)"), stop)


def test_the_child_sees_the_question_and_none_of_the_decrypted_configuration(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.setenv(name, "private")
    code = (
        "import json, os, sys; asked = json.load(sys.stdin);"
        "reasons = [asked['stack'], *sorted(n for n, v in os.environ.items() if v == 'private')];"
        "print(json.dumps({'nonce': asked['nonce'], 'digest': '', 'reasons': reasons}))"
    )
    with pytest.raises(Stopped) as stopped:
        ask(question, child(code), stop)
    assert str(stopped.value) == "prod"


CHILD = """
import sys
from blueprint.gate import Answer, answer_one
from blueprint.errors import BlueprintError
def judge(question):
    print("a program prints this")
    {body}
    return Answer(nonce=question.nonce, digest="d", reasons=())
sys.exit(answer_one(judge))
"""


def test_what_a_program_prints_does_not_mix_with_the_answer(question: Question) -> None:
    assert ask(question, child(CHILD.format(body="pass")), stop).reasons == ()


def test_a_document_that_is_refused_is_told_without_a_traceback(question: Question) -> None:
    with pytest.raises(Stopped) as stopped:
        ask(question, child(CHILD.format(body="raise BlueprintError('prod.yaml:3:1: pool: no such pool')")), stop)
    assert str(stopped.value) == "prod.yaml:3:1: pool: no such pool"


def test_a_crashing_judge_says_its_error_in_one_line(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with pytest.raises(Stopped) as stopped:
        ask(question, child(CHILD.format(body="raise KeyError('no such rule')")), stop)
    assert str(stopped.value) == "the gate failed with exit code 1, so nothing is deployed: KeyError: 'no such rule'"


def test_inside_another_process_a_stop_raises_and_ends_nothing(tmp_path: Path) -> None:
    with pytest.raises(pulumi.RunError, match="too weak"):
        stop_of(tmp_path / "__main__.py")("too weak")
