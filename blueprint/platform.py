"""Composition root: a plan becomes components, in order. No logic of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from blueprint.context import PlatformContext
from blueprint.posture_accessors import Strictest
from blueprint.slots import component_of, slots

if TYPE_CHECKING:
    from blueprint.component import Component
    from blueprint.plan import Plan
    from blueprint.ports import Port
    from blueprint.types import Noun
    from blueprint.wiring import Wiring


def compose(plan: Plan, *, wiring: Wiring | None = None) -> Mapping[Noun, Component]:
    """Register every component of a plan; another wiring shows what admission alone changes."""
    home = aws.Provider("home", region=plan.region, allowed_account_ids=[plan.document.account])
    context = _context(plan, wiring or plan.wiring)
    built: dict[Noun, Component] = {}
    for noun, (slot, spec) in plan.specs.items():
        kind = str(getattr(spec, "kind", next(iter(slots()[slot].kinds))))
        make: Callable[..., Component] = component_of(slot, kind)  # beyond the base, each asks for what it uses
        given = _given(make, noun, plan, built)
        options = pulumi.ResourceOptions(providers={"aws": home})
        built[noun] = make(noun, spec, platform=context, opts=options, **given)
    return built


def _given(
    make: Callable[..., Component], noun: Noun, plan: Plan, built: Mapping[Noun, Component]
) -> dict[str, object]:
    """What a constructor asks for by name: ports of single slots, of its own wants, and of what it is built on."""
    asked = inspect.signature(make).parameters
    given: dict[str, object] = {
        name: _port(built.get(name)) for name in asked if name in slots() and not slots()[name].many
    }
    if "ports" in asked:
        given["ports"] = {edge.want.name: built[edge.provider].ports[edge.offer.name] for edge in plan.wiring.of(noun)}
    if "uses" in asked:
        given["uses"] = {used: built[used].port for used in sorted(plan.wiring.needs[noun].uses)}
    return given


def _port(component: Component | None) -> Port | None:
    return component.port if component is not None else None


def _context(plan: Plan, wiring: Wiring) -> PlatformContext:
    document = plan.document
    accounts = {use: account for use, account in document.accounts if account is not None}
    return PlatformContext(
        name=document.name, environment=document.environment, owner=document.owner, cost_centre=document.cost_centre,
        region=plan.region, partition=plan.partition, account=document.account, accounts=accounts,
        account_owner=document.account_owner, zones=plan.zones, posture=Strictest(plan.posture), wiring=wiring,
        providers={use: _provider(plan, use, account) for use, account in sorted(accounts.items())},
    )  # fmt: skip


def _provider(plan: Plan, use: str, account: str) -> aws.Provider:
    role = f"arn:{plan.partition}:iam::{account}:role/{plan.document.deploy_role}"
    return aws.Provider(
        use.replace("_", "-"), region=plan.region, allowed_account_ids=[account],
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role)],
    )  # fmt: skip
