"""Policy documents as statements, with the references inside them kept, and the questions that rules ask of them.

A reference stands in a text as «urn#property», so that what is around it can still be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from pydantic import JsonValue

from blueprint.graph import Ref, is_secret, is_unknown, parts

ANYBODY = frozenset({"*", "AWS:*"})

Condition: TypeAlias = tuple[str, str, frozenset[str]]
"""Operator and key in small letters, and the values."""

NARROWING_CALLERS = frozenset(
    {
        *(
            "aws:sourceaccount",
            "aws:sourcearn",
            "aws:sourceorgid",
            "aws:sourceowner",
            "aws:sourcevpc",
            "aws:sourcevpce",
        ),
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths"),
        *("kms:calleraccount", "sts:externalid"),
    }
)
"""Condition keys that keep a statement for everybody to callers that somebody chose."""
NARROWING_RESOURCES = (
    *("aws:resourcetag/", "aws:requesttag/", "aws:resourceaccount", "cloudwatch:namespace", "ec2:resourcetag/"),
    *("ec2:subnet", "ec2:vpc", "ec2:authorizedservice", "iam:passedtoservice", "kms:viaservice", "ecr:resourcetag/"),
    *("secretsmanager:resourcetag/", "ssm:resourcetag/", "aws:tagkeys"),
)
"""Beginnings of condition keys that keep a statement on everything to some of it."""
WITHOUT_RESOURCE = tuple(
    re.compile(pattern)
    for pattern in (
        *(r"ec2:describe.*", r"ecr:getauthorizationtoken", r"sts:getcalleridentity", r"cloudwatch:putmetricdata"),
        *(r"xray:put.*", r"xray:getsampling.*", r"secretsmanager:getrandompassword", r"secretsmanager:listsecrets"),
        *(
            r"kms:listaliases",
            r"kms:listkeys",
            r"logs:describeloggroups",
            r"logs:(create|get|update|delete|list)logdeliver.*",
        ),
        *(r"logs:(describe|put)resourcepolic.*", r"autoscaling:describe.*", r"elasticloadbalancing:describe.*"),
        *(
            r"bedrock:list.*",
            r"tag:getresources",
            r"ssm:describeparameters",
            r"s3:listallmybuckets",
            r"eks:listclusters",
        ),
        *(r"ec2:(create|delete|describe)networkinterfaces?", r"ec2:(un)?assignprivateipaddresses", r"ssmmessages:.*"),
        *(r"config:put.*", r"pricing:getproducts", r"iam:listroles", r"cloudwatch:(describe|get|list).*"),
        r"lakeformation:getdataaccess",
    )
)
"""Actions that take no resource: the service authorization reference, 2026-11-20."""
WIDE_MANAGED = re.compile(r":policy/(AdministratorAccess|PowerUserAccess|IAMFullAccess|.*FullAccess)$")
"""Policies of AWS that grant everything of some service, by their names."""
ADMINISTRATOR_MANAGED = re.compile(r":policy/((job-function/)?\w*Administrator\w*|PowerUserAccess|IAMFullAccess)$")
"""Policies of AWS whose names say that they administer; the others grant one service or less."""
CLUSTER_NAMESPACES = re.compile(r"kube-.*|amazon-.*|cluster")
_WHOLE_SERVICE = re.compile(r"^arn:[^:]*:[^:]*:[^:]*:[^:]*:\*$")
_IN_CLEAR: Condition = ("bool", "aws:securetransport", frozenset({"false"}))
_EVERYTHING = frozenset({"*", "s3:*", "sns:*", "sqs:*", "sns:publish", "sqs:sendmessage"})
"""Actions whose denial closes a bucket, a topic or a queue."""
_ADMINISTER = re.compile(r"^kms:(\*|put.*|schedulekeydeletion|disablekey.*|createalias|deletealias|update.*)$")
_USE = re.compile(r"^kms:(\*|decrypt.*|encrypt.*|generatedatakey.*|reencrypt.*|sign|verify.*)$")


@dataclass(frozen=True)
class Statement:
    """One statement. Principals are written AWS:…, Service:…, Federated:…, or *; actions in small letters."""

    allow: bool
    principals: frozenset[str]
    everybody_but: bool
    actions: frozenset[str]
    everything_but: bool
    resources: frozenset[str]
    all_resources_but: bool
    conditions: tuple[Condition, ...] = field(default=())

    @property
    def anybody(self) -> bool:
        """It speaks of everybody."""
        return self.everybody_but or bool(self.principals & ANYBODY)

    @property
    def narrowed(self) -> bool:
        """A condition keeps it to callers that somebody chose."""
        return any(_narrows(condition, NARROWING_CALLERS) for condition in self.conditions)


def statements(document: JsonValue) -> tuple[Statement, ...] | None:
    """The statements of a document; None when some part of it is not known."""
    if not isinstance(document, dict) or _withheld(document):
        return None
    listed = document.get("Statement", [])
    rows = listed if isinstance(listed, list) else [listed]
    return tuple(_statement(row) for row in rows if isinstance(row, dict))


def open_to_anybody(found: Iterable[Statement]) -> bool:
    """Whether some statement lets everybody do something, with no condition on who they are."""
    return any(each.allow and each.anybody and not each.narrowed for each in found)


def tls_only(found: Iterable[Statement]) -> bool:
    """Whether everybody is denied everything on the resource, and on what is in it, when the call is not over TLS."""
    covered: set[str] = set()
    for each in found:
        everybody = each.anybody and not each.everybody_but
        if not each.allow and everybody and each.conditions == (_IN_CLEAR,) and each.actions & _EVERYTHING:
            covered |= each.resources
    inside = {resource for resource in covered if resource.endswith("/*") or resource == "*"}
    return "*" in covered or (bool(inside) and bool(covered - inside)) or (bool(covered) and not _bucket(covered))


def wildcard_actions(found: Iterable[Statement]) -> bool:
    """Whether some permission has a wildcard in its action, or grants all actions but some."""
    return any(each.allow and (each.everything_but or any("*" in action for action in each.actions)) for each in found)


def wildcard_resources(found: Iterable[Statement]) -> bool:
    """Whether some permission is on everything, although its actions take resources and no condition narrows them."""
    return any(each.allow and _on_everything(each) for each in found)


def administrator(found: Iterable[Statement]) -> bool:
    """Whether some statement grants every action, of all services or of the one that grants rights."""
    return any(
        each.allow and not each.conditions and (each.everything_but or bool(each.actions & {"*", "*:*", "iam:*"}))
        for each in found
    )


def open_trust(found: Iterable[Statement]) -> bool:
    """Whether everybody, or everybody of an identity provider, may assume the role."""
    return open_to_anybody(found) or any(
        each.allow and not each.conditions and any(who.startswith("Federated:") for who in each.principals)
        for each in found
    )


def administration_apart(found: Iterable[Statement]) -> bool:
    """Whether no principal both administers a key and uses it directly, that is not through a service."""
    administrators: set[str] = set()
    users: set[str] = set()
    for each in (each for each in found if each.allow):
        if each.everything_but or any(_ADMINISTER.match(action) or action == "*" for action in each.actions):
            administrators |= each.principals
        through = any(key in {"kms:viaservice", "kms:grantisforawsresource"} for _, key, _ in each.conditions)
        if not through and (each.everything_but or any(_USE.match(action) or action == "*" for action in each.actions)):
            users |= each.principals
    return not administrators & users


def workload_trust(found: Iterable[Statement]) -> bool:
    """Whether pods may assume the role, other than those of the cluster's own namespaces."""
    return any(each.allow and _pods(each) and not _only_in(each, CLUSTER_NAMESPACES) for each in found)


