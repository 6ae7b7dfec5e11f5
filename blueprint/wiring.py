"""Who needs what: the answers of all specs, folded into one table before any component exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pydantic import Field

from blueprint.errors import Problem, nearest
from blueprint.types import DataClass, Dialect, Frozen, KeyPurpose, Noun


class Want(Frozen):
    """A port that a component needs, by dialect and, where several offer it, by provider."""

    name: str
    dialect: Dialect
    of: Noun | None = None
    access: Literal["read", "write", "own"] = "read"
    workload: str = ""
    """Which of the consumer's workloads uses it; left out: its only one."""
    optional: bool = False
    """Served where somebody offers it; where nobody does there is no edge, and that is no problem."""
    allows: frozenset[str] = frozenset()
    """What the consumer may do over the port, by names that the provider knows: "knowledge/search". Empty: all it offers."""
    approved: frozenset[str] = frozenset()
    """Those of them whose every single use a person approves first."""


class Offer(Frozen):
    """A port that a component provides."""

    name: str
    dialect: Dialect
    names: frozenset[str] | None = None
    """What a consumer can ask for by name; None: names are not known before it runs."""
    held: frozenset[str] = frozenset()
    """Those of them that may be used only after a person's approval."""


class Registration(Frozen):
    """What the register of models and use cases says about one of them."""

    kind: Literal["model", "use_case"]
    name: str
    owner: str
    risk_class: str
    digest: str | None = None
    """sha256 of what is meant; None where whoever runs the model does not tell it."""
    approved_by: str | None = None
    approved_on: str | None = None
    of: frozenset[Noun] = frozenset()
    """What it rests on: a use case on models and agents."""
    about: Mapping[str, str] = Field(default_factory=dict)
    """What else is on record: licence and source of a model, purpose and day of the next review of a use case."""

    @property
    def approved(self) -> bool:
        """Whether somebody other than the owner has approved it."""
        return self.approved_by is not None and self.approved_by.lower() != self.owner.lower()


class Needs(Frozen):
    """What one component asks of the rest, known from its spec alone."""

    wants: tuple[Want, ...] = ()
    offers: tuple[Offer, ...] = ()
    uses: frozenset[Noun] = frozenset()
    """Components that are built on without data flowing to them, such as the pool a model runs on: no edge, no grant."""
    workloads: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    """AWS services called from inside the VPC, by endpoint name: "logs", "ecr.api", "bedrock-runtime"."""
    egress: frozenset[str] = frozenset()
    """Host names outside AWS that are called."""
    processors: frozenset[str] = frozenset()
    """Outside parties that see data, by name."""
    keys: frozenset[KeyPurpose] = frozenset()
    secrets: frozenset[str] = frozenset()
    prefixes: Mapping[str, str] = Field(default_factory=dict)
    """Secret -> what its value must begin with, where whoever checks it takes nothing else."""
    quotas: Mapping[str, int] = Field(default_factory=dict)
    """Service quota code -> units, added up over all components."""
    registers: tuple[Registration, ...] = ()
    """Models and use cases that this component brings into use."""
    data_classes: frozenset[DataClass] | None = None
    """Data classes that this component holds; None: those of the platform."""


class Edge(Frozen):
    """One consumer's workload that uses one provider's port, with the data that flows."""

    consumer: Noun
    workload: str
    want: Want
    provider: Noun
    offer: Offer
    data_classes: frozenset[DataClass]

    @property
    def id(self) -> str:
        """Stable name of the edge, usable in resource names."""
        return "-".join((slug(self.consumer), self.workload, self.want.name))


class Wiring(Frozen):
    """The whole table. Endpoints, allow-lists, policies and registers read this and nothing else."""

    needs: Mapping[Noun, Needs]
    edges: tuple[Edge, ...]
    data_classes: frozenset[DataClass]

    def to(self, provider: Noun) -> tuple[Edge, ...]:
        """Edges that a provider has to admit."""
        return tuple(edge for edge in self.edges if edge.provider == provider)

    def of(self, consumer: Noun) -> tuple[Edge, ...]:
        """Edges on which a component depends."""
        return tuple(edge for edge in self.edges if edge.consumer == consumer)

    def classes(self, noun: Noun) -> frozenset[DataClass]:
        """Data classes that a component may hold."""
        needs = self.needs.get(noun)
        return self.data_classes if needs is None or needs.data_classes is None else needs.data_classes

    @property
    def workloads(self) -> tuple[tuple[Noun, str], ...]:
        """Every workload that needs an identity, sorted."""
        return tuple(sorted((noun, name) for noun, needs in self.needs.items() for name in needs.workloads))

    @property
    def services(self) -> frozenset[str]:
        """AWS services that are called from inside the VPC."""
        return frozenset[str]().union(*(needs.services for needs in self.needs.values()))

    @property
    def egress(self) -> frozenset[str]:
        """Host names outside AWS that are called."""
        return frozenset[str]().union(*(needs.egress for needs in self.needs.values()))

    @property
    def keys(self) -> frozenset[KeyPurpose]:
        """Purposes for which a key is needed."""
        return frozenset[KeyPurpose]().union(*(needs.keys for needs in self.needs.values()))

    @property
    def processors(self) -> tuple[tuple[str, Noun, frozenset[DataClass]], ...]:
        """Outside parties, who brings them in, and which data they may see, sorted."""
        found = ((party, noun) for noun, needs in self.needs.items() for party in needs.processors)
        return tuple((party, noun, self.classes(noun)) for party, noun in sorted(found))

    @property
    def registered(self) -> tuple[tuple[Noun, Registration], ...]:
        """Models and use cases with the component that brings each in, sorted."""
        found = ((noun, entry) for noun, needs in self.needs.items() for entry in needs.registers)
        return tuple(sorted(found, key=lambda each: (each[0], each[1].kind, each[1].name)))

    def models(self, noun: Noun) -> tuple[Registration, ...]:
        """Registered models that a component serves: its own, or those whose weights it takes."""
        wants = self.needs[noun].wants if noun in self.needs else ()
        behind = {noun, *(want.of for want in wants if want.dialect is Dialect.WEIGHTS)}
        return tuple(entry for other, entry in self.registered if other in behind and entry.kind == "model")

    def unapproved(self, noun: Noun) -> tuple[Registration, ...]:
        """Those of them that nobody but the owner has approved."""
        return tuple(entry for entry in self.models(noun) if not entry.approved)

    @property
    def quotas(self) -> Mapping[str, int]:
        """Units asked of each service quota."""
        total: dict[str, int] = {}
        for needs in self.needs.values():
            for code, units in needs.quotas.items():
                total[code] = total.get(code, 0) + units
        return dict(sorted(total.items()))


