"""Roles, password policy, analyzers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

from blueprint.graph import is_unknown
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.identity import AccessAnalyzer, ManagedPolicy, PasswordPolicy, Role
from compliance.facts.leaf import every, mapped, some
from compliance.facts.policy import (
    ADMINISTRATOR_MANAGED,
    WIDE_MANAGED,
    Statement,
    administrator,
    open_trust,
    several_factors,
    wildcard_actions,
    wildcard_resources,
    workload_trust,
)
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import Reading

Analyses: TypeAlias = Literal["external", "unused", "internal"]
_HOUR = 3600


def role(held: Reading) -> Role:
    """Fold a role with every policy that gives it rights."""
    documents = tuple(_documents(held))
    nothing = held.absent_flag("policies")
    trust = Unknown("no_default", held.origin("assumeRolePolicy"))
    return Role(
        id=held.id("Role"),
        urns=(held.urn, *(each.urn for each, _ in documents if each.urn != held.urn)),
        data_classes=held.classes(),
        wildcard_actions=some([*_answers(held, wildcard_actions), *_wide(held), nothing]),
        wildcard_resources=some([*_answers(held, wildcard_resources), *_wide(held), nothing]),
        admin_policy=some([*_answers(held, administrator), *_administering(held), nothing]),
        open_trust=asked(held, "assumeRolePolicy", open_trust, trust),
        boundary=held.link("permissionsBoundary"),
        session_hours=mapped(held.number("maxSessionDuration"), lambda seconds: -(-seconds // _HOUR)),
        workload=asked(held, "assumeRolePolicy", workload_trust, trust),
        emergency=_emergency(held),
    )


def managed_policy(held: Reading) -> ManagedPolicy:
    """Fold a policy of our own."""
    nothing = Unknown("no_default", held.origin("policy"))
    return ManagedPolicy(
        id=held.id("ManagedPolicy"),
        urns=(held.urn,),
        data_classes=held.classes(),
        admin_policy=asked(held, "policy", administrator, nothing),
        wildcard_actions=asked(held, "policy", wildcard_actions, nothing),
    )


def password_policy(account: Reading) -> PasswordPolicy:
    """Fold the password policy of the account."""
    return PasswordPolicy(
        id=account.id("PasswordPolicy"),
        urns=(account.urn,),
        data_classes=account.account_classes(),
        min_length=account.number("minimumPasswordLength"),
        history=account.number("passwordReusePrevention"),
        character_kinds=_kinds(account),
        max_age_days=mapped(account.number("maxPasswordAge"), lambda days: days or "forever"),
    )


def analyzer(account: Reading) -> AccessAnalyzer:
    """Fold an access analyzer."""
    unused = account.text("type")
    days = account.number("configuration.unusedAccess.unusedAccessAge")
    reports = isinstance(unused, Known) and "UNUSED" in unused.value
    return AccessAnalyzer(
        id=account.id("AccessAnalyzer"),
        urns=(account.urn,),
        data_classes=account.classes(),
        scope=mapped(unused, _scope),
        unused_days=mapped(days, lambda number: number) if reports else mapped(unused, lambda _: None),
    )


def _answers(held: Reading, question: Callable[[tuple[Statement, ...]], bool]) -> Iterator[Leaf[bool]]:
    for holder, path in _documents(held):
        yield asked(holder, path, question, Unknown("no_default", holder.origin(path)))


def _documents(held: Reading) -> Iterator[tuple[Reading, str]]:
    """Policies whose text is in the graph: inline ones, and attached ones of our own."""
    yield from ((held, f"{path}.policy") for path in held.items("inlinePolicies"))
    yield from ((each, "policy") for each in held.satellites("aws:iam/rolePolicy:RolePolicy", "role"))
    for attachment in held.satellites("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role"):
        policy = attachment.target("policyArn")
        if policy is not None:
            yield policy, "policy"


def _managed(held: Reading) -> list[Leaf[str]]:
    """Policies that AWS or somebody else keeps: their ARNs; their text is not in the graph."""
    attached = held.satellites("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role")
    return [*(each.text("policyArn") for each in attached if each.target("policyArn") is None), *_listed(held)]


def _wide(held: Reading) -> Iterator[Leaf[bool]]:
    """The names of the widest say enough; of the others nobody here knows every action."""
    for arn in _managed(held):
        wide = isinstance(arn, Known) and WIDE_MANAGED.search(arn.value)
        yield mapped(arn, lambda _: True) if wide else Unknown("existing", arn.origin)


def _administering(held: Reading) -> Iterator[Leaf[bool]]:
    """AWS calls its administrators' policies so; what another account keeps is not known."""
    for arn in _managed(held):
        aws = isinstance(arn, Known) and ":iam::aws:policy/" in arn.value
        yield (
            mapped(arn, lambda text: bool(ADMINISTRATOR_MANAGED.search(text)))
            if aws
            else Unknown("existing", arn.origin)
        )


def _emergency(held: Reading) -> Leaf[bool]:
    if "break-glass" not in held.resource.name:
        return held.known("name", value=False)
    return asked(held, "assumeRolePolicy", several_factors, Unknown("no_default", held.origin("assumeRolePolicy")))


def _listed(held: Reading) -> list[Leaf[str]]:
    """ARNs of a role's own list; a reference in it is told by the attachment's rules only when it is written out."""
    raw = held.raw("managedPolicyArns")
    if is_unknown(raw):  # type: ignore[arg-type]
        return [held.text("managedPolicyArns")]
    return [held.text(f"managedPolicyArns.{index}") for index in range(len(raw))] if isinstance(raw, list) else []


def _kinds(account: Reading) -> Leaf[frozenset[str]]:
    letters = every([account.flag("requireLowercaseCharacters"), account.flag("requireUppercaseCharacters")])
    parts = {"letters": letters, "digits": account.flag("requireNumbers"), "symbols": account.flag("requireSymbols")}
    unknown = next((leaf for leaf in parts.values() if isinstance(leaf, Unknown)), None)
    if unknown:
        return unknown
    asked_for = frozenset(name for name, leaf in parts.items() if isinstance(leaf, Known) and leaf.value)
    return account.known("requireNumbers", asked_for)


def _scope(kind: str) -> Analyses:
    return "unused" if "UNUSED" in kind else "internal" if "INTERNAL" in kind else "external"


ADAPTERS = (
    Adapter("aws:iam/role:Role", role),
    Adapter("aws:iam/policy:Policy", managed_policy),
    Adapter("aws:iam/accountPasswordPolicy:AccountPasswordPolicy", password_policy),
    Adapter("aws:accessanalyzer/analyzer:Analyzer", analyzer),
)
