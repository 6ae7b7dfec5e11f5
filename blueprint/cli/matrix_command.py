"""blueprint matrix"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from blueprint.cli.exits import Exit
from blueprint.cli.inputs import fail_on_option, judgement_of, severity, source_options, stack_options
from blueprint.cli.outputs import output_option, write_all


@click.command(name="matrix")
@stack_options
@source_options
@fail_on_option
@output_option("table", "json", "csv", "md", "html")
def command(
    stack: str, root: Path | None, as_of: dt.date | None, graph: Path | None, preview: Path | None, state: Path | None,
    fail_on: str, outputs: tuple[tuple[str, Path | None], ...],
) -> None:  # fmt: skip
    """Requirement by requirement: which resources answer it, on which evidence, and what is left to do.

    blueprint matrix -s regulated -o html=matrix.html -o csv=matrix.csv
    """
    judgement = judgement_of(stack, root, as_of, graph, preview, state)
    matrix = judgement.matrix()
    from compliance.reports.delimited import as_csv  # noqa: PLC0415  the templates load with the report
    from compliance.reports.markdown import as_markdown  # noqa: PLC0415
    from compliance.reports.page import as_html  # noqa: PLC0415
    from compliance.reports.terminal import as_table  # noqa: PLC0415

    write_all(outputs, {
        "table": lambda: as_table(matrix),
        "json": matrix.to_json,
        "csv": lambda: as_csv(matrix),
        "md": lambda: as_markdown(matrix),
        "html": lambda: as_html(matrix),
    })  # fmt: skip
    for name in judgement.idle_exceptions:
        click.echo(f"exception {name} covers no finding: remove it, or correct its rule and subject", err=True)
    if judgement.crashed:
        click.echo(f"{len(judgement.crashed)} rules crashed; their verdicts are UNKNOWN", err=True)
        sys.exit(Exit.UNEXPECTED)
    if judgement.violations(severity(fail_on)):
        sys.exit(Exit.VIOLATION)