def fold(needs: Mapping[Noun, Needs], data_classes: frozenset[DataClass]) -> tuple[Wiring, tuple[Problem, ...]]:
    """Match every want with the offer that serves it.

    A want without an offer, or with several and no name, is a problem and leaves no edge.
    """
    edges: list[Edge] = []
    problems: list[Problem] = []
    table = Wiring(needs=dict(sorted(needs.items())), edges=(), data_classes=data_classes)
    for consumer, asked in sorted(needs.items()):
        problems.extend(_missing(consumer, used, needs) for used in sorted(asked.uses - needs.keys()))
        for want in asked.wants:
            matches = [
                (provider, offer)
                for provider, answer in sorted(needs.items())
                for offer in answer.offers
                if provider != consumer and offer.dialect == want.dialect and want.of in {None, provider}
            ]
            if not matches and want.optional:
                continue
            if len(matches) != 1:
                problems.append(_unmatched(consumer, want, [provider for provider, _ in matches], needs))
                continue
            provider, offer = matches[0]
            problems.extend(_asked(consumer, want, provider, offer))
            edges.extend(
                Edge(consumer=consumer, workload=workload, want=want, provider=provider, offer=offer,
                     data_classes=table.classes(consumer))
                for workload in ([want.workload] if want.workload else sorted(asked.workloads) or [""])
            )  # fmt: skip
    return table.model_copy(update={"edges": tuple(edges)}), tuple(problems)


def slug(noun: Noun) -> str:
    """A noun as part of a resource name."""
    return noun.replace("/", "-").replace("_", "-")


def _missing(consumer: Noun, used: Noun, needs: Mapping[Noun, Needs]) -> Problem:
    kind, _, name = used.partition("/")
    known = [noun.partition("/")[2] for noun in needs if noun.startswith(f"{kind}/")]
    return Problem(
        what=f"names {kind} {name!r}, which the document does not have", path=tuple(consumer.split("/")), value=name,
        allowed=", ".join(sorted(known)) or "none is defined", why="it would have nothing to run on",
        fix=nearest(name, known) if known else f"add {name!r} to {kind}",
    )  # fmt: skip


def _asked(consumer: Noun, want: Want, provider: Noun, offer: Offer) -> Iterator[Problem]:
    """Names that the provider does not have, and those that nobody approves though they wait for it."""
    path = tuple(consumer.split("/"))
    if offer.names is not None:
        for name in sorted(want.allows - offer.names):
            yield Problem(
                what=f"asks {provider} for {name!r}, which it does not offer", path=path, value=name,
                allowed=nearest(name, offer.names), why="every use of it would be refused",
                fix=f"name one of those, or add {name!r} to {provider}",
            )  # fmt: skip
    for name in sorted(want.allows & offer.held - want.approved):
        yield Problem(
            what=f"uses {name!r} of {provider} without approval", path=path, value=name,
            why=f"{provider} says that it waits for a person: it cannot be undone, or was marked so",
            fix=f"move {name!r} from `tools` to `after_approval`",
        )  # fmt: skip


def _unmatched(consumer: Noun, want: Want, found: Sequence[Noun], needs: Mapping[Noun, Needs]) -> Problem:
    offering = [n for n, answer in needs.items() if any(offer.dialect == want.dialect for offer in answer.offers)]
    path = tuple(consumer.split("/"))
    if found:
        return Problem(what=f"needs one {want.dialect}, and {len(found)} are offered", path=path, allowed=", ".join(found),
                       why=f"the port {want.name!r} must have one provider", fix="name the one that is meant")  # fmt: skip
    named = f" from {want.of}" if want.of else ""
    return Problem(
        what=f"needs {want.dialect}{named}, and nobody offers it", path=path, value=want.of or "",
        allowed=nearest(want.of or "", offering), why=f"the port {want.name!r} would lead nowhere at run time",
        fix=f"add a component that offers {want.dialect} to the document",
    )  # fmt: skip
