"""How versions of vLLM count memory, so that a log of an old one can be replayed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import yaml

from blueprint.errors import NotFound
from blueprint.planner.accelerators import Accelerator
from blueprint.planner.units import Tokens
from blueprint.types import Frozen

LATEST = "0.33.0"


class Accounting(Frozen):
    """What one range of versions does."""

    since: str
    utilisation: float
    """Default of `--gpu-memory-utilization`."""
    graphs_in_budget: bool
    """The estimate of CUDA graphs is taken from the cache; before, graphs lived in what utilisation leaves free."""
    activation_factor: float
    """Peak activation against that of 0.17 to 0.19."""
    tokens_by_request: bool
    """The printed size of the cache is concurrency times context, and no longer blocks times their size."""
    seqs_of_large: int
    """Default of `--max-num-seqs` on GPUs of 70 GiB and more."""
    origin: Literal["calibrated", "derived", "guessed"]


class Batch(NamedTuple):
    """What the profile run of vLLM is sized by."""

    seqs: int
    tokens: Tokens


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | bool | int, ...], ...]
    batches: Mapping[str, tuple[int, int]]


@cache
def _table() -> _Table:
    text = files(__package__).joinpath("versions.yaml").read_text(encoding="utf-8")
    return _Table.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506  safe


@cache
def _rows() -> tuple[Accounting, ...]:
    table = _table()
    return tuple(Accounting.model_validate(dict(zip(table.columns, row, strict=True))) for row in table.rows)


def _ordinal(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


@cache
def accounting(version: str) -> Accounting:
    """How a version counts: 0.19.0, v0.19 or 0.19.1rc2. Raises NotFound for one before the table, or for no version."""
    matched = re.match(r"v?(\d+\.\d+)", version)
    known = [row for row in _rows() if matched and _ordinal(row.since) <= _ordinal(matched[1])]
    if not known:
        raise NotFound("vLLM version", version, [f"{row.since} and later" for row in _rows()])
    return known[-1]


def default_batch(gpu: Accelerator, version: Accounting, context: Tokens) -> Batch:
    """`--max-num-seqs` and `--max-num-batched-tokens` of an API server that was told neither."""
    tokens, seqs = _table().batches[gpu.memory_class]
    seqs = min(seqs, version.seqs_of_large)
    return Batch(seqs, clamped(Tokens(tokens), seqs, context))


def clamped(tokens: Tokens, seqs: int, context: Tokens) -> Tokens:
    """Tokens of a step: never more than all sequences at full length."""
    return Tokens(min(tokens, seqs * context))


def versions_read() -> tuple[str, tuple[str, ...]]:
    """Date of the table, and its sources."""
    return _table().read, _table().sources
