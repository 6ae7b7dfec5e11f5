"""Published start-up logs, replayed: five sets, and what the page says of them.

published.csv  vLLM 0.19.0 on H100 at 0.95, https://github.com/jgchn/llm-d-planner, accuracy/results/v0.19.0/results_raw.csv
elsewhere.csv  other GPUs, versions and formats; each row names its record
unseen.csv     records that were read when every constant stood, vLLM 0.14 to 0.19 on H200
later.csv      logs that people collected who had not seen the planner, vLLM 0.10 to 0.30 on 16 GPU types
last.csv       logs that were read when everything else stood, vLLM 0.10 to 0.27 on 7 GPU types
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from blueprint.planner.accelerators import accelerator
from blueprint.planner.capacity import Capacity, count
from blueprint.planner.capacity import told as told_of
from blueprint.planner.models import find
from blueprint.planner.request import Request

HERE = Path(__file__)
PAGE = (HERE.parents[3] / "docs" / "explanation" / "capacity.md").read_text(encoding="utf-8")
NAMES = {
    "mha": "multi-head",
    "gqa": "grouped",
    "window": "windows",
    "latent": "latent",
    "hybrid": "hybrid",
    "all": "all",
}
SETS = ["published", "elsewhere", "unseen", "later", "last"]
OUTSIDE = {
    ("Qwen/Qwen3.5-0.8B", "0.28.0"), ("google/gemma-4-31B-it", "0.26.0"), ("Qwen/Qwen3.8-27B-FP8", "0.19.0"),
    ("nvidia/Qwen3.8-27B-NVFP4", "0.26.1"),
}  # fmt: skip
"""Logs of the later set that lie outside their band; the page names them."""


class Replayed(NamedTuple):
    """A log and the planner's answer to the same question."""

    kind: str
    log: dict[str, str]
    found: Capacity
    concurrency: float
    """As vLLM prints it, whether it then starts or not."""

    def off(self, key: str, predicted: float | None) -> float | None:
        """Relative difference; None where the log does not print the figure."""
        return abs((predicted or 0.0) / float(self.log[key]) - 1) if self.log.get(key) else None

    @property
    def tokens(self) -> float | None:
        return self.off("kv_tokens", self.found.kv_cache_tokens)

    @property
    def weights(self) -> float | None:
        return self.off("weights", self.found.weights_gib_per_gpu)


def asked(log: dict[str, str]) -> Request:
    same = {"tensor_parallel", "pipeline_parallel", "data_parallel", "max_model_len", "max_num_seqs", "max_num_batched_tokens",
            "dtype", "quantization", "kv_cache_dtype", "enforce_eager"}  # fmt: skip
    known = {"gpu_memory_utilization": "utilisation", "total_gpu_memory_gib": "memory_gib", "vllm_version": "version"}
    told = {key: log.get(known.get(key, key)) for key in same | known.keys()}
    return Request.model_validate_strings({key: value for key, value in told.items() if value})


@cache
def replayed(name: str) -> list[Replayed]:
    return [answer(log) for log in csv.DictReader(HERE.with_name(f"{name}.csv").open(encoding="utf-8"))]


def answer(log: dict[str, str]) -> Replayed:
    known = (
        {"gpu": "h100", "version": "0.19.0", "utilisation": "0.95", "memory_gib": "79.19"} if "gpu" not in log else {}
    )
    log = known | log
    model = find(log["model"])
    counted = count(model.architecture, accelerator(log["gpu"]), asked(log))
    found = told_of(model.name, counted, change=False)
    return Replayed(model.architecture.attention_kind, log, found, counted.concurrency)


def told(errors: list[float | None]) -> list[float]:
    return [each for each in errors if each is not None]


def mean(errors: list[float]) -> float:
    return sum(errors) / len(errors)


@pytest.mark.parametrize(
    ("name", "logs", "average", "worst"), [("published", 50, 0.01, 0.06), ("elsewhere", 72, 0.02, 0.10), ("unseen", 82, 0.01, 0.05), ("later", 63, 0.04, 0.32), ("last", 12, 0.05, 0.13)]
)  # fmt: skip
def test_tokens_of_the_cache_are_those_of_the_logs(name: str, logs: int, average: float, worst: float) -> None:
    errors = told([each.tokens for each in replayed(name)])
    assert len(errors) == logs
    assert mean(errors) < average
    assert max(errors) < worst


