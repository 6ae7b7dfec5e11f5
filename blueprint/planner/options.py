"""Every way to serve a model in a region, ranked by what it costs, and why the others are not among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

from pydantic import Field

from blueprint.errors import DocumentError, NotFound, Problem
from blueprint.planner.accelerators import Accelerator, gpu_of
from blueprint.planner.architecture import Architecture
from blueprint.planner.bounds import MOST_AT_ONCE
from blueprint.planner.capacity import BANDS, Counted, count
from blueprint.planner.instances import Instance, instance, instances, offered, offers_of, offers_read
from blueprint.planner.layout import Layout
from blueprint.planner.memory import Origin
from blueprint.planner.prices import HOURS, Price, Purchase, price
from blueprint.planner.quantization import FORMATS, smaller_than
from blueprint.planner.regions import REGIONS
from blueprint.planner.request import Request, cuts_evenly, divides
from blueprint.planner.throughput import Mix, Throughput, throughput, usd_per_million
from blueprint.planner.units import gib
from blueprint.types import Frozen

SCHEMA: Literal["blueprint.options/1"] = "blueprint.options/1"
NO_PRICE = "no price in the table"
ONE_GPU: Mapping[str, object] = {
    "total_gpu_memory_gib": None, "pipeline_parallel": 1, "data_parallel": 1, "decode_context_parallel": 1, "expert_parallel": False,
}  # fmt: skip
"""What is planned with --gpu alone, each with what stands for leaving it out."""


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
    """Left of the cache when the asked concurrency of one replica is in it."""
    band_gib_per_gpu: float
    """That the headroom may be off by, either way."""
    origin: Origin
    """How that is known."""
    concurrency_per_replica: int
    replicas: int
    instances: int
    usd_per_month: float | None
    """Of 730 hours, at the highest price where there is a range."""
    lowest_usd_per_month: float | None
    price_region: str | None
    """Where that price was read; another region stands in where none was read for the one that was asked for."""
    price_capacity: Purchase | None
    """What it is a price of: on-demand stands in where no source has what was asked for."""
    price_read: str | None
    """Date of its source."""
    price_caveat: str
    offered: bool | None
    """None: the table of offers does not cover the pair."""
    output_tokens_per_second: Throughput | None
    """Of one replica; None for an encoder, which writes none."""
    usd_per_million_output_tokens: tuple[float, float] | None
    """Range, at the stated utilisation, with every GPU of the instances paid for."""
    derived: Mapping[str, str | int | float | bool]
    """Every flag that was left out, with the value that was taken here."""


class Skipped(Frozen):
    """An instance type that is no option, and why."""

    instance: str
    usd_per_hour: float | None
    price_caveat: str
    because: str


class Options(Frozen):
    """All options, cheapest first."""

    schema_: Literal["blueprint.options/1"] = Field(SCHEMA, alias="schema")
    model: str
    region: str
    capacity: Purchase
    instance: str | None
    """The only type that was asked for; None: all of them."""
    concurrency: int
    context: int
    input_tokens: int
    output_tokens: int
    utilisation: float
    hours_per_month: int
    given: Mapping[str, str | int | float | bool]
    """Every flag of the server that was given."""
    offers_read: str | None
    """Date of the table of offers; None: it does not have the region, and nobody knows what is offered there."""
    options: tuple[Option, ...]
    skipped: tuple[Skipped, ...]
    nearest: str | None
    """With no option: what comes closest."""
    sources: tuple[str, ...]


class Case(NamedTuple):
    """What is asked of every instance type, and what was counted for it so far."""

    model: Architecture
    request: Request
    wanted: Wanted
    tried: dict[tuple[str, int, str], Counted | DocumentError]
    """By GPU, tensor ranks and format; an error where the GPU has no answer."""

    @property
    def context(self) -> int:
        """Tokens of the longest sequence, as any GPU was asked to hold it."""
        told = (int(each.settled.context) for each in self.tried.values() if isinstance(each, Counted))
        return next(told, self.request.max_model_len or self.model.context)

    def price(self, machine: Instance) -> Price | None:
        """As it is wanted."""
        return price(machine.name, self.wanted.region, self.wanted.purchase)

    def formats(self, gpu: Accelerator) -> list[str | None]:
        """None is the model's own; a checkpoint in another has to exist, and to pass its evaluation."""
        if self.request.quantization is not None:
            return [self.request.quantization]
        own = FORMATS[self.model.format]
        return [None, *(each.name for each in smaller_than(own, gpu.capability))]

    def spreads(self, machine: Instance) -> list[int]:
        """Tensor ranks that one instance holds."""
        asked = self.request.tensor_parallel
        if asked is not None:
            return [asked] if asked <= machine.accelerators else []
        able = (each for each in (1, 2, 4, 8) if each <= machine.accelerators)
        return [each for each in able if divides(self.model, each) and cuts_evenly(self.model, Layout(tensor=each))]

    def counted(self, gpu: Accelerator, tensor: int, form: str | None) -> Counted | DocumentError:
        """Once for all instance types with that GPU."""
        key = (gpu.name, tensor, form or "")
        if key not in self.tried:
            changed = self.request.model_copy(update={"tensor_parallel": tensor, "quantization": form})
            try:
                self.tried[key] = count(self.model, gpu, changed)
            except DocumentError as error:
                self.tried[key] = error
        return self.tried[key]


