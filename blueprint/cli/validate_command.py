"""blueprint validate"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from blueprint.cli.inputs import plan_of, stack_options


@click.command(name="validate")
@stack_options
def command(stack: str, root: Path | None, as_of: dt.date | None) -> None:
    """Find every mistake of a stack document at once, with file, line, bound and fix.

    Loads no SDK and asks nobody.

        blueprint validate -s regulated
    """
    plan, _ = plan_of(stack, root, as_of)
    chosen = ", ".join(plan.document.compliance.frameworks) or "no framework, the baseline only"
    click.echo(
        f"{plan.file.file}: valid; {len(plan.specs)} components, {len(plan.wiring.edges)} edges, "
        f"{len(plan.wiring.services)} AWS services, {len(plan.wiring.egress)} names outside AWS; {chosen}"
    )