def several_factors(found: Iterable[Statement]) -> bool:
    """Whether named principals alone, and only after showing several factors, may assume the role."""
    allowing = [each for each in found if each.allow]
    shown = ("bool", "aws:multifactorauthpresent", frozenset({"true"}))
    return bool(allowing) and all(not each.anybody and shown in each.conditions for each in allowing)


def _pods(statement: Statement) -> bool:
    return "Service:pods.eks.amazonaws.com" in statement.principals or any(
        who.startswith("Federated:") and "oidc" in who for who in statement.principals
    )


def _only_in(statement: Statement, namespaces: re.Pattern[str]) -> bool:
    named = [
        values
        for operator, key, values in statement.conditions
        if operator == "stringequals" and key == "aws:requesttag/kubernetes-namespace"
    ]
    return any(all(namespaces.fullmatch(value) for value in values) for values in named)


def _on_everything(statement: Statement) -> bool:
    if not statement.all_resources_but and not any(
        each == "*" or _WHOLE_SERVICE.match(each) for each in statement.resources
    ):
        return False
    if any(key.startswith(NARROWING_RESOURCES) for _, key, _ in statement.conditions):
        return False
    return statement.everything_but or not all(
        any(pattern.fullmatch(action) for pattern in WITHOUT_RESOURCE) for action in statement.actions
    )


def _narrows(condition: Condition, keys: frozenset[str]) -> bool:
    operator, key, values = condition
    positive = operator.startswith(("stringequals", "stringlike", "arnequals", "arnlike"))
    return positive and not operator.endswith("ifexists") and key in keys and "*" not in values


def _statement(row: Mapping[str, JsonValue]) -> Statement:
    return Statement(
        allow=row.get("Effect") == "Allow",
        principals=frozenset(_principals(row.get("Principal", row.get("NotPrincipal")))),
        everybody_but="NotPrincipal" in row,
        actions=frozenset(text.lower() for text in _texts(row.get("Action", row.get("NotAction")))),
        everything_but="NotAction" in row,
        resources=frozenset(_texts(row.get("Resource", row.get("NotResource")))),
        all_resources_but="NotResource" in row,
        conditions=tuple(_conditions(row.get("Condition"))),
    )


def _principals(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict) and parts(value) is None:
        for kind, names in value.items():
            yield from (f"{kind}:{name}" for name in _texts(names))
    else:
        yield from _texts(value)


def _conditions(value: JsonValue) -> Iterator[Condition]:
    if isinstance(value, dict):
        for operator, keys in value.items():
            if isinstance(keys, dict):
                for key, values in keys.items():
                    yield operator.lower(), key.lower(), frozenset(_texts(values))


def _texts(value: JsonValue) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, bool | int | float):
            yield str(each).lower()
        elif each is not None:
            yield "".join(piece if isinstance(piece, str) else _mark(piece) for piece in parts(each) or ())


def _mark(ref: Ref) -> str:
    return f"«{ref.urn}#{ref.property}»"


def _bucket(resources: Iterable[str]) -> bool:
    return any(":s3:::" in resource or "bucket:Bucket::" in resource for resource in resources)


def _withheld(node: JsonValue) -> bool:
    if isinstance(node, dict):
        return is_unknown(node) or is_secret(node) or any(_withheld(each) for each in node.values())
    return isinstance(node, list) and any(_withheld(each) for each in node)


NOBODY: Mapping[str, JsonValue] = MappingProxyType({"Statement": []})
"""A document that says nothing."""
