"""One deployment drawn: a bar of the memory of one GPU, by term."""

from __future__ import annotations

import textwrap
from html import escape
from typing import NamedTuple

from blueprint.planner.capacity import Capacity
from blueprint.planner.capacity_page import settings_of

_COLOURS = {
    "weights": "#3b6ea5",
    "activation": "#d98c3f",
    "buffers": "#c7a83f",
    "non-torch": "#8d8d8d",
    "CUDA graphs": "#7a5ea8",
    "KV cache": "#4a9a62",
}
_MISSING, _LINE = "url(#missing)", "#c0392b"
_WIDTH, _LEFT, _BAR, _TALL = 720, 20, 680, 44
_TITLE, _TEXT = 76, 108
"""Characters of a line in each size, for letters of more than usual width."""


class Part(NamedTuple):
    """A stretch of the bar."""

    name: str
    start: float
    gib: float
    fill: str


def parts_of(found: Capacity) -> list[Part]:
    """Terms from left to right: what the budget holds, what is missing of it, what takes memory beside it."""
    outside = [] if found.cuda_graph_in_budget else [("CUDA graphs", found.cuda_graph_gib_per_gpu)]
    inside = [("CUDA graphs", found.cuda_graph_gib_per_gpu)] if found.cuda_graph_in_budget else []
    cache, budget = found.available_kv_cache_gib_per_gpu, found.budget_gib_per_gpu
    terms = [
        ("weights", found.weights_gib_per_gpu), ("activation", found.activation_gib_per_gpu), ("buffers", found.buffers_gib_per_gpu),
        ("non-torch", found.non_torch_gib_per_gpu), *inside, *([("KV cache", cache)] if cache > 0 else []),
    ]  # fmt: skip
    parts, at = [], 0.0
    for name, gib in terms:
        parts.append(Part(name, at, gib, _COLOURS[name]))
        at += gib
    if cache <= 0:
        parts.append(Part("missing before there is any KV cache", budget, -cache, _MISSING))
    after = max(at, budget)
    return [*parts, *(Part(f"{name}, outside the budget", after, gib, _COLOURS[name]) for name, gib in outside)]


def as_svg(found: Capacity) -> str:
    """A bar of one GPU's memory; what does not fit sticks out behind the line of the budget."""
    parts, total = parts_of(found), float(settings_of(found)["total_gpu_memory_gib"])
    whole = max(total, *(part.start + part.gib for part in parts))
    title = f"{found.model} on {found.gpus} x {found.gpu}: {found.verdict}, limited by {found.limiting_term.replace('_', ' ')}"
    heads = textwrap.wrap(title, _TITLE)
    top = 30 + 20 * len(heads) + 24
    body = [_text(_LEFT, 30 + 20 * index, text, size=15) for index, text in enumerate(heads)]
    for part in parts:
        x, wide = _LEFT + part.start / whole * _BAR, part.gib / whole * _BAR
        body.append(
            f'<rect x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{_TALL}" fill="{part.fill}"><title>{_named(part)}</title></rect>'
        )
    for text, gib, y in (("budget", found.budget_gib_per_gpu, top - 10), ("GPU", total, top + _TALL + 18)):
        x = _LEFT + gib / whole * _BAR
        body.append(f'<line x1="{x:.1f}" y1="{top - 6}" x2="{x:.1f}" y2="{top + _TALL + 6}" stroke="{_LINE}" stroke-width="2"/>')  # fmt: skip
        body.append(_text(x, y, f"{text} {gib:.2f} GiB", size=11, anchor="end" if x > _WIDTH / 2 else "start"))
    at = top + _TALL + 44
    for part in parts:
        body.append(f'<rect x="{_LEFT}" y="{at - 11}" width="12" height="12" fill="{part.fill}"/>')
        body.append(_text(_LEFT + 20, at, _named(part)))
        at += 22
    for note in notes_of(found):
        for text in textwrap.wrap(note, _TEXT):
            at += 15
            body.append(_text(_LEFT, at, text, size=11))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{at + 16}" viewBox="0 0 {_WIDTH} {at + 16}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<defs><pattern id="missing" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff" fill-opacity="0.6"/><rect width="3" height="6" fill="{_LINE}"/></pattern></defs>',
        f'<rect width="{_WIDTH}" height="{at + 16}" fill="#ffffff"/>', *body, "</svg>",
    ]) + "\n"  # fmt: skip


def notes_of(found: Capacity) -> list[str]:
    """Unit, band, what was served and how, and the dated sources."""
    low, high = found.error_band.available_kv_cache_gib_per_gpu
    settings = settings_of(found)
    return [
        f"GiB of one GPU. Left for the cache: between {low:.2f} and {high:.2f} ({found.error_band.origin}); {found.reserve_gib_per_gpu:.2f} of it must be spare.",
        ", ".join(f"{name} {settings[name]}" for name in ("vllm_version", "tensor_parallel", "pipeline_parallel", "data_parallel", "quantization",
                                                           "kv_cache_dtype", "max_model_len", "max_num_seqs", "gpu_memory_utilization")),
        *found.sources,
    ]  # fmt: skip


def _named(part: Part) -> str:
    return f"{part.name}: {part.gib:.2f} GiB"


def _text(x: float, y: float, text: str, *, size: int = 13, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
