"""The same document gives the same bytes: in whatever process, thread or loop, and after whatever else was built."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pulumi._utils import ContextProperty
from pulumi.runtime.config import CONFIG
from pulumi.runtime.settings import ROOT as STACK_OF_THE_PROGRAM
from pulumi.runtime.settings import Settings

from blueprint.assembly import assemble
from tests.conftest import ROOT, graph_of, plan_of

pytestmark = pytest.mark.xdist_group("experiments")

PROGRAM = (
    "import hashlib\n"
    "from blueprint.garbage import leave_garbage\n"
    "leave_garbage()\n"
    "from tests.conftest import graph_of\n"
    "print(hashlib.sha256(graph_of('{stack}').to_json().encode()).hexdigest())"
)


def built_again(stack: str) -> str:
    return digest(assemble(plan_of(stack), project="ai-platform").to_json())


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def expected(stack: str) -> str:
    return digest(graph_of(stack).to_json())


def in_a_process(stack: str, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(stack=stack)], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_another_hash_seed_gives_the_same_bytes() -> None:
    """Sets and dictionaries of strings are laid out otherwise under another seed; this process drew its own."""
    assert in_a_process("dev", "4242") == expected("dev")


async def test_a_running_loop_gives_the_same_bytes() -> None:
    assert asyncio.get_running_loop().is_running()
    assert built_again("dev") == expected("dev")


def test_a_thread_gives_the_same_bytes_after_another_stack_and_leaves_no_setting_behind() -> None:
    """A deploying process that synthesises first must not find its own settings changed, in this context or a new one."""
    before = settings(), contextvars.Context().run(settings), threading.active_count()
    with ThreadPoolExecutor(1) as pool:
        graph_of("seed")
        assert pool.submit(built_again, "dev").result() == expected("dev")
    assert (settings(), contextvars.Context().run(settings), threading.active_count()) == before


@pytest.mark.slow
@pytest.mark.parametrize("stack", ["brownfield", "prod", "regulated", "seed", "staging"])
def test_another_hash_seed_gives_the_same_bytes_of_every_other_stack(stack: str) -> None:
    assert {in_a_process(stack, seed) for seed in ("0", "7", "4242")} == {expected(stack)}


@pytest.mark.slow
def test_what_was_built_before_leaves_no_trace() -> None:
    assert [built_again(stack) for stack in ("regulated", "seed", "regulated", "dev", "seed")] == [
        expected(stack) for stack in ("regulated", "seed", "regulated", "dev", "seed")
    ]


@pytest.mark.slow
def test_four_at_once_do_not_mix() -> None:
    stacks = ["regulated", "dev", "seed", "brownfield"]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(built_again, stacks)) == [expected(stack) for stack in stacks]


def settings() -> dict[str, object]:
    """All that Pulumi holds for a running program, as this context sees it."""
    properties = {name: value for name, value in vars(Settings).items() if isinstance(value, ContextProperty)}
    assert {"project", "stack", "monitor", "dry_run"} <= properties.keys()
    held: dict[str, object] = {name: contextvars.copy_context().run(value.fget) for name, value in properties.items()}
    return {**held, "config": dict(CONFIG.get()), "root": STACK_OF_THE_PROGRAM.get()}
