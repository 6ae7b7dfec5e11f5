"""Ranked options as people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from blueprint.columns import columns
from blueprint.planner.cells import Cell, both, csv_of, line, shown
from blueprint.planner.options import NO_PRICE, Option, Options, Skipped
from blueprint.planner.request import Request
from blueprint.planner.throughput import RANGES

SHOWN = 15
UNKNOWN = "UNKNOWN"


def monthly(each: Option) -> str:
    """USD a month, a range where prices are one, with a star where something is to be said about them."""
    if each.usd_per_month is None or each.lowest_usd_per_month is None:
        return UNKNOWN
    low = f"{each.lowest_usd_per_month:,.0f} to " if each.lowest_usd_per_month < each.usd_per_month else ""
    return f"{low}{each.usd_per_month:,.0f}{'*' if each.price_caveat else ''}"


def of_tokens(each: Option) -> str:
    """USD a million output tokens, with the same star."""
    span = each.usd_per_million_output_tokens
    if span is None:
        return UNKNOWN if each.output_tokens_per_second else "none written"
    return f"{span[0]:.2f} to {span[1]:.2f}{'*' if each.price_caveat else ''}"


COLUMNS: Final[tuple[tuple[str, Callable[[Option], str]], ...]] = (
    ("instance", lambda each: each.instance),
    ("GPUs", lambda each: f"{each.gpus_per_instance} x {each.gpu}"),
    ("parallel", lambda each: f"TP{each.tensor_parallel}"),
    ("format", lambda each: each.format),
    ("fit", lambda each: each.verdict),
    ("at once", lambda each: str(each.concurrency_per_replica)),
    ("replicas", lambda each: str(each.replicas)),
    ("instances", lambda each: str(each.instances)),
    ("USD a month", monthly),
    ("headroom GiB", lambda each: f"{each.headroom_gib_per_gpu:.1f} ±{each.band_gib_per_gpu:g}"),
    ("offered", lambda each: {True: "yes", False: "no", None: UNKNOWN}[each.offered]),
    ("USD a million out", of_tokens),
    ("priced in", lambda each: f"{each.price_region} {each.price_capacity}" if each.price_region else UNKNOWN),
    ("from", lambda each: each.output_tokens_per_second.basis if each.output_tokens_per_second else ""),
    ("running", lambda each: str(each.output_tokens_per_second.at_once) if each.output_tokens_per_second else ""),
)
"""In the order in which a narrow terminal leaves them out, the last first."""


def cells(each: Option) -> tuple[str, ...]:
    """One option as text."""
    return tuple(cell(each) for _, cell in COLUMNS)


def notes(found: Options) -> list[str]:
    """What the numbers rest on, of all rows."""
    priced = [each for each in found.options if each.usd_per_month is not None]
    caveats = [*(each.price_caveat for each in priced), *(each.price_caveat for each in found.skipped)]
    rates = [each.output_tokens_per_second for each in found.options if each.output_tokens_per_second is not None]
    bands = sorted({(each.band_gib_per_gpu, each.origin) for each in found.options})
    lines = [f"* {caveat}" for caveat in _unlike(caveats) if caveat not in {"", NO_PRICE}]
    if priced:
        lines.append(f"USD a month: {found.hours_per_month} hours, all instances of a row")
    if bands:
        told = ", ".join(f"±{band:g} {origin}" for band, origin in bands)
        lines.append(f"headroom: GiB of one GPU with what is asked at once in its cache, {told}")
    if rates:
        alike = [
            text
            for text in rates[0].assumptions
            if all(text in each.assumptions for each in rates) and text not in RANGES.values()
        ]
        lines.append(f"USD a million output tokens: at {found.utilisation:.0%} utilisation, with `running` sequences at once; {'; '.join(alike)}")  # fmt: skip
        lines += [f"from {basis}: {RANGES[basis]}" for basis in _unlike(each.basis for each in rates)]
        lines += _unlike(f"published: {text}" for each in rates for text in each.published)
    return [*lines, *inputs(found), *(f"source: {source}" for source in found.sources)]


def inputs(found: Options) -> list[str]:
    """Flags that were given, what was taken alike for all options, and what differs among them."""
    taken = _unlike(name for each in found.options for name in each.derived)
    values = {name: _unlike(shown(each.derived.get(name)) for each in found.options) for name in taken}
    alike = [f"{name} {each[0]}" for name, each in values.items() if len(each) == 1]
    differing = [name for name, each in values.items() if len(each) > 1]
    return [
        f"given: {', '.join(f'{name} {shown(value)}' for name, value in found.given.items()) or 'nothing'}",
        *([f"taken for all: {', '.join(alike)}"] if alike else []),
        *([f"taken by instance type, see -o csv: {', '.join(differing)}"] if differing else []),
    ]


def _unlike(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def before(found: Options) -> list[str]:
    """Cheaper instance types that are no option, with the reason."""
    first = found.options[0] if found.options else None
    cost = None if first is None or first.usd_per_month is None else first.usd_per_month
    bound = float("inf") if first is None or cost is None else cost / found.hours_per_month / first.instances
    return [
        f"{each.instance} at {hourly(each)} USD/h: {each.because}"
        for each in found.skipped
        if not found.options or (each.usd_per_hour is not None and each.usd_per_hour < bound)
    ]


def hourly(each: Skipped) -> str:
    """USD an hour, with the star of a price that something is to be said about."""
    return UNKNOWN if each.usd_per_hour is None else f"{each.usd_per_hour:.2f}{'*' if each.price_caveat else ''}"


def head_of(found: Options) -> str:
    """What was asked and how it ended, in a sentence."""
    priced = ", at on-demand prices because no source has reserved ones" if found.capacity == "reserved" else ""
    asked = f"{found.model}, {found.context:,} tokens, {found.concurrency:,} at once, {found.capacity} in {found.region}{priced}"
    unknown = "" if found.offers_read else f"; {UNKNOWN} which of them {found.region} offers: its offers were not read"
    if not found.options:
        return f"{asked}: nothing fits; nearest: {found.nearest or 'none of the changes tried'}"
    first = found.options[0]
    cheapest = f"cheapest {first.instance}" if first.usd_per_month is not None else f"prices {UNKNOWN}"
    return f"{asked}: {len(found.options)} option{'s' if len(found.options) > 1 else ''}, {cheapest}{unknown}"


def as_table(found: Options, width: int | None = None) -> str:
    """The first options, what was skipped before the first, and what it rests on."""
    parts = [head_of(found)]
    if found.options:
        parts += [
            "",
            columns([name for name, _ in COLUMNS], [cells(each) for each in found.options[:SHOWN]], width=width),
        ]
        if len(found.options) > SHOWN:
            parts.append(f"… and {len(found.options) - SHOWN} more: -o json or -o csv has them all")
    cheaper = before(found)
    if cheaper:
        parts += ["", "cheaper, and skipped" if found.options else "skipped", *(f"  {each}" for each in cheaper)]
    return "\n".join([*parts, "", *notes(found)])


def as_markdown(found: Options) -> str:
    """The same as Markdown."""
    head = [line(name for name, _ in COLUMNS), "|" + "---|" * len(COLUMNS)]
    table = [*head, *(line(cells(each)) for each in found.options), ""] if found.options else []
    return "\n".join([head_of(found), "", *table, *(f"- {each}" for each in [*before(found), *notes(found)])]) + "\n"


def as_csv(found: Options) -> str:
    """All options, one a row, a figure a cell, with what was asked and every flag that holds."""
    rows = [_row(found, each) for each in found.options] or [_row(found, None)]
    return csv_of(rows, rows[0])


def _row(found: Options, each: Option | None) -> Mapping[str, Cell]:
    """One option; with none, what was asked and what comes closest."""
    rate = each.output_tokens_per_second if each else None
    asked = found.model_dump(mode="json", by_alias=True, exclude={"options", "skipped", "sources", "given", "instance"})
    nested = {"output_tokens_per_second", "usd_per_million_output_tokens", "derived"}
    names = [name for name in Option.model_fields if name not in nested]
    none: dict[str, Cell] = {**dict.fromkeys(names), "instance": found.instance, "verdict": "does not fit"}
    told = each.model_dump(mode="json", include=set(names)) if each else none
    flags = {**found.given, **(each.derived if each else {})}
    return {
        **told,
        **both("usd_per_million_output_tokens", each.usd_per_million_output_tokens if each else None),
        **both("output_tokens_per_second", (rate.low, rate.high) if rate else None),
        "throughput_basis": rate.basis if rate else None, "throughput_at_once": rate.at_once if rate else None,
        "throughput_assumptions": "; ".join((*rate.assumptions, *rate.published)) if rate else None,
        **asked,
        **{name: flags.get(name) for name in Request.model_fields},
        "given": " ".join(found.given), "sources": "; ".join(found.sources),
    }  # fmt: skip
