"""The stack document as a model: what is said about the platform itself, and one field for every slot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, Union

from pydantic import Discriminator, Field, Tag, TypeAdapter, create_model

from blueprint.posture import StackFact
from blueprint.slots import slots, spec_of
from blueprint.spec import Spec
from blueprint.types import AccountId, DataClass, Email, Frozen, Mode, Name, Noun

ENVELOPE = ("config", "blueprint:platform")
"""Where the document stands inside a stack file."""


class Compliance(Frozen):
    """Which frameworks hold, how they are read, and for what data."""

    frameworks: tuple[str, ...] = Field(
        (), description="Frameworks as `name` (newest edition) or `name@edition`; left out: only the baseline holds."
    )
    mode: Mode = Field(
        Mode.PRACTICE, description="`literal`: what the texts say; `practice` (left out): also what is commonly done."
    )
    data_classes: frozenset[DataClass] = Field(
        frozenset({DataClass.INTERNAL}), description="Data that the platform holds; left out: internal data only."
    )
    facts: frozenset[StackFact] = Field(
        frozenset(), description="Facts on which some requirements depend; left out: none of them holds."
    )
    extensions: tuple[str, ...] = Field(
        (), description="Folders with frameworks, controls, parameters and rules of your own; left out: none."
    )


class Accounts(Frozen):
    """Other accounts that hold a part of the platform."""

    log_archive: AccountId | None = Field(None, description="Holds the audit records; left out: this account.")
    backup: AccountId | None = Field(None, description="Holds the copies of backups; left out: this account.")


class Head(Frozen):
    """What is said about the platform as a whole."""

    preset: Name | None = Field(
        None, description="A preset to start from; the document wins where both speak. Left out: none."
    )
    name: Name = Field(description="Name of the platform; part of resource names.")
    environment: Name = Field(description="Environment of this stack, such as dev or prod.")
    owner: Email = Field(description="Who answers for the platform; a tag on everything.")
    cost_centre: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,63}$")] = Field(
        description="Who pays; a tag on everything. Quote it when it is a number."
    )
    account: AccountId = Field(description="Account of this stack; a deployment into another one is refused.")
    accounts: Accounts = Field(
        default_factory=lambda: Accounts.model_validate({}), description="Other accounts; left out: all is in this one."
    )
    deploy_role: Name = Field(
        "platform-deploy", description="Role that is assumed in the other accounts; left out: platform-deploy."
    )
    account_owner: bool = Field(
        False, description="Whether this stack makes what exists once an account; left out: another stack does."
    )
    compliance: Compliance = Field(
        default_factory=lambda: Compliance.model_validate({}),
        description="Frameworks and data classes; left out: the baseline on internal data.",
    )


def slot_type(slot: str) -> Any:
    """The union of a slot's Specs, told apart by `kind`; a missing kind is the first one."""
    kinds = tuple(slots()[slot].kinds)
    members = tuple(Annotated[spec_of(slot, kind), Tag(kind)] for kind in kinds)
    if len(kinds) == 1:
        return spec_of(slot, kinds[0])

    def kind_of(value: object) -> str | None:
        if isinstance(value, Mapping):
            return str(value.get("kind", kinds[0]))
        return getattr(value, "kind", None)

    return Annotated[Union[members], Discriminator(kind_of)]  # noqa: UP007  the members are known at run time only


@cache
def slot_adapter(slot: str) -> TypeAdapter[Spec]:
    """Validates one component of a slot by itself."""
    return TypeAdapter(slot_type(slot))


def _or_none(one: Any) -> Any:
    return one | None if isinstance(one, type) else Union[one, None]  # noqa: UP007


@cache
def platform_spec() -> type[Head]:
    """PlatformSpec: the head and one field for every slot; built when first asked for, since it loads every Spec."""
    fields: dict[str, Any] = {}
    for name, slot in slots().items():
        one = slot_type(name)
        what = f"{name.replace('_', ' ').capitalize()} of the {slot.layer} layer"
        if slot.many:
            fields[name] = (GenericAlias(tuple, (one, ...)), Field((), description=f"{what}; left out: none."))
        elif slot.always:
            first = spec_of(name, next(iter(slot.kinds)))
            fields[name] = (one, Field(default_factory=first, description=f"{what}; left out: its defaults."))
        else:
            fields[name] = (_or_none(one), Field(None, description=f"{what}; left out: none."))
    return create_model("PlatformSpec", __base__=Head, __doc__="A whole stack document.", **fields)


def components(document: Head) -> Iterator[tuple[Noun, str, Spec]]:
    """Every component of a document as noun, slot and spec, in the order in which they are made."""
    for name, slot in slots().items():
        value = getattr(document, name)
        if slot.many:
            for spec in value:
                yield f"{name}/{spec.name}", name, spec
        elif value is not None:
            yield name, name, value
