"""The real program against an in-process recorder: no engine, no network, no credentials; the same bytes every time."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from pulumi._utils import ContextProperty
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import ROOT, SETTINGS, Settings, configure
from pulumi.runtime.stack import run_in_stack

from blueprint.errors import ProgramError
from blueprint.graph import ResourceGraph
from blueprint.placement import Place
from blueprint.recorder import Log, Recorder

P = ParamSpec("P")
T = TypeVar("T")

_ONE_AT_A_TIME = threading.Lock()
"""Pulumi keeps process-wide defaults behind its context variables; two synths would mix theirs."""


_QUIET = 16
"""After so many turns of the loop without an output that settles, the rest is left to the SDK."""

_FRAMES = 9
"""Innermost frames that the SDK looks at to name the line that made a resource: six of its own, that line, and two spare."""


def synthesize(
    program: Callable[[], Awaitable[None] | None],
    *,
    project: str,
    stack: str,
    place: Place,
    config: Mapping[str, str] | None = None,
    organization: str = "organization",
    symbolic: bool = True,
) -> ResourceGraph:
    """Run a Pulumi program in preview mode and return everything it registers.

    `symbolic=False` leaves cloud-decided text opaque, as the engine's own preview does; the resources are the same.
    What the program raises comes back as it was raised; what the recorder refuses is a ProgramError.
    """
    recorder = Recorder(project=project, stack=stack, place=place, symbolic=symbolic)

    async def run() -> None:
        ROOT.set(None)
        configure(
            Settings(
                project=project, stack=stack, organization=organization, monitor=recorder, engine=Log(),
                parallel=1, dry_run=True,
            )
        )  # fmt: skip
        set_all_config(dict(config or {}), [])
        await run_in_stack(lambda: _settled(program))

    with _ONE_AT_A_TIME, _settings_kept(), _collector_off(), _stacks_short():
        _in_a_thread_of_its_own(run)
    return recorder.graph()


async def _settled(program: Callable[[], Awaitable[None] | None]) -> None:
    """Run the program and let the loop turn until nothing moves; the SDK's own wait is quadratic in open outputs."""
    result = program()
    if result is not None:
        await result
    quiet, before = 0, -1
    while quiet < _QUIET:
        await asyncio.sleep(0)
        now = len(SETTINGS.outputs)
        quiet, before = (quiet + 1 if now == before else 0), now


class _Inline(ThreadPoolExecutor):
    """Runs each call at once: the loop insists on this type, and a pool would reorder registrations."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  the future carries it to whoever awaits
            future.set_exception(error)
        return future


def _in_a_thread_of_its_own(run: Callable[[], Awaitable[None]]) -> None:
    failures: list[BaseException] = []

    def main() -> None:
        try:
            _in_a_loop_of_its_own(run)
        except SystemExit as ended:
            failures.append(ProgramError(f"the program ended itself with exit code {ended.code}"))
        except BaseException as error:  # noqa: BLE001  raised again below, in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=contextvars.Context().run, args=(main,), name="synth")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def _in_a_loop_of_its_own(run: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Inline(1))
    loop.set_exception_handler(lambda _loop, _context: None)  # leftovers of a failed program; its error is raised
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run())
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()


@contextmanager
def _settings_kept() -> Iterator[None]:
    """Put back the defaults that setting a context variable of Pulumi's overwrites for the whole process."""
    properties = [value for value in vars(Settings).values() if isinstance(value, ContextProperty)]
    untouched = contextvars.Context()
    before = [untouched.run(one.fget) for one in properties]
    try:
        yield
    finally:
        fresh = contextvars.Context()
        for one, value in zip(properties, before, strict=True):
            fresh.run(one.fset, value)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Half the time of a synth is garbage collection of objects that all stay until its end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _stacks_short() -> Iterator[None]:
    """The SDK sends the whole stack with each registration, a tenth of a synth; only the line that made it is kept."""
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = _FRAMES
    try:
        yield
    finally:
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before
