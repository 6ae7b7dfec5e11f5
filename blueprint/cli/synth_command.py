"""blueprint synth"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blueprint.cli.inputs import plan_of, stack_options, synth_of
from blueprint.cli.outputs import output_option, write_all
from blueprint.columns import columns

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph


@click.command(name="synth")
@stack_options
@output_option("table", "json")
def command(stack: str, root: Path | None, as_of: dt.date | None, outputs: tuple[tuple[str, Path | None], ...]) -> None:
    """Print every resource of a stack: no engine, no network, no credentials, the same bytes every time.

    blueprint synth -s regulated -o json=graph.json
    """
    plan, _ = plan_of(stack, root, as_of)
    graph = synth_of(plan)
    write_all(outputs, {"table": lambda: _table(graph), "json": graph.to_json})


def _table(graph: ResourceGraph) -> str:
    count = Counter(resource.type for resource in graph.resources)
    rows = [[str(number), token] for token, number in sorted(count.items())]
    return f"{columns(['resources', 'type'], rows)}\n\n{len(graph.resources)} resources of {len(count)} types, {len(graph.edges)} edges\n"
