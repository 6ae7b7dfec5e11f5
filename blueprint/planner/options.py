"""Every way to serve a model in a region, ranked by what it costs, and why the others are not among them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from pydantic import Field

from blueprint.errors import DocumentError, NotFound, Problem
from blueprint.planner.accelerators import Accelerator, gpu_of
from blueprint.planner.architecture import Architecture
from blueprint.planner.capacity import Counted, count
from blueprint.planner.instances import Instance, instance, instances, offered, offers_read
from blueprint.planner.layout import Layout
from blueprint.planner.prices import HOURS, Price, Purchase, price, prices_from
from blueprint.planner.quantization import FORMATS, smaller_than
from blueprint.planner.regions import REGIONS
from blueprint.planner.request import Request, cuts_evenly, divides
from blueprint.planner.throughput import Mix, Throughput, throughput, usd_per_million
from blueprint.planner.units import gib
from blueprint.types import Frozen

SCHEMA: Literal["blueprint.options/1"] = "blueprint.options/1"


class Wanted(NamedTuple):
    """What is to be served, and where."""

    concurrency: int = 1
    region: str = "us-east-1"
    purchase: Purchase = "on-demand"
    instance: str | None = None
    mix: Mix = Mix()


class Option(Frozen):
    """One instance type with one way to spread the model over its GPUs."""

    instance: str
    gpu: str
    gpus_per_instance: int
    tensor_parallel: int
    format: str
    verdict: Literal["fits", "tight"]
    headroom_gib_per_gpu: float
    """Left of the cache when the asked concurrency of one replica is in it; below zero never happens."""
    concurrency_per_replica: int
    replicas: int
    instances: int
    usd_per_month: float | None
    """At the highest price, where there is a range."""
    lowest_usd_per_month: float | None
    price_region: str | None
    """Where that price was read; another region stands in where none was read for the one that was asked for."""
    price_caveat: str
    offered: bool | None
    """None: the table of offers does not cover the pair."""
    output_tokens_per_second: Throughput | None
    """Of one replica; None for an encoder, which writes none."""
    usd_per_million_output_tokens: tuple[float, float] | None
    """Range, at the stated utilisation, with every GPU of the instances paid for."""


class Skipped(Frozen):
    """An instance type that is no option, and why."""

    instance: str
    usd_per_hour: float | None
    because: str


class Options(Frozen):
    """All options, cheapest first."""

    schema_: Literal["blueprint.options/1"] = Field(SCHEMA, alias="schema")
    model: str
    region: str
    capacity: Purchase
    concurrency: int
    context: int
    utilisation: float
    options: tuple[Option, ...]
    skipped: tuple[Skipped, ...]
    nearest: str | None
    """With no option: what comes closest."""
    sources: tuple[str, ...]


def options(name: str, model: Architecture, request: Request, wanted: Wanted) -> Options:
    """Rank the instance types of a region. Raises NotFound for an unknown region or type, DocumentError for a contradiction."""
    if wanted.region not in REGIONS:
        raise NotFound("region", wanted.region, REGIONS)
    chosen = [instance(wanted.instance)] if wanted.instance else list(instances().values())
    _agree(request, chosen, wanted)
    tried: dict[tuple[str, int, str], Counted] = {}
    kept, skipped = [], []
    for machine in chosen:
        gpu = gpu_of(machine)
        cost = price(machine.name, wanted.region, wanted.purchase)
        here = offered(machine.name, wanted.region)
        reason = _unfit(machine, gpu, here)
        if reason or gpu is None:
            skipped.append(_skipped(machine, cost, reason))
            continue
        found = list(_ways(name, model, machine, gpu, request, wanted, tried))
        kept += found
        if not found:
            skipped.append(_skipped(machine, cost, _why(model, machine, gpu, request, tried)))
    ranked = tuple(sorted(kept, key=lambda each: _rank(each, wanted.region)))
    passed_over = tuple(
        sorted(skipped, key=lambda each: (each.usd_per_hour is None, each.usd_per_hour or 0.0, each.instance))
    )
    context = request.max_model_len or model.context
    return Options(
        schema=SCHEMA, model=name, region=wanted.region, capacity=wanted.purchase, concurrency=wanted.concurrency, context=context,
        utilisation=wanted.mix.utilisation, options=ranked, skipped=passed_over, nearest=None if ranked else _nearest(model, request, chosen),
        sources=("prices {}: {}".format(*prices_from(wanted.region, wanted.purchase)), f"offers {offers_read()}: instances.yaml"),
    )  # fmt: skip


def _rank(each: Option, region: str) -> tuple[bool, bool, float, int, str, str]:
    """Cheapest first; a price of another region says little about this one, so those come after all that are known."""
    return (
        each.usd_per_month is None,
        each.price_region != region,
        each.usd_per_month or 0.0,
        -round(each.headroom_gib_per_gpu),
        each.instance,
        each.format,
    )


def _agree(request: Request, chosen: list[Instance], wanted: Wanted) -> None:
    """What contradicts a choice of whole instances, all at once."""
    problems = []
    most = max((each.accelerators for each in chosen if each.vendor == "nvidia"), default=0)
    if request.tensor_parallel is not None and request.tensor_parallel > most:
        problems.append(Problem("is more than one instance has", path=("--tensor-parallel",), value=str(request.tensor_parallel),
                                allowed=f"1 to {most}", why="tensor parallelism across instances is not planned for"))  # fmt: skip
    problems += [
        Problem("is planned with --gpu only", path=(f"--{key.replace('_', '-')}",), value=str(getattr(request, key)), fix="name a --gpu")
        for key in ("total_gpu_memory_gib", "pipeline_parallel", "data_parallel", "decode_context_parallel", "expert_parallel")
        if getattr(request, key) not in {None, False, 1}
    ]  # fmt: skip
    if not 0 < wanted.mix.utilisation <= 1:
        problems.append(
            Problem(
                "is no share", path=("--utilisation",), value=str(wanted.mix.utilisation), allowed="above 0, up to 1"
            )
        )
    if problems:
        raise DocumentError(problems)


def _unfit(machine: Instance, gpu: Accelerator | None, here: bool | None) -> str:
    if here is False:
        return "its family is not offered in this region"
    if machine.vendor != "nvidia":
        return f"{machine.accelerator}: the planner counts memory of NVIDIA GPUs only"
    return "a fraction of a GPU" if gpu is None else ""


def _formats(model: Architecture, gpu: Accelerator, request: Request) -> list[str | None]:
    """None is the model's own; a checkpoint in another has to exist, and to pass its evaluation."""
    if request.quantization is not None:
        return [request.quantization]
    own = FORMATS[model.format]
    smaller = smaller_than(own, gpu.capability) if own.reach == "everything" else []
    return [None, *(each.name for each in smaller)]


