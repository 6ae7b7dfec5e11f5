"""The stop before the first registration: a child process judges what the program would make, and only its yes counts.

In the deploying program (`stacks/__main__.py`) the gate runs first. A violation, an error, a crashed rule, a killed or
garbled child all end the program with a message and no registration. They never end it as if it had succeeded, for the
engine deletes what a successful program leaves out.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pulumi
from pydantic import JsonValue, ValidationError

from blueprint.errors import BlueprintError
from blueprint.garbage import leave_garbage
from blueprint.types import Frozen, Severity

if TYPE_CHECKING:
    from blueprint.plan import Plan

ALREADY_TOLD = 32
"""The exit code by which a program tells the language host that the user has seen the reason."""
TIME_LIMIT = 900
"""Seconds after which a gate that does not answer counts as failed."""
CHILD = (sys.executable, "-P", "-m", "blueprint.gate")
"""-P: the project's own folders, `compliance` among them, must not be taken for the packages of that name."""


class Question(Frozen):
    """What the child is asked."""

    nonce: str
    root: Path
    project: str
    stack: str
    fail_on: Severity
    engine: dict[str, JsonValue]
    """What the engine parsed of the stack file, by configuration key."""


class Answer(Frozen):
    """What the child found; without reasons the program may go on."""

    nonce: str
    digest: str
    """Digest of the document that was judged."""
    reasons: tuple[str, ...]


def passed(program: Path, *, fail_on: Severity = Severity.HIGH) -> Plan:
    """Run the gate for the stack that is being deployed and return its plan; does not return when the gate says no.

    `program` is the file that the engine runs. Where it runs inside another process (Automation API, inline), the gate
    raises pulumi.RunError instead of ending that process.
    """
    from blueprint.config import find, load  # noqa: PLC0415  only a deployment reads them here
    from blueprint.judgement import document_digest  # noqa: PLC0415
    from blueprint.plan import make_plan  # noqa: PLC0415

    question = Question(
        nonce=secrets.token_hex(16), root=Path(pulumi.runtime.get_root_directory()).resolve(),
        project=pulumi.get_project(), stack=pulumi.get_stack(), fail_on=fail_on, engine=_engine_values(),
    )  # fmt: skip
    stop = stop_of(program)
    answer = ask(question, CHILD, stop)
    try:
        plan = make_plan(load(find(question.stack, question.root), question.stack), question.root)
    except BlueprintError as error:
        stop(str(error))
    if document_digest(plan) != answer.digest:
        stop("the stack document changed while it was being judged; run the command again")
    return plan


def ask(question: Question, child: Sequence[str], stop: Callable[[str], NoReturn]) -> Answer:
    """Let a child judge, and stop unless it clearly says yes."""
    try:
        ended = subprocess.run(  # noqa: S603  our own interpreter and module
            child, input=question.model_dump_json().encode(), env=_without_configuration(os.environ),
            cwd=question.root, capture_output=True, check=False, timeout=TIME_LIMIT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        stop(f"the gate gave no answer within {TIME_LIMIT} seconds, so nothing is deployed")
    except OSError as error:
        stop(f"the gate could not be started, so nothing is deployed: {error}")
    if ended.returncode != 0:
        how = (
            f"was killed by signal {-ended.returncode}"
            if ended.returncode < 0
            else f"failed with exit code {ended.returncode}"
        )
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        stop(f"the gate {how}, so nothing is deployed" + (f": {said[-1]}" if said else ""))
    try:
        answer = Answer.model_validate_json(ended.stdout)
    except ValidationError:
        stop("the gate gave no answer that can be read, so nothing is deployed")
    if answer.nonce != question.nonce:
        stop("the gate answered another question, so nothing is deployed")
    if answer.reasons:
        stop("\n\n".join(answer.reasons))
    return answer


def judged(question: Question) -> Answer:
    """Synthesise and judge one stack, as `blueprint check` does. Runs in the child."""
    from blueprint.assembly import assemble  # noqa: PLC0415  the parent does without
    from blueprint.config import compare, find, load  # noqa: PLC0415
    from blueprint.judgement import document_digest, judge_plan  # noqa: PLC0415
    from blueprint.plan import make_plan  # noqa: PLC0415
    from blueprint.source import read  # noqa: PLC0415

    file = find(question.stack, question.root)
    plan = make_plan(load(file, question.stack), question.root)
    written = read(file)
    reasons = [str(problem) for problem in compare(written, _as_parsed(written.data, question.engine))]
    judgement = judge_plan(plan, assemble(plan, project=question.project), question.root)
    reasons += [f"{found.rule} crashed on {found.subject}: {found.verdict.because}" for found in judgement.crashed]
    reasons += [
        f"{found.rule} ({found.severity}) on {found.subject}: {found.verdict.because}\n"
        f"    fix: {judgement.catalogue.rule(found.rule).remedy}"
        for found in judgement.violations(question.fail_on)
    ]
    told = (
        [f"{_amount(len(reasons))} not to deploy {question.stack}; nothing was registered", *reasons] if reasons else []
    )
    return Answer(nonce=question.nonce, digest=document_digest(plan), reasons=tuple(told))


def answer_one(judge: Callable[[Question], Answer] = judged) -> int:
    """Be the child: read one question, write one answer, and keep everything else away from the answer."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a program prints must not mix with the answer
    question = Question.model_validate_json(sys.stdin.buffer.read())
    try:
        answer = judge(question)
    except BlueprintError as error:
        answer = Answer(nonce=question.nonce, digest="", reasons=(str(error),))
    except Exception as error:  # noqa: BLE001  said in one line; the parent stops on the exit code
        sys.stdout.flush()  # what the program printed comes before the error, which the parent takes from the last line
        traceback.print_exc()
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    with out:
        out.write(answer.model_dump_json())
    return 0


def _amount(count: int) -> str:
    return "1 reason" if count == 1 else f"{count} reasons"


def _as_parsed(written: JsonValue, engine: Mapping[str, JsonValue]) -> JsonValue:
    """The file with the values that the engine parsed in place of its own."""
    if not isinstance(written, dict) or not isinstance(config := written.get("config"), dict):
        return written
    return {**written, "config": {**config, **engine}}


def _engine_values() -> dict[str, JsonValue]:
    return {
        "blueprint:platform": pulumi.Config("blueprint").get_object("platform"),
        "aws:region": pulumi.Config("aws").get("region"),
    }


def _without_configuration(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the stack's decrypted configuration and the passphrase to it."""
    return {name: value for name, value in environment.items() if not name.startswith("PULUMI_CONFIG")}


def stop_of(program: Path) -> Callable[[str], NoReturn]:
    """How to stop: end the process when `program` is what it runs, which leaves nothing registered; else raise RunError."""
    running = Path(sys.argv[0]).resolve()
    return _end if running in {program.resolve(), program.resolve().parent} else _raise


def _end(message: str) -> NoReturn:
    pulumi.log.error(message)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ALREADY_TOLD)  # an orderly exit would let the SDK register the stack first


def _raise(message: str) -> NoReturn:
    raise pulumi.RunError(message)


if __name__ == "__main__":
    leave_garbage()
    sys.exit(answer_one())
