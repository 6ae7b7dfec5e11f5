"""Measure, and compare in one run: ratios hold when the machine's speed does not.

    python -m tools.bench [--runs 5]

Every figure is the median of several fresh processes; the worst and best stand beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
STACK = "regulated"
COPIES = 20_000
"""Resources of the replicated graph that rules and matrix are measured on."""


@dataclass(frozen=True)
class Figure:
    """One thing measured, in seconds of wall time."""

    name: str
    seconds: tuple[float, ...]
    goal: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        spread = f"{min(self.seconds):.3f} to {max(self.seconds):.3f}"
        return f"{self.name:<58} {self.median:8.3f} s  ({spread}, {len(self.seconds)} runs)  {self.goal}"


def wall(name: str, command: Sequence[str], runs: int, goal: str = "") -> Figure:
    """Wall time of a whole process, after one run that is not counted."""
    seconds = []
    for run in range(runs + 1):
        before = os.times().elapsed
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run:
            seconds.append(os.times().elapsed - before)
    return Figure(name, tuple(seconds), goal)


def inner(probe: str, runs: int) -> list[dict[str, float]]:
    """Figures that a probe of this module takes inside a fresh process."""
    found = []
    for _ in range(runs):
        ended = subprocess.run(
            [sys.executable, "-m", "tools.bench", "--probe", probe], cwd=ROOT, check=True, capture_output=True
        )
        found.append(json.loads(ended.stdout))
    return found


def _plan() -> object:
    from blueprint.config import load
    from blueprint.plan import make_plan

    return make_plan(load(ROOT / "stacks" / f"Pulumi.{STACK}.yaml", STACK), ROOT)


def _timed(work: Callable[[], object]) -> tuple[float, object]:
    before = os.times().elapsed
    result = work()
    return os.times().elapsed - before, result


def probe_synth() -> dict[str, float]:
    """Pulumi's own mocks and our synth on the same program: each once to load the SDK, then three times in turn."""
    import asyncio

    import pulumi
    from pulumi.runtime import mocks
    from pulumi.runtime.settings import Settings, configure
    from pulumi.runtime.stack import run_in_stack

    from blueprint.assembly import assemble
    from blueprint.platform import compose

    plan = _plan()

    class Answers(pulumi.runtime.Mocks):
        def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, object]]:
            return f"{args.name}-id", dict(args.inputs)

        def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, object], None]:
            return {}, None

    def mocked() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        monitor = mocks.MockMonitor(Answers())
        configure(
            Settings(
                project="ai-platform",
                stack=STACK,
                organization="o",
                monitor=monitor,
                engine=mocks.MockEngine(None),
                dry_run=True,
            )
        )

        async def program() -> None:
            compose(plan)  # type: ignore[arg-type]

        loop.run_until_complete(run_in_stack(program))
        loop.close()

    def ours() -> object:
        return assemble(plan, project="ai-platform")  # type: ignore[arg-type]

    cold, graph = _timed(ours)
    mocked()
    pairs = [(_timed(ours)[0], _timed(mocked)[0]) for _ in range(3)]
    return {
        "cold": cold, "ours": statistics.median(pair[0] for pair in pairs), "mocks": statistics.median(pair[1] for pair in pairs),
        "ratio": statistics.median(pair[0] / pair[1] for pair in pairs), "resources": len(graph.resources),  # type: ignore[attr-defined]
    }  # fmt: skip


def probe_parts() -> dict[str, float]:
    """Document to matrix, part by part, in one cold process that treats garbage as a command does."""
    from blueprint.garbage import leave_garbage

    leave_garbage()
    parts: dict[str, float] = {}
    parts["plan"], plan = _timed(_plan)
    parts["import of the SDKs and components"], _ = _timed(_import_components)
    from blueprint.assembly import assemble

    parts["synth"], graph = _timed(lambda: assemble(plan, project="ai-platform"))  # type: ignore[arg-type]
    parts["import of rules and frameworks"], _ = _timed(
        lambda: __import__("compliance.catalogue", fromlist=["load"]).load(())
    )
    from blueprint.judgement import judge_plan

    parts["rules"], judgement = _timed(lambda: judge_plan(plan, graph, ROOT))  # type: ignore[arg-type]
    parts["matrix"], _ = _timed(judgement.matrix)  # type: ignore[attr-defined]
    return parts


