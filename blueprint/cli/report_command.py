"""blueprint report"""

from __future__ import annotations

from pathlib import Path

import click

from blueprint.cli.outputs import output_option, write_all


@click.command(name="report")
@click.argument("results", type=click.Path(path_type=Path))
@output_option("table", "csv", "md", "html")
def command(results: Path, outputs: tuple[tuple[str, Path | None], ...]) -> None:
    """Render a saved matrix (`matrix -o json`) again. Computes nothing, so an old result stays what it was.

    blueprint report out/regulated.matrix.json -o html=matrix.html
    """
    from compliance.matrix import Matrix  # noqa: PLC0415  help does not need it
    from compliance.reports.delimited import as_csv  # noqa: PLC0415
    from compliance.reports.markdown import as_markdown  # noqa: PLC0415
    from compliance.reports.page import as_html  # noqa: PLC0415
    from compliance.reports.terminal import as_table  # noqa: PLC0415

    matrix = Matrix.read(results)
    write_all(outputs, {
        "table": lambda: as_table(matrix), "csv": lambda: as_csv(matrix), "md": lambda: as_markdown(matrix), "html": lambda: as_html(matrix),
    })  # fmt: skip
