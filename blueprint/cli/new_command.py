"""blueprint new"""

from __future__ import annotations

from pathlib import Path
from string import Template

import click

from blueprint.cli.inputs import root_option
from blueprint.cli.outputs import write

SCAFFOLDS = Path(__file__).parent.parent / "scaffolds"
PRESETS = tuple(sorted(path.stem for path in (SCAFFOLDS.parent / "presets").glob("*.yaml")))


@click.group(name="new")
def command() -> None:
    """Start a stack document, a rule or a component. Nothing is ever overwritten."""


@command.command(name="stack")
@click.argument("name")
@click.option(
    "--preset", type=click.Choice(PRESETS), default="regulated", show_default=True, help="Where it starts from."
)
@click.option("--platform", default="platform", show_default=True, help="Name of the platform.")
@click.option("--environment", default="dev", show_default=True, help="Environment of the stack.")
@click.option("--owner", default="platform-team@example.org", show_default=True, help="Who answers for it.")
@click.option("--cost-centre", default="0000", show_default=True, help="Who pays.")
@click.option("--account", default="111122223333", show_default=True, help="Account id.")
@click.option("--region", default="us-east-1", show_default=True, help="Region.")
@root_option
def stack(name: str, root: Path | None, **values: str) -> None:
    """Write stacks/Pulumi.NAME.yaml: the preset and the fields that have no default; it validates as it is.

    blueprint new stack claims --preset regulated --account 111122223333
    """
    from blueprint.config import project_root  # noqa: PLC0415  help does not need it

    also = f"stack.{values['preset']}.yaml"
    parts = ("stack.yaml", also) if (SCAFFOLDS / also).exists() else ("stack.yaml",)
    _write((root or project_root(Path.cwd())) / "stacks" / f"Pulumi.{name}.yaml", {"name": name, **values}, *parts)


@command.command(name="rule")
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), required=True, help="A rules folder.")
def rule(name: str, into: Path) -> None:
    """Write NAME.yaml: a rule with its truth table, ready to be changed.

    blueprint new rule logs_group_kept_for_us --into our-rules/rules/logs
    """
    _write(into / f"{name}.yaml", {"name": name}, "rule.yaml")


@command.command(name="component")
@click.argument("noun")
@click.option("--slot", required=True, help="The slot that it fills.")
@click.option("--kind", required=True, help="The kind by which documents choose it.")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), required=True, help="A package folder of yours."
)
def component(noun: str, slot: str, kind: str, into: Path) -> None:
    """Write a component of your own in one file: spec, component and the entry point to add.

    blueprint new component Triton --slot serving --kind triton --into acme_platform
    """
    from blueprint.errors import NotFound  # noqa: PLC0415
    from blueprint.slots import slots  # noqa: PLC0415

    if slot not in slots():
        raise NotFound("slot", slot, slots())
    module = f"{into.name}.{noun.lower()}"
    values = {"noun": noun, "slot": slot, "kind": kind, "module": module, "layer": slots()[slot].layer.name}
    _write(into / f"{noun.lower()}.py", values, "component.py.txt")


def _write(path: Path, values: dict[str, str], *scaffolds: str) -> None:
    """Write what the scaffolds, one after the other, say with these values."""
    if path.exists():
        raise click.ClickException(f"{path} exists and is left as it is; choose another name or remove it first")
    text = "".join((SCAFFOLDS / scaffold).read_text(encoding="utf-8") for scaffold in scaffolds)
    path.parent.mkdir(parents=True, exist_ok=True)  # --into names a place that is to be
    write(path, Template(text).substitute(values))
    click.echo(f"wrote {path}", err=True)
