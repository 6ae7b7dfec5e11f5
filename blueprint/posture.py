"""The posture: one effective value for each parameter and scope, with everyone who asked and who won.

How to use it
-------------
`compliance.resolve.resolve(frameworks, mode, facts, data_classes)` makes a `JoinedPosture`. From it

* components read built values through typed accessors, one method per parameter, already moved to what AWS accepts:
  `Strictest(posture).audit_log_retention_days(classes)` (`blueprint/posture_accessors.py`, generated);
* rules and the plan compare: `posture.meets("audit_log_retention_days", 365, classes)` is True, False, or None when no
  framework sets the parameter; `posture.demand(...)` says the bound as a sentence with its sources, for messages;
* reports list: `posture.entries()` is every effective value, `posture.contributions[parameter]` also holds duties
  without a value and bare prohibitions.

`classes` left out means the data classes of the platform: nobody gets a weaker value by forgetting to say. An empty set
means the platform's entry alone. `principal` ("privileged", "user") left out means the strictest of all principals.
`meets` judges against the joined value, not the snapped one: 1000 days satisfy a demand of 913 although
CloudWatch Logs would be built with 1096.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal, Protocol, Self, TypeAlias

from pydantic import model_validator

from blueprint.errors import BlueprintError, DocumentError, NotFound, Problem
from blueprint.parameter import CHAINS, Join, Parameter, ScopeKind
from blueprint.snaps import SNAPS, Unreachable
from blueprint.types import DataClass, Frozen, Strength, Value

Classes: TypeAlias = frozenset[DataClass] | None
ANY = "*"
"""In `forbids`: no value at all may be set."""


class Unset(BlueprintError):
    """A component reads a parameter that nothing sets, although the baseline ought to: the posture lacks the baseline."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"no framework and no baseline sets {parameter}")


class StackFact(StrEnum):
    """What a contribution may depend on; a fact that the stack document does not state does not hold."""

    PASSWORD_ONLY_FACTOR = "password_only_factor"  # noqa: S105  a fact about sign-in, not a secret
    MULTI_TENANT = "multi_tenant"
    SERVICE_PROVIDER = "service_provider"
    CLEARINGHOUSE = "clearinghouse"
    PROMPT_LOG_IS_AUDIT_RECORD = "prompt_log_is_audit_record"
    PROMPT_LOG_IS_DOCUMENTATION = "prompt_log_is_documentation"
    CONTRACT_NAMES_M_21_31 = "contract_names_m_21_31"


class Principal(StrEnum):
    """Whose access a value is about."""

    PRIVILEGED = "privileged"
    USER = "user"


_NAMES: Mapping[ScopeKind, tuple[str, ...]] = {
    "platform": ("",),
    "data_class": tuple(DataClass),
    "principal": tuple(Principal),
}


class Scope(Frozen):
    """What a value is about: the whole platform, one data class, or one class of principals."""

    kind: ScopeKind = "platform"
    name: str = ""

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        """A misspelt class would never apply, and nobody would notice."""
        names = _NAMES[self.kind]
        if any(part not in names for part in self.name.split("+")):
            allowed = ", ".join(filter(None, names)) or "no name: it is the platform"
            raise ValueError(f"a scope of kind {self.kind} is called {self.name!r}; allowed: {allowed}")
        return self

    @property
    def classes(self) -> frozenset[DataClass]:
        """Its data classes; "phi+pii" holds for either."""
        return frozenset(map(DataClass, self.name.split("+"))) if self.kind == "data_class" else frozenset()

    def __str__(self) -> str:
        return self.name or self.kind


PLATFORM = Scope()


class Contribution(Frozen):
    """What one framework asks of one parameter. Value None: a duty without a value, listed and not joined."""

    source: str
    citation: str
    checked: Literal["program", "text", "memory"]
    strength: Strength
    value: Value | None = None
    forbids: frozenset[str] = frozenset()
    scope: Scope = PLATFORM
    when: StackFact | None = None

    def __str__(self) -> str:
        return f"{self.source} {self.citation} ({self.strength.value.replace('_', ' ')})"