def _spreads(model: Architecture, machine: Instance, request: Request) -> list[int]:
    if request.tensor_parallel is not None:
        return [request.tensor_parallel] if request.tensor_parallel <= machine.accelerators else []
    able = (each for each in (1, 2, 4, 8) if each <= machine.accelerators)
    return [each for each in able if divides(model, each) and cuts_evenly(model, Layout(tensor=each))]


def _try(
    model: Architecture,
    gpu: Accelerator,
    request: Request,
    tensor: int,
    form: str | None,
    tried: dict[tuple[str, int, str], Counted],
) -> Counted | None:
    key = (gpu.name, tensor, form or "")
    if key in tried:
        return tried[key]
    changed = request.model_copy(update={"tensor_parallel": tensor, "quantization": form})
    try:
        tried[key] = count(model, gpu, changed)
    except DocumentError as error:
        if request.tensor_parallel is not None and not divides(model, tensor):
            raise
        if any(problem.key != "--quantization" for problem in error.problems):
            raise
        return None
    return tried[key]


def _ways(
    name: str,
    model: Architecture,
    machine: Instance,
    gpu: Accelerator,
    request: Request,
    wanted: Wanted,
    tried: dict[tuple[str, int, str], Counted],
) -> Iterator[Option]:
    """For each format, the fewest GPUs of this instance type that a replica fits, if any."""
    for form in _formats(model, gpu, request):
        for tensor in _spreads(model, machine, request):
            answer = _try(model, gpu, request, tensor, form, tried)
            if answer is not None and answer.limit is None:
                yield _option(name, model, machine, gpu, tensor, answer, wanted)
                break