def options(name: str, model: Architecture, request: Request, wanted: Wanted, *, source: str = "") -> Options:
    """Rank the instance types of a region. Raises NotFound for an unknown region or type, DocumentError for a contradiction."""
    if wanted.region not in REGIONS:
        raise NotFound("region", wanted.region, REGIONS)
    chosen = list(instances().values()) if wanted.instance is None else [instance(wanted.instance)]
    _agree(request, chosen, wanted)
    case = Case(model, request, wanted, {})
    kept, skipped = [], []
    for machine in chosen:
        gpu = gpu_of(machine)
        reason = _unfit(machine, gpu, offered(machine.name, wanted.region))
        found = [] if reason or gpu is None else list(_ways(case, machine, gpu))
        kept += found
        if not found:
            skipped.append(_skipped(case, machine, reason or _why(case, machine, gpu)))
    _raise_what_no_type_answers(case)
    ranked = tuple(sorted(kept, key=lambda each: _rank(each, wanted.region)))
    passed_over = sorted(skipped, key=lambda each: (each.usd_per_hour is None, each.usd_per_hour or 0.0, each.instance))
    known_here = wanted.region in offers_of()
    return Options(
        schema=SCHEMA, model=name, region=wanted.region, capacity=wanted.purchase, instance=wanted.instance, concurrency=wanted.concurrency,
        context=case.context, input_tokens=wanted.mix.input,
        output_tokens=wanted.mix.output, utilisation=wanted.mix.utilisation, hours_per_month=HOURS, given=request.given,
        offers_read=offers_read() if known_here else None, options=ranked, skipped=tuple(passed_over),
        nearest=None if ranked else _nearest(case, chosen), sources=_sources(case, chosen, source, known_here=known_here),
    )  # fmt: skip


def _sources(case: Case, chosen: list[Instance], source: str, *, known_here: bool) -> tuple[str, ...]:
    prices = (found for machine in chosen if (found := case.price(machine)) is not None)
    region = case.wanted.region
    offers = f"offers {offers_read()}: instances.yaml" if known_here else f"offers: not read for {region}"
    return tuple(
        dict.fromkeys(
            [*([source] if source else []), *(f"prices {each.read}: {each.source}" for each in prices), offers]
        )
    )


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
        for key, left_out in ONE_GPU.items()
        if getattr(request, key) not in (None, left_out)
    ]  # fmt: skip
    if not 0 < wanted.mix.utilisation <= 1:
        problems.append(Problem("is no share", path=("--utilisation",), value=str(wanted.mix.utilisation), allowed="above 0, up to 1"))  # fmt: skip
    if not 0 < wanted.concurrency <= MOST_AT_ONCE:
        problems.append(Problem("is no number of sequences that is planned for", path=("--concurrency",), value=str(wanted.concurrency),
                                allowed=f"1 to {MOST_AT_ONCE:,}"))  # fmt: skip
    if problems:
        raise DocumentError(problems)


def _raise_what_no_type_answers(case: Case) -> None:
    """Where every GPU that was tried refuses, the question is wrong; told with the name of what was asked for.

    That no GPU of a region computes in the model's own format is an answer, when none was named.
    """
    errors = [each for each in case.tried.values() if isinstance(each, DocumentError)]
    if not errors or len(errors) < len(case.tried):
        return
    only = case.wanted.instance
    if only is None and all(each.key == "--gpu" for error in errors for each in error.problems):
        return
    raise DocumentError(
        replace(each, path=("--instance",), value=only) if only and each.key == "--gpu" else each
        for each in errors[0].problems
    )


def _unfit(machine: Instance, gpu: Accelerator | None, here: bool | None) -> str:
    if here is False:
        return "its family is not offered in this region"
    if machine.vendor != "nvidia":
        return f"{machine.accelerator}: the planner counts memory of NVIDIA GPUs only"
    return "a fraction of a GPU" if gpu is None else ""


