"""blueprint list"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from blueprint.cli.inputs import root_option
from blueprint.cli.outputs import as_json, output_option, width_of, write_all
from blueprint.columns import columns

Cell = str | int | float | None
Rows = tuple[tuple[str, ...], Iterable[tuple[Cell, ...]]]
"""Heads, and a value under each; None is what nobody knows."""


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
    ordered = sorted(rows, key=lambda row: [str(cell) for cell in row])
    width = width_of(outputs)
    write_all(outputs, {
        "table": lambda: columns(head, [[_shown(cell) for cell in row] for row in ordered], widest=100, width=width) + f"\n\n{len(ordered)} {what}",
        "json": lambda: as_json([dict(zip((_key(name) for name in head), row, strict=True)) for row in ordered]),
    })  # fmt: skip


def _shown(cell: Cell) -> str:
    return "unknown" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell)


def _key(head: str) -> str:
    """As programs write it: "GiB of each" is gib_of_each."""
    return head.lower().replace(" ", "_")


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
        (reference, len(framework.requirements), framework.title) for reference, framework in load().frameworks.items()
    ]


def _parameters(_: Path | None) -> Rows:
    from compliance.parameters import parameters  # noqa: PLC0415

    return ("parameter", "join", "enforced by", "title"), [
        (name, each.join.value, each.enforceable, each.title) for name, each in parameters().items()
    ]


def _controls(_: Path | None) -> Rows:
    from compliance.catalogue import load  # noqa: PLC0415

    catalogue = load()
    return ("control", "rules", "kept by", "statement"), [
        (name, len(catalogue.proofs[name]), "people" if control.by_people else "rules", control.statement)
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

    named = [(each.id, each.licence, str(each.checked)) for each in models().values()]
    named += [(name, "unknown", f"as {each.like}") for name, each in alike().items()]
    return ("model", "billion parameters", "format", "attention", "context", "licence", "checked"), [
        (name, round(found.body.total / 1e9, 2), found.format, found.attention_kind, found.context, None if licence == "unknown" else licence, checked)
        for name, licence, checked in named
        for found in (known(name),)
    ]  # fmt: skip


def _instances(_: Path | None) -> Rows:
    from blueprint.planner.accelerators import gpu_of  # noqa: PLC0415
    from blueprint.planner.instances import instances  # noqa: PLC0415
    from blueprint.planner.prices import STAND_IN, price  # noqa: PLC0415

    rows: list[tuple[Cell, ...]] = []
    for each in instances().values():
        gpu, cost = gpu_of(each), price(each.name, STAND_IN)
        memory: tuple[Cell, ...] = (gpu.memory_gib, gpu.known) if gpu else (None, None)
        hourly: tuple[Cell, ...] = (cost.usd_per_hour, cost.region, cost.read) if cost else (None, None, None)
        rows.append((each.name, each.accelerators, gpu.name if gpu else each.accelerator, *memory, each.vcpus, each.efa, *hourly))  # fmt: skip
    return ("instance", "accelerators", "accelerator", "GiB of each", "known by", "vCPU", "EFA", "USD an hour", "price region", "price read"), rows  # fmt: skip


_LISTS: dict[str, Callable[[Path | None], Rows]] = {
    "stacks": _stacks, "presets": _presets, "kinds": _kinds, "frameworks": _frameworks,
    "parameters": _parameters, "controls": _controls, "rules": _rules, "subjects": _subjects,
    "models": _models, "instances": _instances,
}  # fmt: skip
