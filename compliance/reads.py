"""Leaves as findings show them: values as JSON, and as people read them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from pydantic import JsonValue

from compliance.facts.base import Known, Leaf, Reason, Ref, Unknown
from compliance.findings import Read

REASONS: Mapping[Reason, str] = {
    "cloud_decides": "only the cloud decides it",
    "secret": "it is withheld as a secret",
    "existing": "it exists outside of this stack and was not read",
    "no_default": "it is left out and the provider's default is not known",
    "not_read": "it was not read",
    "not_pinned": "it is not pinned",
    "untagged": "the resource carries no tag that says it",
}


def read(leaf: Leaf[Hashable], *, parameter: str | None = None, bound: JsonValue = None, decides: bool = True) -> Read:
    """A leaf as findings show it."""
    value: JsonValue = json_value(leaf.value) if isinstance(leaf, Known) else {"$unknown": leaf.reason}
    origin = leaf.origin
    return Read(
        urn=origin.urn, path=origin.path, value=value, parameter=parameter, bound=bound, decides=decides, how=origin.how
    )


def json_value(value: object) -> JsonValue:
    """A value as findings write it: links as references, sets sorted."""
    match value:
        case Ref():
            return value.value() if value.property else value.urn
        case frozenset():
            return [*sorted(str(each) for each in value)]
        case tuple():
            return [json_value(each) for each in value]
        case None | bool() | int() | str():
            return value
    raise TypeError(f"a leaf cannot hold {value!r}")


def told(name: str, leaf: Leaf[Hashable]) -> str:
    """A leaf in a sentence: "retention is 30", "key is unknown: only the cloud decides it"."""
    label = name.replace("_", " ")
    if isinstance(leaf, Unknown):
        return f"{label} is unknown: {REASONS[leaf.reason]}"
    default = " by the provider's default" if leaf.origin.how == "default" else ""
    return f"{label} is {shown(leaf.value)}{default}"


def shown(value: object) -> str:
    """A value as people read it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case Ref():
            return value.urn.rpartition("::")[2]
        case frozenset():
            return "{" + ", ".join(sorted(map(str, value))) + "}"
        case list():
            return " or ".join(map(shown, value))
    return str(value)


def constraint_words(constraint: Mapping[str, object]) -> str:
    """A Cerberus constraint as people read it."""
    parts = [f"{name} {shown(value)}" for name, value in constraint.items() if name not in {"type", "nullable"}]
    return ", ".join(parts) or "something"
