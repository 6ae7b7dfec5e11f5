"""What a flag of `vllm serve` can be set to at all, before any model is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from blueprint.errors import Problem
from blueprint.planner.bounds import shown
from blueprint.planner.versions import LATEST


class Range(NamedTuple):
    """More than nothing, and the most that can be meant."""

    most: float
    what: str

    def __str__(self) -> str:
        return f"above 0, up to {self.most:,.10g}{self.what}"


RANKS, STEP, CONTEXT = Range(4096, ""), Range(2**24, ""), Range(2**30, " tokens")
RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "total_gpu_memory_gib": Range(1024, " GiB"), "gpu_memory_utilization": Range(1, ""), "tensor_parallel": RANKS, "pipeline_parallel": RANKS,
        "data_parallel": RANKS, "decode_context_parallel": RANKS, "max_model_len": CONTEXT, "max_num_seqs": STEP, "max_num_batched_tokens": STEP,
    }
)  # fmt: skip
VERSION = re.compile(r"v?\d{1,4}\.\d{1,4}(\.\d{1,4}){0,2}((a|b|rc|\.post|\.dev)\d+)*(\+[\w.]+)?")
"""A version as Python packages write it: 0.19.0, v0.19, 0.19.1rc2."""


def problem(name: str, value: object, what: str, allowed: str, *, why: str = "", fix: str = "") -> Problem:
    """Something that is wrong with a flag."""
    quoted = shown(value).strip("'") or "''"
    return Problem(what, path=(f"--{name.replace('_', '-')}",), value=quoted, allowed=allowed, why=why, fix=fix)


def impossible(flags: Iterable[tuple[str, object]]) -> Iterator[Problem]:
    """Every flag that is set to what nobody can mean; None and switches never are."""
    for name, value in flags:
        if isinstance(value, str):
            yield from _text(name, value)
        elif value is not None and not isinstance(value, bool):
            yield from _number(name, value)


def _text(name: str, value: str) -> Iterator[Problem]:
    if not value.strip():
        yield problem(name, value, "is empty", "a name", fix="leave the flag out for what vLLM takes by itself")
    elif name == "vllm_version" and not VERSION.fullmatch(value):
        yield problem(name, value, "is no version", f"0.8.0 to {LATEST}, as in 0.19.0, v0.19 or 0.19.1rc2")


def _number(name: str, value: object) -> Iterator[Problem]:
    allowed = RANGES[name]
    if isinstance(value, int | float) and 0 < value <= allowed.most:
        return
    mebibytes = (
        name == "total_gpu_memory_gib"
        and isinstance(value, int | float)
        and allowed.most < value <= 1024 * allowed.most
    )
    fix = (
        f"nvidia-smi tells MiB: {float(str(value)):.10g} MiB are {float(str(value)) / 1024:.2f} GiB"
        if mebibytes
        else ""
    )
    yield problem(name, value, "cannot be meant", str(allowed), fix=fix)


def release(version: str) -> tuple[int, int]:
    """The first two numbers of a version, to compare it by."""
    first, second = (int(each) for each in re.findall(r"\d+", version)[:2])
    return first, second


def beyond(version: str) -> bool:
    """Whether a version comes after all that were read."""
    return release(version) > release(LATEST)