@pytest.mark.parametrize(
    ("name", "average"), [("published", 0.03), ("elsewhere", 0.03), ("unseen", 0.03), ("later", 0.06), ("last", 0.06)]
)
def test_every_kind_of_attention_is_within_a_few_percent_on_average(name: str, average: float) -> None:
    for kind in {each.kind for each in replayed(name)}:
        errors = told([each.tokens for each in replayed(name) if each.kind == kind])
        assert mean(errors) < average, kind


@pytest.mark.parametrize(
    ("name", "logs", "worst"),
    [("published", 50, 0.02), ("elsewhere", 75, 0.04), ("unseen", 82, 0.02), ("later", 41, 0.12), ("last", 13, 0.07)],
)
def test_weights_are_those_of_the_logs_within_one_percent_on_average(name: str, logs: int, worst: float) -> None:
    errors = told([each.weights for each in replayed(name)])
    assert len(errors) == logs
    assert mean(errors) < (0.02 if name in {"later", "last"} else 0.01)
    assert max(errors) < worst


@pytest.mark.parametrize("name", SETS)
def test_the_stated_band_holds_every_log(name: str) -> None:
    outside = []
    for each in replayed(name):
        low, high = each.found.error_band.available_kv_cache_gib_per_gpu
        if each.log["kv_gib"] and not low <= float(each.log["kv_gib"]) <= high:
            outside.append((each.log["model"], each.log["version"]))
    assert set(outside) == (OUTSIDE if name == "later" else set())


@pytest.mark.parametrize("name", SETS)
def test_what_started_fits_and_what_did_not_start_does_not(name: str) -> None:
    started = {(each.log["model"], each.log.get("started", "yes") == "yes", each.found.fits) for each in replayed(name)}
    assert {each for each in started if each[1] != each[2]} == set()
    assert len([each for each in replayed(name) if not each.found.fits]) == {"elsewhere": 9, "later": 2, "last": 1}.get(
        name, 0
    )


@pytest.mark.parametrize("name", SETS[1:])
def test_sequences_at_once_are_those_of_the_logs_within_five_percent_on_average(name: str) -> None:
    errors = told([each.off("max_concurrency", each.concurrency) for each in replayed(name)])
    assert len(errors) > 10
    assert mean(errors) < 0.05


def cells(name: str, kind: str) -> list[str]:
    """What the page has to say of one kind in one set."""
    of_kind = [each for each in replayed(name) if kind in {each.kind, "all"}]
    weights, tokens = told([each.weights for each in of_kind]), told([each.tokens for each in of_kind])
    cache = [
        abs(each.found.available_kv_cache_gib_per_gpu - float(each.log["kv_gib"]))
        for each in of_kind
        if each.log["kv_gib"]
    ]
    return [
        str(len(of_kind)), percent(weights), f"{mean(cache):.2f} / {max(cache):.2f}", percent(tokens),
    ]  # fmt: skip


def percent(errors: list[float]) -> str:
    return f"{100 * mean(errors):.1f}% / {100 * max(errors):.1f}%"


@pytest.mark.parametrize("name", SETS)
def test_the_page_states_the_differences_that_are_found(name: str) -> None:
    for kind in sorted({each.kind for each in replayed(name)} | {"all"}):
        row = f"| {name} | {NAMES[kind]} | {' | '.join(cells(name, kind))} |"
        assert row in PAGE.splitlines(), row


TERMS = {
    "activation": "activation_gib_per_gpu",
    "non_torch": "non_torch_gib_per_gpu",
    "graphs": "cuda_graph_gib_per_gpu",
}


def test_the_page_states_the_differences_of_every_term_that_a_log_prints() -> None:
    for term, field in TERMS.items():
        errors = [abs(getattr(each.found, field) - float(each.log[term])) for each in replayed("published")]
        row = f"| {term.replace('_', '-').replace('graphs', 'CUDA graphs')} | {len(errors)} | {mean(errors):.2f} / {max(errors):.2f} |"
        assert row in PAGE.splitlines(), row
