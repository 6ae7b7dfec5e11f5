"""blueprint list"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from blueprint.cli.inputs import root_option
from blueprint.cli.outputs import as_json, output_option, write_all
from blueprint.columns import columns

Rows = tuple[tuple[str, ...], Iterable[tuple[str, ...]]]


@click.command(name="list")
@click.argument(
    "what",
    type=click.Choice(
        [
            "stacks",
            "presets",
            "kinds",
            "frameworks",
            "parameters",
            "controls",
            "rules",
            "subjects",
            "models",
            "instances",
        ]
    ),
)
@root_option
@output_option("table", "json")
def command(what: str, root: Path | None, outputs: tuple[tuple[str, Path | None], ...]) -> None:
    """List what there is, one a line.

    blueprint list rules
    """
    head, rows = _LISTS[what](root)
    ordered = sorted(rows)
    write_all(outputs, {
        "table": lambda: columns(head, ordered, widest=100) + f"\n\n{len(ordered)} {what}",
        "json": lambda: as_json([dict(zip(head, row, strict=True)) for row in ordered]),
    })  # fmt: skip


def _stacks(root: Path | None) -> Rows:
    from blueprint.config import project_root, stacks  # noqa: PLC0415  each list loads what it lists

    base = root or project_root(Path.cwd())
    return ("stack", "file"), [(name, str(path.relative_to(base))) for name, path in stacks(base).items()]


def _presets(_: Path | None) -> Rows:
    from blueprint.config import PRESETS  # noqa: PLC0415

    return ("preset", "what it is"), [
        (path.stem, path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")) for path in PRESETS.glob("*.yaml")
    ]


def _kinds(_: Path | None) -> Rows:
    from blueprint.slots import slots, spec_of  # noqa: PLC0415

    return ("slot", "kind", "layer", "what it is"), [
        (name, kind, slot.layer.value, (spec_of(name, kind).__doc__ or "").partition("\n")[0])
        for name, slot in slots().items()
        for kind in slot.kinds
    ]


def _frameworks(_: Path | None) -> Rows:
    from compliance.catalogue import load  # noqa: PLC0415

    return ("framework", "rows", "title"), [
        (reference, str(len(framework.requirements)), framework.title)
        for reference, framework in load().frameworks.items()
    ]


def _parameters(_: Path | None) -> Rows:
    from compliance.parameters import parameters  # noqa: PLC0415

    return ("parameter", "join", "enforced by", "title"), [
        (name, each.join.value, each.enforceable, each.title) for name, each in parameters().items()
    ]


def _controls(_: Path | None) -> Rows:
    from compliance.catalogue import load  # noqa: PLC0415

    catalogue = load()
    return ("control", "rules", "statement"), [
        (name, str(len(catalogue.proofs[name])) if not control.by_people else "people", control.statement)
        for name, control in catalogue.controls.items()
    ]


def _rules(_: Path | None) -> Rows:
    from compliance.catalogue import load  # noqa: PLC0415

    return ("rule", "severity", "subject", "title"), [
        (rule.id, rule.severity.value, rule.subject, rule.title) for rule in load().rules
    ]


def _subjects(_: Path | None) -> Rows:
    from dataclasses import fields  # noqa: PLC0415

    from compliance.facts import registry  # noqa: PLC0415

    return ("subject", "leaves"), [
        (
            kind.__name__,
            ", ".join(field.name for field in fields(kind) if field.name not in {"id", "urns", "data_classes"}),
        )
        for kind in registry.kinds().values()
    ]


def _models(_: Path | None) -> Rows:
    from blueprint.planner.models import alike, known, models  # noqa: PLC0415

    named = [(each.id, each.parameters_billion, each.licence, str(each.checked)) for each in models().values()]
    rows = [(name, f"{size:g}", known(name), licence, checked) for name, size, licence, checked in named]
    rows += [
        (name, f"{known(name).body.total / 1e9:.3g}", known(name), "", f"as {each.like}")
        for name, each in alike().items()
    ]
    return ("model", "billion", "format", "attention", "context", "licence", "checked"), [
        (name, size, found.format, found.attention_kind, str(found.context), licence, checked)
        for name, size, found, licence, checked in rows
    ]


def _instances(_: Path | None) -> Rows:
    from blueprint.planner.accelerators import gpu_of  # noqa: PLC0415
    from blueprint.planner.instances import instances  # noqa: PLC0415
    from blueprint.planner.prices import price  # noqa: PLC0415

    rows = []
    for each in instances().values():
        gpu, cost = gpu_of(each), price(each.name, "us-east-1")
        memory = "" if gpu is None else f"{gpu.memory_gib:g}{'' if gpu.known == 'log' else ' (derived)'}"
        hourly = "" if cost is None else f"{cost.usd_per_hour:.3f}"
        rows.append(
            (
                each.name,
                str(each.accelerators),
                gpu.name if gpu else each.accelerator,
                memory,
                str(each.vcpus),
                str(each.efa),
                hourly,
            )
        )
    return ("instance", "accelerators", "accelerator", "GiB of each", "vCPU", "EFA", "USD/h us-east-1"), rows


_LISTS: dict[str, Callable[[Path | None], Rows]] = {
    "stacks": _stacks, "presets": _presets, "kinds": _kinds, "frameworks": _frameworks,
    "parameters": _parameters, "controls": _controls, "rules": _rules, "subjects": _subjects,
    "models": _models, "instances": _instances,
}  # fmt: skip
