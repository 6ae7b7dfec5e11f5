"""Options that several commands share, and what they load."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from blueprint.types import Severity

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph
    from blueprint.judgement import Judgement
    from blueprint.plan import Plan

F = TypeVar("F", bound=Callable[..., Any])

PROJECT = "ai-platform"


class Day(click.ParamType[dt.date]):
    """A date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; write YYYY-MM-DD", param, ctx)


def root_option(command: F) -> F:
    """--root: where the project is."""
    return click.option("--root", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None,
                        help="Project folder; left out: the one that holds Pulumi.yaml, here or above.")(command)  # fmt: skip


def stack_options(command: F) -> F:
    """--stack, --root and --as-of: which document, on which day."""
    command = click.option(
        "--as-of", type=Day(), default=None, help="Judge exceptions as of this day; left out: today."
    )(command)
    command = root_option(command)
    return click.option("-s", "--stack", required=True, help="Stack name, or the path of a stack file.")(command)


def source_options(command: F) -> F:
    """--graph, --preview, --state: where the resources come from instead of a synth."""
    kind = click.Path(path_type=Path)
    command = click.option("--state", type=kind, default=None, help="Resources of `pulumi stack export`.")(command)
    command = click.option("--preview", type=kind, default=None, help="Resources of `pulumi preview --json`.")(command)
    return click.option("--graph", type=kind, default=None, help="Resources of `blueprint synth -o json`.")(command)


def fail_on_option(command: F) -> F:
    """--fail-on: which violations end a command with code 5."""
    levels = [*(severity.value for severity in Severity), "never"]
    return click.option("--fail-on", type=click.Choice(levels), default=Severity.HIGH.value, show_default=True,
                        help="A FAIL at or above this severity ends with code 5.")(command)  # fmt: skip


def severity(text: str) -> Severity | None:
    """Read --fail-on."""
    return None if text == "never" else Severity(text)


def plan_of(stack: str, root: Path | None, as_of: dt.date | None) -> tuple[Plan, Path]:
    """Plan of one stack, and the project's root. Raises DocumentError, NotFound."""
    from blueprint.config import find, load, project_root  # noqa: PLC0415  help does not need it
    from blueprint.plan import make_plan  # noqa: PLC0415

    base = root or project_root(Path.cwd())
    file = find(stack, base)
    name = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    plan = make_plan(load(file, name), base, as_of=as_of)
    for warning in plan.warnings:
        click.echo(f"warning: {warning}", err=True)
    return plan, base


def synth_of(plan: Plan) -> ResourceGraph:
    """Resources of a plan, synthesised."""
    from blueprint.assembly import assemble  # noqa: PLC0415  loads the SDKs

    return assemble(plan, project=PROJECT)


def judgement_of(
    stack: str, root: Path | None, as_of: dt.date | None, graph: Path | None, preview: Path | None, state: Path | None
) -> Judgement:
    """Judge a stack on its synth, or on the resources of one of the files."""
    given = [path for path in (graph, preview, state) if path is not None]
    if len(given) > 1 and not (preview and state and not graph):
        raise click.UsageError(
            "resources come from one place: --graph, --preview or --state (a preview may need --state beside it)"
        )
    plan, base = plan_of(stack, root, as_of)
    from blueprint.judgement import judge_plan  # noqa: PLC0415
    from compliance.matrix import Depth  # noqa: PLC0415

    depth = Depth.DEPLOYED if state is not None and preview is None else Depth.PLANNED
    resources = _resources(plan, graph, preview, state)
    return judge_plan(plan, resources, base, depth)


def _resources(plan: Plan, graph: Path | None, preview: Path | None, state: Path | None) -> ResourceGraph:
    if graph is not None:
        from blueprint.graph import ResourceGraph  # noqa: PLC0415

        return ResourceGraph.read(graph)
    if preview is not None:
        from blueprint.preview import read_preview  # noqa: PLC0415

        return read_preview(preview, plan.home, state=state).with_wiring(plan.wiring)
    if state is not None:
        from blueprint.state import read_state  # noqa: PLC0415

        return read_state(state, plan.home).with_wiring(plan.wiring)
    return synth_of(plan)
