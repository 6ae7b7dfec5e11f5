"""Ranked options as people read them."""

from __future__ import annotations

import csv
import io

from blueprint.columns import columns
from blueprint.planner.options import Option, Options

SHOWN = 15
HEAD = (
    "instance",
    "GPUs",
    "parallel",
    "format",
    "fit",
    "headroom GiB",
    "at once",
    "replicas",
    "instances",
    "USD a month",
    "USD a million out",
)


def cells(each: Option) -> tuple[str, ...]:
    """One option as text."""
    cost = monthly(each)
    span = each.usd_per_million_output_tokens
    return (
        each.instance, f"{each.gpus_per_instance} x {each.gpu}", f"TP{each.tensor_parallel}", each.format, each.verdict,
        f"{each.headroom_gib_per_gpu:.1f}", str(each.concurrency_per_replica), str(each.replicas), str(each.instances), cost,
        ("unknown" if each.output_tokens_per_second else "none written") if span is None else f"{span[0]:.2f} to {span[1]:.2f}",
    )  # fmt: skip


def monthly(each: Option) -> str:
    """USD a month, a range where prices are one, with a star where something is to be said about them."""
    if each.usd_per_month is None or each.lowest_usd_per_month is None:
        return "unknown"
    low = f"{each.lowest_usd_per_month:,.0f} to " if each.lowest_usd_per_month < each.usd_per_month else ""
    return f"{low}{each.usd_per_month:,.0f}{'*' if each.price_caveat else ''}"


def notes(found: Options) -> list[str]:
    """What the numbers rest on."""
    caveats = sorted(
        {each.price_caveat for each in found.options if each.price_caveat and each.usd_per_month is not None}
    )
    lines = [f"* {caveat}" for caveat in caveats]
    rates = [each.output_tokens_per_second for each in found.options if each.output_tokens_per_second is not None]
    if rates:
        lines.append(
            f"USD a million output tokens: an estimate, at {found.utilisation:.0%} utilisation; {'; '.join(rates[0].assumptions)}"
        )
    return [*lines, *(f"source: {source}" for source in found.sources)]


def before(found: Options) -> list[str]:
    """Cheaper instance types that are no option, with the reason."""
    hourly = [each for each in found.skipped if each.usd_per_hour is not None]
    first = found.options[0].instances if found.options else 0
    bound = (found.options[0].usd_per_month or 0.0) / 730 / first if first else float("inf")
    return [
        f"{each.instance} at {each.usd_per_hour:.2f} USD/h: {each.because}"
        for each in hourly
        if (each.usd_per_hour or 0.0) < bound
    ]


def head_of(found: Options) -> str:
    """One sentence that says what was asked and how it ended."""
    asked = f"{found.model}, {found.context:,} tokens, {found.concurrency} at once, {found.capacity} in {found.region}"
    if found.options:
        return f"{asked}: {len(found.options)} option{'s' if len(found.options) > 1 else ''}, cheapest {found.options[0].instance}"
    return f"{asked}: nothing fits; nearest: {found.nearest or 'none of the changes tried'}"


def as_table(found: Options) -> str:
    """The first options, what was skipped before the first, and what it rests on."""
    parts = [head_of(found), ""]
    if found.options:
        parts += [columns(HEAD, [cells(each) for each in found.options[:SHOWN]])]
        if len(found.options) > SHOWN:
            parts.append(f"… and {len(found.options) - SHOWN} more: -o json or -o csv has them all")
    cheaper = before(found)
    if cheaper:
        parts += ["", "cheaper, and skipped" if found.options else "skipped", *(f"  {line}" for line in cheaper)]
    return "\n".join([*parts, "", *notes(found)])


def as_markdown(found: Options) -> str:
    """The same as Markdown."""
    table = [
        "| " + " | ".join(HEAD) + " |",
        "|" + "---|" * len(HEAD),
        *("| " + " | ".join(cells(each)) + " |" for each in found.options),
    ]
    return (
        "\n".join(
            [
                head_of(found),
                "",
                *(table if found.options else []),
                "",
                *(f"- {line}" for line in [*before(found), *notes(found)]),
            ]
        )
        + "\n"
    )


def as_csv(found: Options) -> str:
    """All options, one a row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name.lower().replace(" ", "_") for name in HEAD])
    writer.writerows([cell.rstrip("*").replace(",", "") for cell in cells(each)] for each in found.options)
    return text.getvalue()
