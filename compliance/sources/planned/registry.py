"""The register of models and use cases, and what is in use."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import JsonValue

from blueprint.graph import is_unknown
from blueprint.naming import token
from blueprint.slots import slots
from blueprint.wiring import slug
from compliance.facts.base import Known, Leaf, Ref, Unknown
from compliance.facts.governance import RegistryEntry, Table, Use
from compliance.facts.leaf import mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.delivery import STREAM, delivered
from compliance.sources.planned.links import Links
from compliance.sources.planned.reading import Reading

SCHEMA = "blueprint.registry/1"
"""What a row of the register says it is."""
ITEM = "aws:dynamodb/tableItem:TableItem"
TO_STREAM = "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination"
ANSWERING = ("serving", "agents")
"""Slots whose components answer with a model."""


def table(held: Reading) -> Table:
    """Fold a table with its rows and the way of its changes."""
    return Table(
        id=held.id("Table"),
        urns=(held.urn,),
        data_classes=held.classes(),
        key=_key(held),
        recoverable=held.flag("pointInTimeRecovery.enabled"),
        deletion_protected=held.flag("deletionProtectionEnabled"),
        register=some([*(_is_entry(row) for row in held.satellites(ITEM, "tableName")), held.none("(TableItem)")]),
        changes_archived=_archived(held),
    )


def entry(row: Reading) -> RegistryEntry | None:
    """Fold a row of the register; rows of other tables are no subjects."""
    item = row.document("item")
    if isinstance(item, Known) and not _ours(item.value):
        return None
    return RegistryEntry(
        id=row.id("RegistryEntry"),
        urns=(row.urn,),
        data_classes=row.account_classes(),
        entry=_kind(row, item),
        owner=_stated(row, item, "owner"),
        risk_class=_stated(row, item, "risk_class"),
        approved=_approved(row, item),
        purpose=_stated(row, item, "purpose"),
        review_by=_stated(row, item, "review_by"),
    )


def use(component: Reading) -> Use:
    """Fold the component of a served model or an agent."""
    named = component.links.derived(_named)
    if component.resource.name in named.nouns:
        registered: Leaf[bool] = component.known("(use case)", value=True)
    elif named.hidden is not None:
        registered = Unknown("cloud_decides", named.hidden.origin("item"))
    else:
        registered = component.none("(use case)")
    return Use(
        id=component.id("Use"), urns=(component.urn,), data_classes=component.account_classes(), registered=registered
    )


class _Named(NamedTuple):
    nouns: frozenset[str]
    """Names of the components that use cases rest on."""
    hidden: Reading | None
    """A row that only the cloud knows, which may name any."""


def _named(links: Links) -> _Named:
    nouns: set[str] = set()
    hidden = None
    for row in (Reading(each, links) for each in links.graph.of(ITEM)):
        item = row.document("item")
        if isinstance(item, Unknown):
            hidden = row
        elif _ours(item.value) and _text(item.value, "kind") == "use_case":
            nouns |= {slug(noun) for noun in _texts(item.value, "of")}
    return _Named(frozenset(nouns), hidden)


def _key(held: Reading) -> Leaf[Ref | None]:
    """A key that is named where encryption under one is not switched on counts for nothing."""
    on = held.flag("serverSideEncryption.enabled")
    if isinstance(on, Unknown):
        return on
    return held.link("serverSideEncryption.kmsKeyArn") if on.value else mapped(on, lambda _: None)


def _ours(item: JsonValue) -> bool:
    return _text(item, "schema") == SCHEMA


def _is_entry(row: Reading) -> Leaf[bool]:
    item = row.document("item")
    return item if isinstance(item, Unknown) else Known(_ours(item.value), item.origin)


def _archived(held: Reading) -> Leaf[bool]:
    way = held.satellite(TO_STREAM, "tableName")
    if way is None:
        return held.none("(KinesisStreamingDestination)")
    stream = way.target("streamArn", STREAM)
    return Unknown("existing", way.origin("streamArn")) if stream is None else delivered(stream)


def _kind(row: Reading, item: Leaf[JsonValue]) -> Leaf[Literal["model", "use_case"]]:
    if isinstance(item, Unknown):
        return item
    return row.known("item.kind", "use_case" if _text(item.value, "kind") == "use_case" else "model")


def _stated(row: Reading, item: Leaf[JsonValue], key: str) -> Leaf[str | None]:
    if isinstance(item, Unknown):
        return item
    held = _value(item.value, key)
    if is_unknown(held):
        return Unknown("cloud_decides", row.origin(f"item.{key}"))
    return row.known(f"item.{key}", held if isinstance(held, str) and held else None)


def _approved(row: Reading, item: Leaf[JsonValue]) -> Leaf[bool]:
    owner, approver, day = (_stated(row, item, key) for key in ("owner", "approved_by", "approved_on"))
    for leaf in (owner, approver, day):
        if isinstance(leaf, Unknown):
            return leaf
    named = [leaf.value for leaf in (owner, approver, day) if isinstance(leaf, Known)]
    return row.known("item.approved_by", all(named) and named[0] != named[1])


def _value(item: JsonValue, key: str) -> JsonValue:
    """What an attribute holds, whatever DynamoDB calls its type."""
    held = item.get(key) if isinstance(item, dict) else None
    return next(iter(held.values()), None) if isinstance(held, dict) and not is_unknown(held) else held


def _text(item: JsonValue, key: str) -> str | None:
    held = _value(item, key)
    return held if isinstance(held, str) else None


def _texts(item: JsonValue, key: str) -> tuple[str, ...]:
    held = _value(item, key)
    return tuple(each for each in held if isinstance(each, str)) if isinstance(held, list) else ()


def _components() -> tuple[str, ...]:
    """Type tokens of the components that answer with a model, those of other distributions included."""
    kinds = (
        (slots()[name].layer, kind) for name in ANSWERING if name in slots() for kind in slots()[name].kinds.values()
    )
    return tuple(sorted({token(layer, component.rpartition(":")[2]) for layer, (_, component) in kinds}))


ADAPTERS = (
    Adapter("aws:dynamodb/table:Table", table),
    Adapter(ITEM, entry),
    *(Adapter(component, use) for component in _components()),
)