def _import_components() -> None:
    from blueprint.slots import component_of

    for slot, spec in _plan().specs.values():  # type: ignore[attr-defined]
        component_of(slot, getattr(spec, "kind", "managed"))


def probe_scale() -> dict[str, float]:
    """Rules and matrix over the stack's graph, replicated; half the size shows whether time is linear."""
    from blueprint.assembly import assemble
    from blueprint.judgement import judge_plan

    plan = _plan()
    graph = assemble(plan, project="ai-platform")  # type: ignore[arg-type]
    found: dict[str, float] = {}
    for size in (COPIES // 2, COPIES):
        big = replicate(graph, size)
        found[f"{size}"], judgement = _timed(lambda: _judged(judge_plan, plan, big))  # noqa: B023  called at once
        found[f"{size} findings"] = len(judgement.findings)  # type: ignore[attr-defined]
    found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _judged(judge: Callable[..., object], plan: object, graph: object) -> object:
    judgement = judge(plan, graph, ROOT)
    judgement.matrix()  # type: ignore[attr-defined]
    return judgement


def replicate(graph: object, size: int) -> object:
    """The graph again and again under other names until it has so many resources."""
    from blueprint.graph import ResourceGraph

    assert isinstance(graph, ResourceGraph)
    text = graph.to_json()
    document = json.loads(text)
    resources = list(document["resources"])
    own = len(resources)
    for copy in range(1, size // own + 1):
        again = text.replace(f"urn:pulumi:{STACK}::", f"urn:pulumi:{STACK}-{copy}::")
        resources += json.loads(again)["resources"]
    document["resources"] = sorted(
        resources[:size] if len(resources) > size else resources, key=lambda each: each["urn"]
    )
    return ResourceGraph.from_json(json.dumps(document))


PROBES: dict[str, Callable[[], dict[str, float]]] = {"synth": probe_synth, "parts": probe_parts, "scale": probe_scale}


def main(arguments: Sequence[str]) -> int:
    """Print every figure with its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--probe", choices=sorted(PROBES))
    chosen = parser.parse_args(arguments)
    if chosen.probe:
        print(json.dumps(PROBES[chosen.probe]()))
        return 0
    blueprint = str(BIN / "blueprint")
    python = wall("python that does nothing, for comparison", [sys.executable, "-c", ""], chosen.runs)
    print(python)
    print(wall("blueprint --help", [blueprint, "--help"], chosen.runs, "goal 0.2 s"))
    print(wall(f"blueprint validate -s {STACK}", [blueprint, "validate", "-s", STACK], chosen.runs, "goal 0.5 s"))
    ask = [blueprint, "plan-capacity", "qwen3-32b", "--context", "32768", "-o", "json"]
    print(wall("blueprint plan-capacity, over all instance types", ask, chosen.runs, "goal 0.4 s"))
    with tempfile.TemporaryDirectory() as folder:
        matrix = [blueprint, "matrix", "-s", STACK, "--fail-on", "never", "-o", f"json={folder}/m.json"]
        print(wall(f"document to matrix, cold: matrix -s {STACK} -o json", matrix, chosen.runs, "goal 4 s"))
    parts = inner("parts", chosen.runs)
    for name in parts[0]:
        print(Figure(f"  of it {name}", tuple(run[name] for run in parts)))
    synth = inner("synth", chosen.runs)
    print(Figure(f"our synth, warm, {synth[0]['resources']:.0f} resources", tuple(run["ours"] for run in synth)))
    print(Figure("Pulumi's own mocks, warm, the same resources", tuple(run["mocks"] for run in synth)))
    ratio = statistics.median(run["ratio"] for run in synth)
    print(f"{'ratio of our synth to the mocks, pair by pair':<58} {ratio:8.2f}     goal 0.7")
    scale = inner("scale", 1)[0]
    half, whole = scale[f"{COPIES // 2}"], scale[f"{COPIES}"]
    print(
        f"{f'rules and matrix over {COPIES:,} resources':<58} {whole:8.1f} s  goal 20 s; {whole / half:.2f} times {COPIES // 2:,} (linear: 2)"
    )
    print(
        f"{'  peak memory of that process':<58} {scale['peak MB']:8.0f} MB  goal 1,500 MB; {scale[f'{COPIES} findings']:,.0f} findings"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
