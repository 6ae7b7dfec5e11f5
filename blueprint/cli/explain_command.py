"""blueprint explain"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blueprint.cli.inputs import Day, plan_of, root_option
from blueprint.errors import NotFound

if TYPE_CHECKING:
    from pydantic import BaseModel

    from blueprint.plan import Plan


@click.command(name="explain")
@click.argument("words", nargs=-1, metavar="[NAME | model NAME | instance NAME]")
@click.option("-s", "--stack", default=None, help="Show values as they hold in this stack.")
@click.option("--effective", is_flag=True, help="Print every setting of the stack and where it came from.")
@click.option("--as-of", type=Day(), default=None, help="Day for exceptions; left out: today.")
@root_option
def command(
    words: tuple[str, ...], stack: str | None, effective: bool, as_of: dt.date | None, root: Path | None
) -> None:
    """Tell all about a rule, control, requirement, parameter, kind (serving:vllm), setting (serving.context), model or instance.

    blueprint explain audit_log_retention_days -s regulated
    blueprint explain "164.312(b)"
    blueprint explain model qwen3-32b
    blueprint explain -s regulated --effective
    """
    if len(words) == 2 and words[0] in {"model", "instance"}:
        from blueprint.planner.explained import instance_lines, model_lines  # noqa: PLC0415  loads what it explains

        click.echo("\n".join(model_lines(words[1]) if words[0] == "model" else instance_lines(words[1])))
        return
    name = " ".join(words) or None
    plan = plan_of(stack, root, as_of)[0] if stack else None
    if effective:
        if plan is None:
            raise click.UsageError("--effective needs a stack: blueprint explain -s NAME --effective")
        click.echo("\n".join(_settings(plan)))
        return
    if name is None:
        raise click.UsageError("say what to explain, or use -s NAME --effective")
    for find in (_parameter, _rule, _control, _kind, _setting, _requirement):
        lines = find(name, plan)
        if lines:
            click.echo("\n".join(lines))
            return
    raise NotFound("rule, control, requirement, parameter, kind or setting", name, _names())


def _parameter(name: str, plan: Plan | None) -> list[str]:
    from compliance.parameters import parameters  # noqa: PLC0415  loaded when asked

    found = parameters().get(name)
    if found is None:
        return []
    lines = [
        f"{name}: {found.title}",
        f"  join          {found.join.value}{f', in {found.unit}' if found.unit else ''}",
    ]
    if found.order:
        lines.append(f"  order         {' < '.join(found.order)}: {found.order_reason}")
    lines += [f"  enforced by   {found.enforceable}", f"  applied at    {', '.join(found.applied_at) or 'no resource'}"]
    if plan is None:
        return [*lines, "  name a stack with -s to see who asks for what"]
    effective = plan.posture.of(name)
    if effective is None:
        return [*lines, f"  in {plan.stack}      no framework sets it"]
    lines.append(f"  in {plan.stack}: {plan.posture.demand(name)}")
    if effective.snapped != effective.value:
        lines.append(f"  built with    {found.show(effective.snapped)}, the next value that AWS accepts")
    for index, each in enumerate(plan.posture.contributions.get(name, ())):
        mark = "*" if index in effective.winners else " "
        value = "a duty without a value" if each.value is None else found.show(each.value)
        lines.append(
            f"  {mark} {each.source} {each.citation}: {value} ({each.strength.value.replace('_', ' ')}, checked by {each.checked})"
        )
    return lines


def _rule(name: str, plan: Plan | None) -> list[str]:
    del plan
    from compliance.catalogue import load  # noqa: PLC0415

    catalogue = load()
    rule = next((each for each in catalogue.rules if each.id == name), None)
    if rule is None:
        return []
    served = sorted({f"{framework} {row}" for control in rule.controls for framework, row in catalogue.served[control]})
    return [
        f"{name}: {rule.title}", f"  subject   {rule.subject}", f"  severity  {rule.severity.value}", f"  why       {rule.why}",
        f"  remedy    {rule.remedy}", f"  meets     {', '.join(sorted(rule.parameters)) or 'no parameter'}",
        f"  controls  {', '.join(rule.controls)}", f"  answers   {len(served)} requirements: {', '.join(served)}",
        "  cases     " + ", ".join(f"{case}: {each.verdict}" for case, each in rule.cases.items()),
    ]  # fmt: skip


def _control(name: str, plan: Plan | None) -> list[str]:
    del plan
    from compliance.catalogue import load  # noqa: PLC0415

    catalogue = load()
    control = catalogue.controls.get(name)
    if control is None:
        return []
    proof = f"kept by people: {control.by_people}" if control.by_people else ", ".join(catalogue.proofs[name])
    served = [f"{framework} {row}" for framework, row in catalogue.served[name]]
    return [f"{name}: {control.statement}", f"  layers    {', '.join(control.layers)}", f"  proof     {proof}",
            f"  answers   {', '.join(served) or control.practice}"]  # fmt: skip


def _requirement(name: str, plan: Plan | None) -> list[str]:
    del plan
    from compliance.catalogue import load  # noqa: PLC0415

    catalogue = load()
    lines: list[str] = []
    for reference, framework in catalogue.frameworks.items():
        for row in framework.requirements:
            if name.lower() in {row.id.lower(), f"{reference} {row.id}".lower()}:
                lines += [
                    f"{reference} {row.id}: {row.title}", f"  kind            {row.kind.value}, {row.obligation.value}",
                    f"  responsibility  {row.responsibility.value}", f"  your duty       {row.duty}",
                    f"  mapping         {catalogue.standing(row).value}{f', {row.extent.value}' if row.extent else ''}",
                    f"  controls        {', '.join(row.controls) or 'none'}",
                    f"  rules           {', '.join(rule.id for rule in catalogue.rules_of(row)) or 'none'}",
                    f"  remainder       {row.remainder or 'none'}",
                ]  # fmt: skip
    return lines


def _kind(name: str, plan: Plan | None) -> list[str]:
    del plan
    from blueprint.slots import slots, spec_of  # noqa: PLC0415

    slot, _, kind = name.partition(":")
    if slot not in slots():
        return []
    place = slots()[slot]
    chosen = [kind] if kind in place.kinds else list(place.kinds)
    amount = "several, by name" if place.many else "one"
    needs = ", ".join(sorted(place.requires)) or "no other slot"
    lines = [f"{slot}: {amount}, layer {place.layer.value}, offers {place.offers or 'nothing'}, needs {needs}"]
    for each in chosen:
        model = spec_of(slot, each)
        lines += ["", f"kind: {each}", f"  {(model.__doc__ or '').strip()}", *_fields(model)]
    return lines


def _setting(name: str, plan: Plan | None) -> list[str]:
    del plan
    from blueprint.slots import slots, spec_of  # noqa: PLC0415

    slot, _, setting = name.partition(".")
    if slot not in slots() or not setting:
        return []
    return [
        f"{slot} (kind: {kind}) {line.strip()}"
        for kind in slots()[slot].kinds
        for line in _fields(spec_of(slot, kind))
        if line.strip().partition(" ")[0] == setting
    ]


def _fields(model: type[BaseModel]) -> list[str]:
    return [
        f"  {name:<24}{'required. ' if field.is_required() else ''}{field.description or ''}"
        for name, field in model.model_fields.items()
        if name != "kind"
    ]


def _settings(plan: Plan) -> Iterator[str]:
    """Every setting as path, value and where it came from."""
    yield from _walk(plan, plan.document.model_dump(mode="json"), ())


def _walk(plan: Plan, value: object, path: tuple[str | int, ...]) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _walk(plan, inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _walk(plan, inner, (*path, index))
    else:
        label = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        origin = plan.file.origins.get(path)
        where = f"{origin} {plan.file.source.position(path)}" if origin else "default"
        yield f"{label} = {value!r}  ({where})"


def _names() -> list[str]:
    from blueprint.slots import slots  # noqa: PLC0415
    from compliance.catalogue import load  # noqa: PLC0415
    from compliance.parameters import parameters  # noqa: PLC0415

    catalogue = load()
    kinds: Callable[[str], list[str]] = lambda slot: [f"{slot}:{kind}" for kind in slots()[slot].kinds]  # noqa: E731
    return [
        *parameters(),
        *(rule.id for rule in catalogue.rules),
        *catalogue.controls,
        *slots(),
        *(kind for slot in slots() for kind in kinds(slot)),
    ]
