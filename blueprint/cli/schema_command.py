"""blueprint schema"""

from __future__ import annotations

import click

from blueprint.cli.outputs import as_json


@click.command(name="schema")
@click.argument(
    "name", type=click.Choice(["stack", "graph", "findings", "matrix", "capacity", "options"]), default="stack"
)
def command(name: str) -> None:
    """Print the JSON Schema of a stack file or of a machine output.

    blueprint schema stack > stack.schema.json
    """
    from blueprint.schemas import SCHEMAS  # noqa: PLC0415  builds the models

    click.echo(as_json(SCHEMAS[name]()), nl=False)
