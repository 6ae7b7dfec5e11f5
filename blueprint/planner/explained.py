"""All that is known of a model or an instance type, with sources and dates."""

from __future__ import annotations

from blueprint.planner.accelerators import accelerators_read, gpu_of
from blueprint.planner.architecture import Attention
from blueprint.planner.instances import instance, offered, offers_read
from blueprint.planner.models import OpenModel, find, models, sources_of, spoken
from blueprint.planner.prices import price, prices_read, spot_price
from blueprint.planner.quantization import FORMATS, weights_of
from blueprint.planner.regions import REGIONS
from blueprint.planner.units import gib

PRICED = ("us-east-1", "us-gov-west-1", "us-gov-east-1")


def model_lines(name: str) -> list[str]:
    """A model by id, short name or config.json. Raises NotFound."""
    found = find(name)
    model, row = found.architecture, models().get(spoken(found.name))
    sizes = ", ".join(
        f"{each.name} {gib(weights_of(model, each).total):.1f}"
        for each in FORMATS.values()
        if each.name in {"bf16", "fp8", "int4", model.format}
    )
    lines = [
        f"{found.name}: {model.body.total / 1e9:.1f} billion parameters, {model.active / 1e9:.1f} billion work on a token",
        f"  architecture  {model.model_type}, {model.layers} layers, hidden {model.hidden}, {model.heads} heads, vocabulary {model.vocabulary}",
        f"  context       {model.context:,} tokens",
        f"  weights       {model.format}; GiB by format: {sizes}",
        *(f"  attention     {_attention(each)}" for each in model.attention),
    ]
    if model.experts:
        lines.append(
            f"  experts       {model.experts_per_token} of {model.experts} for each token, each {model.expert_intermediate} wide"
        )
    if row is not None:
        lines += [
            f"  licence       {_licence(row)}",
            f"  checked       {row.checked}",
        ]
        lines += [f"  source        {source}" for source in sources_of(row.source)]
    else:
        lines += [
            "  licence       UNKNOWN: read the model's own page",
            f"  source        {found.source}",
        ]
    return lines


def _licence(row: OpenModel) -> str:
    if row.licence == "unknown":
        return "UNKNOWN: read the model's own page"
    return f"{row.licence} (from memory: read it before you rely on it)"


def _attention(each: Attention) -> str:
    if each.kind == "linear":
        return f"{each.layers} linear layers, {each.state_bytes / 2**20:.2f} MiB of state for a sequence in each"
    if each.kind == "latent":
        return f"{each.layers} latent layers of {each.head_dim} numbers a token, the same on every tensor rank"
    window = f", window of {each.window}" if each.window else ""
    return f"{each.layers} {each.kind} layers, {each.kv_heads} heads of {each.head_dim} in the cache{window}"


def instance_lines(name: str) -> list[str]:
    """An instance type. Raises NotFound."""
    found = instance(name)
    gpu = gpu_of(found)
    ram = "not in the source" if found.ram_gib is None else f"{found.ram_gib} GiB"
    lines = [
        f"{found.name}: {found.accelerators} x {gpu.name if gpu else found.accelerator}",
        f"  host          {found.vcpus} vCPU, RAM {ram}, {found.allocatable_mib} MiB for pods (estimate of Karpenter's)",
        f"  network       {found.network_gbps:g} Gbit/s, {found.efa} EFA interfaces at most; local NVMe {found.nvme_gb} GB",
    ]
    if gpu is not None:
        lines += [
            f"  memory        {gpu.memory_gib} GiB of each as its driver reports it ({gpu.known}); EC2 reports {(found.memory_mib or 0) / 1024:.2f}",
            f"  compute       capability {gpu.capability}, {gpu.bandwidth_gbs} GB/s, {gpu.dense_tflops} TFLOPS in 16 bits, {gpu.link}",
            f"  formats       {', '.join(each.name for each in FORMATS.values() if each.capability <= gpu.capability)}",
        ]
    lines += [
        line
        for region in sorted(REGIONS, key=lambda each: (each not in PRICED, each))
        if (line := _cost(found.name, region))
    ]
    lines += [
        *_offers(found.name),
        f"  source        offers {offers_read()}: instances.yaml",
    ]
    lines += [f"  source        prices {read}: {source}" for read, source in prices_read()]
    return [*lines, *(f"  source        GPUs {accelerators_read()[0]}: {source}" for source in accelerators_read()[1])]


def _offers(name: str) -> list[str]:
    """Regions by whether they have its family; the table does not have all regions, nor all families."""
    here = {
        known: ", ".join(sorted(region for region in REGIONS if offered(name, region) is known))
        for known in (True, False, None)
    }
    return [
        f"  offered in    {here[True] or 'no region that was read'}",
        f"  not offered   {here[False] or 'no region that was read'}",
        f"  UNKNOWN in    {here[None] or 'no region'}; offers of this type were not read there",
    ]


def _cost(name: str, region: str) -> str:
    """One line of prices; empty for a region of which nothing is known and nothing is expected."""
    whole, spot = price(name, region), spot_price(name, region)
    told = [] if whole is None or whole.region != region else [f"{whole.usd_per_hour:.3f} USD/h on-demand"]
    if spot is not None:
        low = f"{spot.lowest:.3f} to " if spot.lowest < spot.usd_per_hour else ""
        told.append(f"{low}{spot.usd_per_hour:.3f} USD/h spot")
    told = told or (["UNKNOWN: no on-demand price in the table"] if region in PRICED else [])
    return f"  {region:<15} {', '.join(told)}" if told else ""
