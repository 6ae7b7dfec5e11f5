"""What a stack document may say about the model gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from blueprint.errors import nearest
from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Email, Frozen, KeyPurpose, Name
from blueprint.wiring import Needs, Offer, Want
from components.gateway.callers import PLATFORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEY_PREFIX = "sk-"
"""LiteLLM takes nothing else for a key; secrets hold it with the prefix, so that they are the very keys."""
ServerNoun = Annotated[str, StringConstraints(pattern=r"^(tools|vector_stores)/[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]

Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]


class Price(Frozen):
    """What a model costs; a self-hosted model has no spend, and so no budget, until somebody says so."""

    input_usd_per_million: Usd = Field(description="US dollars for a million prompt tokens")
    output_usd_per_million: Usd = Field(description="US dollars for a million answer tokens")


class RouteModel(Frozen):
    """One served model behind a route."""

    serving: Name = Field(description="Name of an entry of `serving`")
    weight: int = Field(1, ge=1, le=100, description="Share of the requests against its siblings; left out: 1")
    price: Price | None = Field(None, description="What its tokens cost; left out: spend is recorded as zero")


class Route(Frozen):
    """One model name that callers use, and what answers to it."""

    name: Name = Field(description="The `model` that callers ask for")
    task: str = Field("chat", description="What the route is for, shown to callers; left out: chat")
    models: tuple[RouteModel, ...] = Field(min_length=1, description="Models that share the route's requests")
    fallbacks: tuple[Name, ...] = Field((), description="Routes tried in turn when this one fails; left out: none")
    timeout_seconds: int = Field(120, ge=1, le=3600, description="Longest wait for an answer; left out: 120")
    retries: int = Field(2, ge=0, le=5, description="Attempts after the first one failed; left out: 2")


class Limits(Frozen):
    """How much one team may use; nobody is without limits."""

    budget_usd_month: float = Field(
        1000, gt=0, le=10_000_000, description="US dollars in 30 days, after which calls are refused; left out: 1000"
    )
    requests_per_minute: int = Field(600, ge=1, le=1_000_000, description="Left out: 600")
    tokens_per_minute: int = Field(400_000, ge=1, le=1_000_000_000, description="Left out: 400000")


class Team(Limits):
    """Callers that share a key, a budget and limits."""

    name: Name = Field(description="Also the name of its key among the secrets: gateway/team-<name>")
    owner: Email = Field(description="Who answers for its use")
    models: tuple[Name, ...] = Field((), description="Routes it may call; left out: all of them")


class ServerTools(Frozen):
    """What is let through of one server of tools; a tool that is not named here passes for nobody."""

    server: ServerNoun = Field(
        description="An entry of `tools` or `vector_stores`: tools/<name> or vector_stores/<name>"
    )
    tools: tuple[ToolName, ...] = Field((), description="Tools that a caller may be given; left out: none")
    after_approval: tuple[ToolName, ...] = Field(
        (), description="Tools that a caller may be given only for calls that a person approved; left out: none"
    )
    timeout_seconds: int = Field(30, ge=1, le=300, description="Longest wait for one call; left out: 30")

    @property
    def name(self) -> str:
        """What callers call the server: the part after the slash."""
        return self.server.partition("/")[2]

    @property
    def all(self) -> tuple[str, ...]:
        """Every tool that passes, sorted."""
        return tuple(sorted({*self.tools, *self.after_approval}))


class DatabaseSize(Frozen):
    """Aurora capacity."""

    min_units: float = Field(0.5, ge=0.5, le=256, multiple_of=0.5, description="Capacity units at rest; left out: 0.5")
    max_units: float = Field(8, ge=1, le=256, multiple_of=0.5, description="Capacity units under load; left out: 8")
    instances: int = Field(
        2, ge=2, le=15, description="Instances, spread over zones; left out: 2, a writer and a reader"
    )


class CacheSize(Frozen):
    """Valkey capacity."""

    node: str = Field(
        "cache.m7g.large", pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$", description="Left out: cache.m7g.large"
    )
    replicas: int = Field(1, ge=1, le=5, description="Replicas in other zones; left out: 1")


class LiteLlmSpec(Spec):
    """One OpenAI-compatible door to every model, with keys, budgets, fallbacks and guardrails."""

    kind: Literal["litellm"] = "litellm"
    routes: tuple[Route, ...] = Field(min_length=1, description="Model names that callers use")
    tools: tuple[ServerTools, ...] = Field(
        (), description="Servers of tools behind the gateway, the only way to them; left out: no tool is reached"
    )
    teams: tuple[Team, ...] = Field((), description="Callers from outside the platform; left out: none")
    platform_limits: Limits = Field(
        Limits(), description="Limits of each of the platform's own components; left out: see Limits"
    )
    switched_off: frozenset[Name] = Field(
        frozenset(), description="Kill switch: entries of `serving` that get no request; left out: none"
    )
    prompt_logging: Annotated[Level | None, Tightens("prompt_logging")] = Field(
        None, description="How much of prompts and answers is recorded; left out: the posture's value"
    )
    redaction: Annotated[bool | None, Tightens("pii_phi_redaction")] = Field(
        None, description="Whether personal and health data is masked in prompts; left out: the posture's value"
    )
    card_data_allowed: Annotated[bool | None, Tightens("card_data_in_prompts_allowed")] = Field(
        None, description="Whether a prompt with a card number is let through; left out: the posture's value"
    )
    replicas: int = Field(3, ge=2, le=50, description="Fewest gateway pods; left out: 3")
    max_replicas: int = Field(12, ge=2, le=200, description="Most gateway pods; left out: 12")
    database: DatabaseSize = Field(DatabaseSize(), description="Keys, teams and spend; left out: see DatabaseSize")
    cache: CacheSize = Field(CacheSize(), description="Rate limits shared by all pods; left out: see CacheSize")
    keep: bool = Field(
        default=True, description="Whether database and cache outlive the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> LiteLlmSpec:
        problems = (*_repeated(self), *_unknown(self), *_cycles(self), *_sizes(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def served(self) -> tuple[str, ...]:
        """Names of the servings behind the routes, sorted."""
        return tuple(sorted({model.serving for route in self.routes for model in route.models}))

    def needs(self) -> Needs:
        """One route for each served model, the servers of tools, a sink for traces, a key for each team."""
        keys = frozenset({"master-key", *(f"team-{team.name}" for team in self.teams)})
        routes = (
            Want(name=f"route-{name}", dialect=Dialect.MODEL_ROUTE, of=f"serving/{name}", workload="gateway")
            for name in self.served
        )
        servers = (
            Want(name=f"tools-{each.name}", dialect=Dialect.MCP, of=each.server, workload="gateway",
                 allows=frozenset(each.all), approved=frozenset(each.after_approval))
            for each in self.tools
        )  # fmt: skip
        otlp = Want(name="otlp", dialect=Dialect.OTLP, access="write", workload="gateway")
        return Needs(
            wants=(*routes, *servers, otlp),
            offers=(
                Offer(name="openai", dialect=Dialect.OPENAI_V1, names=frozenset(route.name for route in self.routes)),
                Offer(name="mcp", dialect=Dialect.MCP, names=self._named("all"), held=self._named("after_approval")),
            ),
            workloads=frozenset({"gateway", "migrations", "teams"}),
            services=frozenset({"secretsmanager", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.DATABASES, KeyPurpose.LOGS, KeyPurpose.SECRETS}),
            secrets=keys,
            prefixes=dict.fromkeys(sorted(keys), KEY_PREFIX),
        )

    def _named(self, which: Literal["all", "after_approval"]) -> frozenset[str]:
        """Tools as callers name them: knowledge/search."""
        return frozenset(f"{each.name}/{tool}" for each in self.tools for tool in getattr(each, which))


def _repeated(spec: LiteLlmSpec) -> Iterable[str]:
    yield from (f"route {name!r} is named twice" for name in _twice(route.name for route in spec.routes))
    yield from (f"team {name!r} is named twice" for name in _twice(team.name for team in spec.teams))
    for route in spec.routes:
        again = _twice(model.serving for model in route.models)
        yield from (f"route {route.name!r} lists serving {name!r} twice; give it one weight" for name in again)
    for team in spec.teams:
        if team.name.startswith(PLATFORM):
            yield f"team {team.name!r} begins like those of the platform's own components, {PLATFORM!r}; rename it"
    for name in _twice(each.name for each in spec.tools):
        yield f"two entries of tools are called {name!r}, and callers could not tell them apart"
    for each in spec.tools:
        both = sorted(set(each.tools) & set(each.after_approval))
        yield from (f"{each.server} lets {name!r} through with and without approval; leave out one" for name in both)
        if not each.all:
            yield f"{each.server} lets no tool through; name its tools, or leave it out"


def _unknown(spec: LiteLlmSpec) -> Iterable[str]:
    known = {route.name for route in spec.routes}
    for route in spec.routes:
        for name in route.fallbacks:
            if name not in known:
                yield f"route {route.name!r} falls back to {name!r}, which is no route; {nearest(name, known)}"
    for team in spec.teams:
        for name in team.models:
            if name not in known:
                yield f"team {team.name!r} may call {name!r}, which is no route; {nearest(name, known)}"
    for name in sorted(spec.switched_off - set(spec.served)):
        yield f"switched_off names {name!r}, which no route uses; {nearest(name, spec.served)}"


def _cycles(spec: LiteLlmSpec) -> Iterable[str]:
    follows = {route.name: route.fallbacks for route in spec.routes}
    for start in follows:
        path = _way_back(start, follows)
        if path and start == min(path):
            yield f"fallbacks run in a circle: {' -> '.join((*path, start))}"


def _way_back(start: str, follows: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The routes from one around to itself, or nothing."""
    paths: list[tuple[str, ...]] = [(start,)]
    seen = set[str]()
    while paths:
        path = paths.pop()
        for following in follows.get(path[-1], ()):
            if following == start:
                return path
            if following not in seen:
                seen.add(following)
                paths.append((*path, following))
    return ()


def _sizes(spec: LiteLlmSpec) -> Iterable[str]:
    if spec.max_replicas < spec.replicas:
        yield f"max_replicas is {spec.max_replicas}, fewer than the {spec.replicas} replicas there are at least"
    if spec.database.max_units < spec.database.min_units:
        yield f"database.max_units is {spec.database.max_units}, less than min_units {spec.database.min_units}"


def _twice(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})
