"""blueprint plan-capacity"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from blueprint.cli.outputs import as_json, output_option, width_of, write_all
from blueprint.planner.bounds import MOST_AT_ONCE

if TYPE_CHECKING:
    from blueprint.planner.accelerators import Accelerator
    from blueprint.planner.models import Named
    from blueprint.planner.options import Wanted
    from blueprint.planner.prices import Purchase
    from blueprint.planner.request import Request

Outputs = tuple[tuple[str, Path | None], ...]

_FLAGS: tuple[tuple[str, type | click.Choice[str], str], ...] = (
    ("--total-gpu-memory-gib", float, "Memory of one GPU as its driver reports it."),
    ("--tensor-parallel", int, "GPUs that share every layer."),
    ("--pipeline-parallel", int, "Stages of layers."),
    ("--data-parallel", int, "Replicas that share their experts."),
    ("--decode-context-parallel", int, "Ranks that share the tokens of a sequence."),
    ("--dtype", str, "What is computed in: auto, bfloat16, float16, float32."),
    ("--quantization", str, "Format of the weights: fp8, int8, int4, mxfp4, nvfp4, or vLLM's name of it."),
    ("--kv-cache-dtype", str, "Format of the cache: auto, fp8, …"),
    ("--max-model-len", int, "Tokens of the longest sequence."),
    ("--max-num-seqs", int, "Sequences of one step."),
    ("--max-num-batched-tokens", int, "Tokens of one step."),
    ("--gpu-memory-utilization", float, "Share of the GPU that vLLM is granted."),
    ("--runner", click.Choice(["auto", "generate", "pooling"]), "What it answers with: text, or vectors and scores."),
    ("--vllm-version", str, "Version whose accounting holds."),
)

_OF_INSTANCES = ("region", "capacity", "input_tokens", "output_tokens", "utilisation")
"""What says nothing about one GPU without a price."""
LONGEST = 10_000_000
"""Tokens of a request, beyond which a number is a slip of the pen."""


def _region(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    """Known in every form, whether prices are asked for or not."""
    from blueprint.errors import NotFound  # noqa: PLC0415  help loads none of the planner
    from blueprint.planner.regions import REGIONS  # noqa: PLC0415

    if name not in REGIONS:
        raise NotFound("region", name, REGIONS)
    return name


def _flags(command: Callable[..., None]) -> Callable[..., None]:
    """The flags of `vllm serve` that decide memory, each of them optional."""
    for name, kind, text in reversed(_FLAGS):
        command = click.option(name, type=kind, default=None, help=text)(command)
    for name, text in (
        ("--enforce-eager", "Without CUDA graphs."),
        ("--expert-parallel", "Whole experts on each GPU."),
        ("--language-model-only", "Without the encoder of images."),
    ):
        command = click.option(name, is_flag=True, default=None, help=text)(command)
    return command


_tokens = partial(click.option, type=click.IntRange(1, LONGEST), default=1000, show_default=True, help="Of a request, for throughput.")  # fmt: skip


@click.command(name="plan-capacity")
@click.argument("model")
@click.option("--gpu", default=None, help="One GPU type: h100-sxm-80gb, l4, or the driver's name of it.")
@click.option("--instance", default=None, help="One instance type, such as g6e.12xlarge.")
@click.option("--context", type=click.IntRange(1), default=None, help="The same as --max-model-len.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, MOST_AT_ONCE),
    default=1,
    show_default=True,
    help="Full-length sequences at once.",
)
@click.option("--region", default="us-east-1", show_default=True, callback=_region, help="Region of offers and prices.")
@click.option("--capacity", type=click.Choice(["on-demand", "spot", "reserved"]), default="on-demand", show_default=True,
              help="How instances are bought; reserved is shown at on-demand prices, no source has its own.")  # fmt: skip
@click.option("--format", "form", default=None, help="The same as --quantization.")
@_tokens("--input-tokens")
@_tokens("--output-tokens")
@click.option(
    "--utilisation", type=click.FloatRange(0, 1, min_open=True), default=0.3, show_default=True,
    help="Share of the time that requests fill.",
)  # fmt: skip
@_flags
@output_option("table", "json", "md", "csv", "svg")
def command(
    model: str,
    gpu: str | None,
    instance: str | None,
    context: int | None,
    concurrency: int,
    region: str,
    capacity: Purchase,
    form: str | None,
    input_tokens: int,
    output_tokens: int,
    utilisation: float,
    outputs: Outputs,
    **flags: Any,
) -> None:
    """Say whether a MODEL fits, how much it serves, and what it costs. MODEL: an id, a short name, or a config.json.

    With --gpu: one deployment, term by term, and with --concurrency how many of it. Without: every instance type of
    the region, ranked by cost.

    blueprint plan-capacity Qwen/Qwen3-32B --gpu h100 --tensor-parallel 2 --max-model-len 32768 -o json

    blueprint plan-capacity Qwen/Qwen3-32B --context 32768 --concurrency 8 --region eu-central-1
    """  # fmt: skip
    from blueprint.planner.accelerators import accelerator  # noqa: PLC0415  help loads none of the planner
    from blueprint.planner.models import find  # noqa: PLC0415

    _agree("--context", context, "--max-model-len", flags["max_model_len"])
    _agree("--format", form, "--quantization", flags["quantization"])
    if gpu is not None and instance is not None:
        raise click.UsageError("--gpu and --instance contradict each other: an instance type has its own GPUs")
    request = _request(flags, context, form)
    if gpu is not None:
        _only_of_instances()
        chosen, asked = accelerator(gpu), concurrency if _said("concurrency") else None
        _deployment(find(model), chosen, request, asked, outputs)
        return
    from blueprint.planner.options import Wanted  # noqa: PLC0415  only a table needs prices
    from blueprint.planner.throughput import Mix  # noqa: PLC0415
    from blueprint.planner.units import Tokens  # noqa: PLC0415

    mix = Mix(Tokens(input_tokens), Tokens(output_tokens), utilisation)
    _options(find(model), request, Wanted(concurrency, region, capacity, instance, mix), outputs)


def _said(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is not ParameterSource.DEFAULT


def _only_of_instances() -> None:
    """Refuse what one GPU has no answer to."""
    unused = [f"--{name.replace('_', '-')}" for name in _OF_INSTANCES if _said(name)]
    if unused:
        raise click.UsageError(
            f"{', '.join(unused)} with --gpu: prices, offers and tokens a second are told of instance types; "
            "name an --instance in place of --gpu, or neither"
        )


def _agree(one: str, first: object, other: str, second: object) -> None:
    if first is not None and second is not None and first != second:
        raise click.UsageError(f"{one} {first} and {other} {second} contradict each other; they are one setting")


def _request(flags: dict[str, Any], context: int | None, form: str | None) -> Request:
    from blueprint.planner.request import Request  # noqa: PLC0415

    other = {"max_model_len": context, "quantization": form}
    given = {**flags, **{name: value for name, value in other.items() if value is not None}}
    return Request.model_validate(given)


def _deployment(model: Named, gpu: Accelerator, request: Request, concurrency: int | None, outputs: Outputs) -> None:
    from blueprint.planner.capacity import capacity  # noqa: PLC0415
    from blueprint.planner.capacity_drawing import as_svg  # noqa: PLC0415
    from blueprint.planner.capacity_page import as_csv, as_markdown, as_table  # noqa: PLC0415

    found = capacity(model.name, model.architecture, gpu, request, source=model.source, concurrency=concurrency)
    width = width_of(outputs)
    write_all(outputs, {
        "table": lambda: as_table(found, width), "md": lambda: as_markdown(found), "csv": lambda: as_csv(found),
        "svg": lambda: as_svg(found), "json": lambda: as_json(found.model_dump(mode="json", by_alias=True)),
    })  # fmt: skip


def _options(model: Named, request: Request, wanted: Wanted, outputs: Outputs) -> None:
    from blueprint.planner.options import options  # noqa: PLC0415
    from blueprint.planner.options_page import as_csv, as_markdown, as_table  # noqa: PLC0415

    if any(name == "svg" for name, _ in outputs):
        raise click.UsageError("-o svg draws the memory of one deployment: name a --gpu")
    found = options(model.name, model.architecture, request, wanted, source=model.source)
    width = width_of(outputs)
    write_all(outputs, {
        "table": lambda: as_table(found, width), "md": lambda: as_markdown(found), "csv": lambda: as_csv(found),
        "json": lambda: as_json(found.model_dump(mode="json", by_alias=True)),
    })  # fmt: skip