def _option(
    name: str, model: Architecture, machine: Instance, gpu: Accelerator, tensor: int, answer: Counted, wanted: Wanted
) -> Option:
    settled, found = answer.settled, answer.account
    replicas = math.ceil(wanted.concurrency / answer.at_once)
    machines = math.ceil(replicas / (machine.accelerators // settled.layout.gpus))
    cost = price(machine.name, wanted.region, wanted.purchase)
    rate = throughput(name, model, gpu, settled, found, wanted.mix) if not answer.model.pools else None
    used = math.ceil(wanted.concurrency / (replicas * settled.layout.data)) * found.pool.needs(
        settled.context, settled.in_flight
    )
    return Option(
        instance=machine.name, gpu=gpu.name, gpus_per_instance=machine.accelerators, tensor_parallel=tensor, format=settled.format.name,
        verdict="tight" if answer.tight else "fits",
        headroom_gib_per_gpu=round(gib(found.available) - used * gib(found.pool.block_bytes), 2),
        concurrency_per_replica=answer.at_once, replicas=replicas, instances=machines,
        usd_per_month=None if cost is None else round(cost.usd_per_hour * machines * HOURS, 2),
        lowest_usd_per_month=None if cost is None else round(cost.lowest * machines * HOURS, 2),
        price_region=None if cost is None else cost.region,
        price_caveat="no price in the table" if cost is None else cost.caveat, offered=offered(machine.name, wanted.region),
        output_tokens_per_second=rate,
        usd_per_million_output_tokens=None if cost is None or rate is None else _usd_per_million(cost, machines / replicas, rate, wanted.mix),
    )  # fmt: skip


def _usd_per_million(cost: Price, share: float, rate: Throughput, mix: Mix) -> tuple[float, float]:
    """With every instance paid for: a replica pays for its share of all of them."""
    return usd_per_million((cost.lowest * share, cost.usd_per_hour * share), rate, mix.utilisation)


def _skipped(machine: Instance, cost: Price | None, reason: str) -> Skipped:
    return Skipped(instance=machine.name, usd_per_hour=None if cost is None else cost.usd_per_hour, because=reason)


def _why(
    model: Architecture,
    machine: Instance,
    gpu: Accelerator,
    request: Request,
    tried: Mapping[tuple[str, int, str], Counted],
) -> str:
    """The limiting term of the most that was tried: most GPUs, smallest format."""
    spreads = _spreads(model, machine, request)
    asked = [(tensor, form or "") for form in _formats(model, gpu, request) for tensor in spreads]
    last = next(
        (tried[gpu.name, tensor, form] for tensor, form in reversed(asked) if (gpu.name, tensor, form) in tried), None
    )
    if last is None:
        return f"{gpu.name} cannot run the format" if spreads else "it has fewer GPUs than asked for"
    settled, available = last.settled, gib(last.account.available)
    text = f"{(last.limit or '').replace('_', ' ')}: {gib(last.account.weights):.1f} GiB of weights in {settled.format.name} on each of {settled.layout.tensor}"
    return f"{text}, {available:.1f} GiB left for the cache of {settled.context:,} tokens"


def _nearest(model: Architecture, request: Request, chosen: list[Instance]) -> str | None:
    """The smallest change on the largest of the instances that were asked for."""
    from blueprint.planner.changes import smallest_change  # noqa: PLC0415  only what does not fit pays for it

    able = [
        (machine.accelerators * gpu.memory_gib, machine, gpu)
        for machine in chosen
        if (gpu := gpu_of(machine)) is not None
    ]
    if not able:
        return "an instance type with whole NVIDIA GPUs"
    _, machine, gpu = max(able, key=lambda each: (each[0], each[1].name))
    widest = max(_spreads(model, machine, request), default=1)
    text = smallest_change(model, gpu, request.model_copy(update={"tensor_parallel": widest}))
    return None if text is None else f"{machine.name} with --tensor-parallel {widest} and {text}"
