"""One deployment as people read it: a table, Markdown, CSV, or a bar of memory by term."""

from __future__ import annotations

import csv
import io
from html import escape

from blueprint.columns import columns
from blueprint.planner.capacity import Capacity

_COLOURS = {
    "weights": "#3b6ea5",
    "activation": "#d98c3f",
    "buffers": "#c7a83f",
    "non-torch": "#8d8d8d",
    "CUDA graphs": "#7a5ea8",
    "KV cache": "#4a9a62",
}
_WIDTH, _LEFT, _BAR = 720, 20, 680


def rows_of(found: Capacity) -> list[tuple[str, str]]:
    """Names and values, the answer first."""
    low, high = found.error_band.available_kv_cache_gib_per_gpu
    return [
        ("model", found.model), ("GPUs", f"{found.gpus} x {found.gpu}"), ("verdict", found.verdict),
        ("budget", f"{found.budget_gib_per_gpu:.2f} GiB per GPU"),
        ("weights", f"{found.weights_gib_per_gpu:.2f} GiB per GPU"),
        ("activation", f"{found.activation_gib_per_gpu:.2f} GiB per GPU"),
        ("buffers", f"{found.buffers_gib_per_gpu:.2f} GiB per GPU"),
        ("non-torch", f"{found.non_torch_gib_per_gpu:.2f} GiB per GPU"),
        ("CUDA graphs", f"{found.cuda_graph_gib_per_gpu:.2f} GiB per GPU"),
        ("left for KV cache", f"{found.available_kv_cache_gib_per_gpu:.2f} GiB per GPU, between {low:.2f} and {high:.2f} ({found.error_band.origin})"),
        ("KV cache", f"{found.kv_cache_tokens:,} tokens"), ("at once", _at_once(found)),
        ("longest sequence", f"{found.longest_context:,} tokens"), ("limited by", found.limiting_term.replace("_", " ")),
        ("smallest change", found.smallest_change or ("none needed" if found.fits else "none of those tried makes it fit")),
    ]  # fmt: skip


def _at_once(found: Capacity) -> str:
    if found.max_concurrency is None:
        return "as many as allowed: nothing is kept of a sequence"
    return f"{found.max_concurrency:.2f} full-length sequences"


def as_table(found: Capacity) -> str:
    """For a terminal, with what was taken where nothing was said, and why the band is as wide."""
    taken = [f"  {name} = {value}" for name, value in found.derived.items()]
    doubts = [f"  {text}" for text in found.error_band.because]
    return "\n".join(
        [
            columns(("", "value"), rows_of(found), widest=110),
            "",
            "taken where nothing was said",
            *taken,
            "",
            "error band",
            *doubts,
        ]
    )


def as_markdown(found: Capacity) -> str:
    """A table, and its sources."""
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows_of(found)), "", "Sources", ""]
    return "\n".join([*lines, *(f"- {source}" for source in found.sources)]) + "\n"


def as_csv(found: Capacity) -> str:
    """One row of numbers under their names."""
    flat = found.model_dump(mode="json", by_alias=True, exclude={"error_band", "derived", "sources"})
    text = io.StringIO()
    writer = csv.DictWriter(text, list(flat), lineterminator="\n")
    writer.writeheader()
    writer.writerow(flat)
    return text.getvalue()


def terms_of(found: Capacity) -> list[tuple[str, float]]:
    """GiB of a GPU by term, as far as the budget holds them; graphs only where they are in it."""
    counted = found.budget_gib_per_gpu - found.available_kv_cache_gib_per_gpu
    rest = [
        ("weights", found.weights_gib_per_gpu),
        ("activation", found.activation_gib_per_gpu),
        ("buffers", found.buffers_gib_per_gpu),
        ("non-torch", found.non_torch_gib_per_gpu),
    ]
    left = counted - sum(value for _, value in rest)
    if abs(left - found.cuda_graph_gib_per_gpu) < abs(left):
        rest.append(("CUDA graphs", found.cuda_graph_gib_per_gpu))
    return [*rest, ("KV cache", max(0.0, found.available_kv_cache_gib_per_gpu))]


def as_svg(found: Capacity) -> str:
    """A bar of one GPU's memory; what does not fit sticks out behind the line of the budget."""
    terms = terms_of(found)
    whole = max(found.budget_gib_per_gpu, sum(value for _, value in terms)) or 1.0
    title = f"{found.model} on {found.gpus} x {found.gpu}: {found.verdict}, limited by {found.limiting_term.replace('_', ' ')}"
    parts, at = [], float(_LEFT)
    for index, (name, value) in enumerate(terms):
        wide = value / whole * _BAR
        parts.append(
            f'<rect x="{at:.1f}" y="48" width="{wide:.1f}" height="44" fill="{_COLOURS[name]}"><title>{name}: {value:.2f} GiB</title></rect>'
        )
        parts.append(f'<rect x="{_LEFT}" y="{122 + 22 * index}" width="12" height="12" fill="{_COLOURS[name]}"/>')
        parts.append(f'<text x="{_LEFT + 20}" y="{133 + 22 * index}">{name}: {value:.2f} GiB</text>')
        at += wide
    line = _LEFT + found.budget_gib_per_gpu / whole * _BAR
    parts.append(f'<line x1="{line:.1f}" y1="42" x2="{line:.1f}" y2="98" stroke="#c0392b" stroke-width="2"/>')
    parts.append(
        f'<text x="{min(line, _WIDTH - 150):.1f}" y="112" font-size="11">budget {found.budget_gib_per_gpu:.2f} GiB</text>'
    )
    height = 140 + 22 * len(terms)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" role="img" font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>", f'<text x="{_LEFT}" y="30" font-size="15">{escape(title)}</text>', *parts, "</svg>",
    ]) + "\n"  # fmt: skip