def _ways(case: Case, machine: Instance, gpu: Accelerator) -> Iterator[Option]:
    """For each format, the fewest GPUs of this instance type that a replica fits, if any."""
    for form in case.formats(gpu):
        for tensor in case.spreads(machine):
            answer = case.counted(gpu, tensor, form)
            if isinstance(answer, Counted) and answer.limit is None:
                yield _option(case, machine, answer)
                break


def _option(case: Case, machine: Instance, answer: Counted) -> Option:
    settled, found, wanted, gpu = answer.settled, answer.account, case.wanted, answer.gpu
    given, replicas = case.request.given, answer.replicas(wanted.concurrency)
    machines = -(-replicas // (machine.accelerators // settled.layout.gpus))
    cost = case.price(machine)
    rate = throughput(answer.model, gpu, settled, found, wanted.mix) if not answer.model.pools else None
    used = -(-wanted.concurrency // (replicas * settled.layout.data)) * found.pool.needs(
        settled.context, settled.in_flight
    )
    return Option(
        instance=machine.name, gpu=gpu.name, gpus_per_instance=machine.accelerators, tensor_parallel=settled.layout.tensor, format=settled.format.name,
        verdict="tight" if answer.tight else "fits",
        headroom_gib_per_gpu=round(gib(found.available) - used * gib(found.pool.block_bytes), 2),
        band_gib_per_gpu=BANDS[answer.origin], origin=answer.origin,
        concurrency_per_replica=answer.at_once, replicas=replicas, instances=machines,
        usd_per_month=None if cost is None else round(cost.usd_per_hour * machines * HOURS, 2),
        lowest_usd_per_month=None if cost is None else round(cost.lowest * machines * HOURS, 2),
        price_region=None if cost is None else cost.region, price_capacity=None if cost is None else cost.purchase,
        price_read=None if cost is None else cost.read,
        price_caveat=NO_PRICE if cost is None else cost.caveat, offered=offered(machine.name, wanted.region),
        output_tokens_per_second=rate,
        usd_per_million_output_tokens=None if cost is None or rate is None else _usd_per_million(cost, machines / replicas, rate, wanted.mix),
        derived={name: value for name, value in answer.derived.items() if name not in given}
        | {"tensor_parallel": settled.layout.tensor, "quantization": settled.format.name},
    )  # fmt: skip


def _usd_per_million(cost: Price, share: float, rate: Throughput, mix: Mix) -> tuple[float, float]:
    """With every instance paid for: a replica pays for its share of all of them."""
    return usd_per_million((cost.lowest * share, cost.usd_per_hour * share), rate, mix.utilisation)


def _skipped(case: Case, machine: Instance, reason: str) -> Skipped:
    cost = case.price(machine)
    return Skipped(
        instance=machine.name, usd_per_hour=None if cost is None else cost.usd_per_hour,
        price_caveat=NO_PRICE if cost is None else cost.caveat, because=reason,
    )  # fmt: skip


def _why(case: Case, machine: Instance, gpu: Accelerator | None) -> str:
    """The limiting term of the most that was tried: most GPUs, smallest format."""
    if gpu is None or not case.spreads(machine):
        return "it has fewer GPUs than asked for"
    asked = [case.counted(gpu, tensor, form) for form in case.formats(gpu) for tensor in case.spreads(machine)]
    last = next((each for each in reversed(asked) if isinstance(each, Counted)), None)
    if last is None:
        return "; ".join(each.what if each.key == "--gpu" else f"{each.key}: {each.what}" for error in asked[:1] if isinstance(error, DocumentError) for each in error.problems)  # fmt: skip
    settled, available = last.settled, gib(last.account.available)
    text = f"{(last.limit or '').replace('_', ' ')}: {gib(last.account.weights):.1f} GiB of weights in {settled.format.name} on each of {settled.layout.tensor}"
    return f"{text}, {available:.1f} GiB left for the cache of {settled.context:,} tokens"


def _nearest(case: Case, chosen: list[Instance]) -> str | None:
    """The smallest change on the largest of the instances that were asked for."""
    from blueprint.planner.changes import smallest_change  # noqa: PLC0415  only what does not fit pays for it

    counted = {key[0] for key, each in case.tried.items() if isinstance(each, Counted)}
    able = [
        (machine.accelerators * gpu.memory_gib, machine, gpu)
        for machine in chosen
        if (gpu := gpu_of(machine)) is not None and gpu.name in counted
    ]
    if not able:
        return "an instance type that is offered there, with whole NVIDIA GPUs that compute in its format"
    _, machine, gpu = max(able, key=lambda each: (each[0], each[1].name))
    widest = max(case.spreads(machine), default=1)
    text = smallest_change(case.model, gpu, case.request.model_copy(update={"tensor_parallel": widest}))
    return None if text is None else f"{machine.name} with --tensor-parallel {widest} and {text}"
