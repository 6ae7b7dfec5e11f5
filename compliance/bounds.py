"""Cerberus under two bounds: a value that is not known is taken as good as can be, then as bad as can be.

Violated either way is FAIL, clean either way is PASS, else UNKNOWN. Facts are flat (one value for each leaf), so an
unknown is met by the one rule that Cerberus always runs first, `nullable`, and never by a rule inside another.
Proven by property tests in `tests/compliance/test_engine.py`; the grammar it is sound for is kept by `compliance/rule.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, NamedTuple, Protocol, TypeAlias

from cerberus import TypeDefinition, Validator, errors
from pydantic import JsonValue

from blueprint.parameter import Join, Parameter, WrongValue
from blueprint.posture import Classes
from blueprint.types import DataClass
from compliance.facts.base import Ref

NOT = "not "
"""Before a parameter in `meets`: a yes of the leaf is a no to the parameter."""

Constraint: TypeAlias = Mapping[str, JsonValue]
Schema: TypeAlias = Mapping[str, Constraint]


class Unread(Enum):
    """The place of a value that is not known."""

    UNKNOWN = "unknown"


class Asked(Protocol):
    """What `meets` asks of the posture."""

    def parameter(self, name: str) -> Parameter:
        """A parameter by name."""

    def meets(self, parameter: str, value: object, classes: Classes = None) -> bool | None:
        """Whether a value is strict enough; None when no framework sets the parameter."""


class Judged(NamedTuple):
    """The leaves that are violated for sure, and those that are only possibly violated."""

    violated: tuple[str, ...]
    open: tuple[str, ...]


class Bounds(Validator):  # type: ignore[misc]  # Cerberus ships no types
    """One validator for each rule. It keeps state while it judges, so it is not for several threads at once."""

    types_mapping: ClassVar[dict[str, TypeDefinition]] = {
        **Validator.types_mapping,
        "set": TypeDefinition("set", (frozenset,), ()),
        "rank": TypeDefinition("rank", (str,), ()),
        "retention": TypeDefinition("retention", (int, str), (bool,)),
        "ref": TypeDefinition("ref", (Ref,), ()),
    }
    posture: Asked
    classes: frozenset[DataClass] | Unread = frozenset()
    pessimistic: bool = False
    unread: bool = False

    def judge(self, document: Mapping[str, object], classes: frozenset[DataClass] | Unread, posture: Asked) -> Judged:
        """Judge the values of the leaves that the schema names, for a subject that holds these data classes."""
        self.posture, self.classes = posture, classes
        violated = self._errors_under(document, pessimistic=False)
        if violated or not self.unread:
            return Judged(violated, ())
        return Judged((), self._errors_under(document, pessimistic=True))

    def _errors_under(self, document: Mapping[str, object], *, pessimistic: bool) -> tuple[str, ...]:
        self.pessimistic, self.unread = pessimistic, False
        self.validate(document, normalize=False)
        return tuple(sorted({str(error.document_path[0]) for error in self._errors}))

    def _validate_nullable(self, nullable: bool, field: str, value: object) -> None:
        """{'type': 'boolean'}"""
        if value is not Unread.UNKNOWN:
            super()._validate_nullable(nullable, field, value)
            if value is None:
                self._drop_remaining_rules()
            return
        self.unread = True
        if self.pessimistic:
            self._error(field, errors.CUSTOM, "unknown")
        self._drop_remaining_rules()

    def _validate_forbidden(self, forbidden_values: list[object], field: str, value: object) -> None:
        """{'type': 'list'}"""
        # Cerberus looks into sequences only; a set would pass whatever it holds.
        held = tuple(value) if isinstance(value, frozenset) else value
        super()._validate_forbidden(forbidden_values, field, held)

    def _validate_meets(self, binding: str, field: str, value: object) -> None:
        """{'type': 'string'}"""
        parameter, observed = observation(binding, value, self.posture)
        try:
            met = self.posture.meets(parameter, observed, self._classes_asked(parameter, observed))
        except WrongValue as error:
            self._error(field, errors.CUSTOM, str(error))
            return
        if met is False:
            self._error(field, errors.CUSTOM, parameter)

    def _classes_asked(self, parameter: str, observed: object) -> Classes:
        if not isinstance(self.classes, Unread):
            return self.classes
        weakest: frozenset[DataClass] = frozenset()
        if self.posture.meets(parameter, observed, weakest) != self.posture.meets(parameter, observed, None):
            self.unread = True
        return None if self.pessimistic else weakest


def parameter_of(binding: str) -> str:
    """The parameter that `meets` names, with or without "not" before it."""
    return binding.removeprefix(NOT)


def observation(binding: str, value: object, posture: Asked) -> tuple[str, object]:
    """The parameter, and what is held against it.

    Before a yes-or-no parameter a value that is no yes or no stands for "what the rule asks of it holds": the other
    constraints on the leaf decide, and a link that is not null is there.
    """
    parameter = parameter_of(binding)
    if posture.parameter(parameter).join in {Join.MUST, Join.MAY}:
        if not isinstance(value, bool):
            return parameter, posture.parameter(parameter).join is Join.MUST
        return parameter, not value if binding.startswith(NOT) else value
    return parameter, value