class Effective(Frozen):
    """The strictest value; winners are indexes into contributors, several for a tie, a union or an overlap."""

    parameter: str
    scope: Scope
    value: Value
    snapped: Value
    winners: tuple[int, ...]
    contributors: tuple[Contribution, ...]

    @property
    def won(self) -> tuple[Contribution, ...]:
        """The contributions that decided."""
        return tuple(self.contributors[index] for index in self.winners)

    @cached_property
    def forbidden(self) -> frozenset[str]:
        """Values that some framework rules out."""
        return frozenset().union(*(each.forbids for each in self.contributors))


class Posture(Protocol):
    """What rules and components may ask."""

    def of(self, parameter: str, classes: Classes = None, principal: Principal | None = None) -> Effective | None:
        """The effective value for these data classes, None when no framework sets one."""


@dataclass(frozen=True)
class JoinedPosture:
    """Contributions in force, joined on demand and remembered."""

    parameters: Mapping[str, Parameter]
    contributions: Mapping[str, tuple[Contribution, ...]]
    data_classes: frozenset[DataClass] = frozenset()
    _seen: dict[tuple[str, Classes, Principal | None], Effective | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def of(self, parameter: str, classes: Classes = None, principal: Principal | None = None) -> Effective | None:
        """The effective value. Raises NotFound for an unknown parameter, DocumentError when nothing satisfies all."""
        asked = (parameter, classes, principal)
        if asked not in self._seen:
            self._seen[asked] = self._join(*asked)
        return self._seen[asked]

    def parameter(self, name: str) -> Parameter:
        """A parameter by name. Raises NotFound."""
        if name not in self.parameters:
            raise NotFound("parameter", name, self.parameters)
        return self.parameters[name]

    def meets(
        self, parameter: str, value: object, classes: Classes = None, principal: Principal | None = None
    ) -> bool | None:
        """Whether a value is at least as strict as the effective one; None when no framework sets the parameter.

        Raises WrongValue when the value is not of the parameter's type.
        """
        effective = self.of(parameter, classes, principal)
        return None if effective is None else meets(self.parameter(parameter), value, effective)

    def demand(self, parameter: str, classes: Classes = None, principal: Principal | None = None) -> str:
        """The bound as a sentence with its sources, for messages."""
        effective = self.of(parameter, classes, principal)
        return "no framework sets it" if effective is None else demand(self.parameter(parameter), effective)

    def entries(self) -> tuple[Effective, ...]:
        """Every effective value: the platform's, then each scope of its own, in the order of `parameters.yaml`."""
        found: list[Effective] = []
        for name in self.parameters:
            scopes = {each.scope for each in self.contributions.get(name, ())} | {PLATFORM}
            for scope in sorted(scopes, key=lambda scope: (scope != PLATFORM, scope.kind, scope.name)):
                effective = self._join(name, scope.classes, _principal(scope))
                if effective is not None and (scope != PLATFORM or effective.scope == PLATFORM):
                    found.append(effective)
        return tuple(found)

    def problems(self) -> tuple[Problem, ...]:
        """Every parameter whose contributions no setting satisfies; empty for a posture that can be built."""
        found: list[Problem] = []
        for name in self.parameters:
            try:
                self.of(name)
            except DocumentError as error:
                found.extend(error.problems)
        return tuple(found)

    def _join(self, name: str, classes: Classes, principal: Principal | None) -> Effective | None:
        parameter = self.parameter(name)
        asked = self.data_classes if classes is None else classes
        heard = tuple(each for each in self.contributions.get(name, ()) if _applies(each.scope, asked, principal))
        values = [each.value for each in heard if each.value is not None]
        if not values:
            return None
        value = parameter.strictest(values)
        effective = Effective(
            parameter=name,
            scope=_scope(heard, principal),
            value=value,
            snapped=value,
            winners=_winners(parameter, value, heard),
            contributors=heard,
        )
        _refuse_unsatisfiable(parameter, effective)
        return effective.model_copy(update={"snapped": _snapped(parameter, effective)})


def meets(parameter: Parameter, value: object, effective: Effective) -> bool:
    """Whether a value is at least as strict as the effective one and not forbidden by anyone. Raises WrongValue."""
    typed = parameter.parse(value)
    return parameter.at_least_as_strict(typed, effective.value) and not _forbidden(typed, effective.forbidden)


def demand(parameter: Parameter, effective: Effective) -> str:
    """The bound as a sentence with its sources: "at least 365 days, from pci-dss@4.0.1 10.5.1 (literal)"."""
    sources = "; ".join(str(each) for each in effective.won)
    without = f", without {', '.join(sorted(effective.forbidden))}" if effective.forbidden else ""
    return f"{parameter.bound(effective.value)}{without}, from {sources}"


def _applies(scope: Scope, classes: frozenset[DataClass], principal: Principal | None) -> bool:
    if scope.kind == "data_class":
        return not scope.classes.isdisjoint(classes)
    return scope.kind == "platform" or principal is None or scope.name == principal


def _principal(scope: Scope) -> Principal | None:
    return Principal(scope.name) if scope.kind == "principal" else None


def _scope(heard: Iterable[Contribution], principal: Principal | None) -> Scope:
    """The narrowest scope that added a value: classes that took part are named together."""
    narrow = {each.scope for each in heard if each.value is not None and each.scope != PLATFORM}
    classes = sorted(frozenset[DataClass]().union(*(scope.classes for scope in narrow)))
    if classes:
        return Scope(kind="data_class", name="+".join(classes))
    if narrow and principal is not None:
        return Scope(kind="principal", name=principal.value)
    return PLATFORM


def _winners(parameter: Parameter, value: Value, heard: tuple[Contribution, ...]) -> tuple[int, ...]:
    """Who decided: without any one of them, or its equal, the joined value would be weaker."""
    valued = [(index, each.value) for index, each in enumerate(heard) if each.value is not None]
    if parameter.join in CHAINS:
        return tuple(index for index, own in valued if own == value)
    if parameter.join is Join.ALL_OF:
        return tuple(index for index, own in valued if own)
    if parameter.join is Join.ONLY:
        everything = frozenset().union(*(own for _, own in valued if isinstance(own, frozenset)))
        narrowing = tuple(index for index, own in valued if own != everything)
        return narrowing or tuple(index for index, _ in valued)
    ends = value if isinstance(value, tuple) else (None, None)
    return tuple(
        index
        for index, own in valued
        if isinstance(own, tuple) and any(mine is not None and mine == end for mine, end in zip(own, ends, strict=True))
    )


def _forbidden(value: Value, forbidden: frozenset[str]) -> frozenset[str]:
    words = value if isinstance(value, frozenset) else frozenset({str(value)})
    return (words & forbidden) | (forbidden & {ANY})


def _refuse_unsatisfiable(parameter: Parameter, effective: Effective) -> None:
    told = tuple(each for each in effective.contributors if each.value is not None)
    asks = "; ".join(f"{each} asks {parameter.show(each.value)}" for each in told if each.value is not None)
    clash = _forbidden(effective.value, effective.forbidden)
    if parameter.is_empty(effective.value):
        what = f"no value of {parameter.name} satisfies everyone: {asks}"
    elif clash:
        by = "; ".join(f"{each} forbids {_words(each.forbids)}" for each in effective.contributors if each.forbids)
        what = f"{parameter.name} has a value that is forbidden: {asks}; {by}"
    else:
        return
    raise DocumentError(
        [
            Problem(
                what=what,
                why="the strictest of all frameworks holds, and here their demands exclude each other",
                fix="put what these frameworks cover into stacks of their own, or leave one framework out",
                path=("compliance", "frameworks"),
            )
        ]
    )


def _words(forbids: frozenset[str]) -> str:
    return "any value" if ANY in forbids else ", ".join(sorted(forbids))


def _snapped(parameter: Parameter, effective: Effective) -> Value:
    try:
        snapped = parameter.snapped(effective.value)
    except Unreachable as error:
        raise _out_of_reach(parameter, effective, str(error)) from error
    if parameter.join is Join.WITHIN and not parameter.at_least_as_strict(snapped, effective.value):
        raise _out_of_reach(parameter, effective, str(SNAPS[parameter.snap or ""]))
    return snapped


def _out_of_reach(parameter: Parameter, effective: Effective, accepts: str) -> BlueprintError:
    return DocumentError(
        [
            Problem(
                what=f"AWS cannot be set to {parameter.name}: {demand(parameter, effective)}",
                value=parameter.show(effective.value),
                allowed=accepts,
                why="a value is only ever moved towards strict",
                fix="leave the framework out of this stack, or meet the demand outside of it",
                path=("compliance", "frameworks"),
            )
        ]
    )
