"""One deployment as people read it: a table, Markdown or CSV. Drawn: capacity_drawing.py."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.columns import columns
from blueprint.planner.capacity import Capacity
from blueprint.planner.cells import Cell, both, csv_of, line, shown
from blueprint.planner.request import Request


def rows_of(found: Capacity) -> list[tuple[str, str]]:
    """Names and values, the answer first."""
    low, high = found.error_band.available_kv_cache_gib_per_gpu
    missing = ": so much is missing" if found.available_kv_cache_gib_per_gpu < 0 else ""
    inside = "in the budget" if found.cuda_graph_in_budget else "outside the budget"
    return [
        ("model", found.model), ("GPUs", f"{found.gpus} x {found.gpu}"), ("verdict", found.verdict),
        ("budget", f"{found.budget_gib_per_gpu:.2f} GiB per GPU"),
        ("weights", f"{found.weights_gib_per_gpu:.2f} GiB per GPU"),
        ("activation", f"{found.activation_gib_per_gpu:.2f} GiB per GPU"),
        ("buffers", f"{found.buffers_gib_per_gpu:.2f} GiB per GPU"),
        ("non-torch", f"{found.non_torch_gib_per_gpu:.2f} GiB per GPU"),
        ("CUDA graphs", f"{found.cuda_graph_gib_per_gpu:.2f} GiB per GPU, {inside}"),
        ("left for KV cache", f"{found.available_kv_cache_gib_per_gpu:.2f} GiB per GPU{missing}, between {low:.2f} and {high:.2f} ({found.error_band.origin})"),
        ("reserve", f"{found.reserve_gib_per_gpu:.2f} GiB per GPU of it must be spare before it is said to fit"),
        ("KV cache", _tokens(found)), ("at once", _at_once(found)), *_asked(found),
        ("longest sequence", f"{found.longest_context:,} tokens" if found.longest_context else "none as it is asked for"),
        ("limited by", found.limiting_term.replace("_", " ")),
        ("smallest change", found.smallest_change or ("none needed" if found.fits else "none of those tried makes it fit")),
    ]  # fmt: skip


def settings_of(found: Capacity) -> Mapping[str, str | int | float | bool]:
    """Every flag with the value that holds, given or taken."""
    return {**found.given, **found.derived}


def _ranks(found: Capacity) -> str:
    data = int(settings_of(found)["data_parallel"])
    return f" in each of {data} data ranks" if data > 1 else ""


def _tokens(found: Capacity) -> str:
    if found.max_concurrency is None:
        return "nothing is kept of a sequence"
    low, high = found.error_band.kv_cache_tokens
    return f"{found.kv_cache_tokens:,} tokens{_ranks(found)}, between {low:,} and {high:,}"


def _at_once(found: Capacity) -> str:
    if not found.fits:
        return "none: it does not fit"
    held = settings_of(found)
    whole = f"{found.at_once:,} sequences of {held['max_model_len']:,} tokens"
    room = "nothing is kept of one" if found.max_concurrency is None else f"room for {found.max_concurrency:,.2f}"
    return f"{whole}: {room}{_ranks(found)}, --max-num-seqs {held['max_num_seqs']}"


def _asked(found: Capacity) -> list[tuple[str, str]]:
    if found.concurrency is None:
        return []
    hold = (
        f"{_some(found.replicas, 'replica')} of {_some(found.gpus, 'GPU')}"
        if found.replicas
        else "no number of replicas holds them"
    )
    return [(f"{found.concurrency:,} at once", hold)]


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def sections(found: Capacity) -> list[tuple[str, list[str]]]:
    """What the numbers rest on: the same under the table and in Markdown."""
    return [
        ("given", [f"{name} = {shown(value)}" for name, value in found.given.items()] or ["nothing"]),
        ("taken where nothing was said", [f"{name} = {shown(value)}" for name, value in found.derived.items()]),
        (f"error band: {found.error_band.origin}", list(found.error_band.because)),
        ("sources", list(found.sources)),
    ]


def as_table(found: Capacity, width: int | None = None) -> str:
    """For a terminal, with all that it rests on."""
    parts = [columns(("", "value"), rows_of(found), widest=130, width=width)]
    for title, lines in sections(found):
        parts += ["", title, *(f"  {each}" for each in lines)]
    return "\n".join(parts)


def as_markdown(found: Capacity) -> str:
    """The same as Markdown."""
    parts = ["| | |", "|---|---|", *(line(row) for row in rows_of(found))]
    for title, lines in sections(found):
        parts += ["", title[0].upper() + title[1:], "", *(f"- {each}" for each in lines)]
    return "\n".join(parts) + "\n"


def as_csv(found: Capacity) -> str:
    """One row, a figure a cell: the answer, its band, and every flag with the value that holds."""
    band = found.error_band
    answer = found.model_dump(mode="json", by_alias=True, exclude={"error_band", "given", "derived", "sources"})
    row: dict[str, Cell] = {
        **answer,
        **both("available_kv_cache_gib_per_gpu", band.available_kv_cache_gib_per_gpu),
        **both("kv_cache_tokens", band.kv_cache_tokens),
        "origin": band.origin, "because": "; ".join(band.because),
        **{name: settings_of(found).get(name) for name in Request.model_fields},
        "given": " ".join(found.given), "sources": "; ".join(found.sources),
    }  # fmt: skip
    return csv_of([row], row)
