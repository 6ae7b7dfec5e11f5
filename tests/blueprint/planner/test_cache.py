from __future__ import annotations

import math

import pytest

from blueprint.planner.accelerators import accelerator
from blueprint.planner.cache import CacheFormat, Pool, pool_of
from blueprint.planner.layout import stages
from blueprint.planner.models import known
from blueprint.planner.request import Request, settle
from blueprint.planner.units import Blocks, Bytes, Tokens, of_gib
from blueprint.planner.versions import Accounting, accounting

OLD, NEW = accounting("0.19.0"), accounting("0.33.0")


def pool(
    model: str, tensor: int = 1, cache: CacheFormat = "auto", version: Accounting = OLD, gpu: str = "h100"
) -> Pool:
    found, on = known(model), accelerator(gpu)
    asked = settle(found, on, Request(tensor_parallel=tensor, vllm_version=version.since))._replace(cache=cache)
    return pool_of(found, on, stages(found.layers, 1)[0], asked)


def test_blocks_hold_sixteen_tokens_of_every_layer() -> None:
    assert pool("meta-llama/Llama-3.1-8B-Instruct").block_bytes == 16 * 131072
    assert pool("meta-llama/Llama-3.1-8B-Instruct", cache="fp8").block_bytes == 8 * 131072


def test_heads_fewer_than_the_ranks_are_replicated() -> None:
    assert pool("Qwen/Qwen3-30B-A3B", 4).block_bytes == pool("Qwen/Qwen3-30B-A3B", 8).block_bytes


def test_latent_attention_is_the_same_on_every_rank() -> None:
    assert pool("deepseek-ai/DeepSeek-V3", 8).block_bytes == pool("deepseek-ai/DeepSeek-V3").block_bytes == 16 * 70272


def test_a_sparse_index_is_kept_beside_656_bytes_of_a_layer() -> None:
    assert pool("deepseek-ai/DeepSeek-V3.2", cache="fp8_ds_mla").block_bytes == 16 * 61 * (656 + 132)


@pytest.mark.parametrize(
    ("model", "groups", "gib", "blocks", "tokens"),
    [
        ("google/gemma-3-27b-it", 7, 19.53, 15997, 36560),
        ("google/gemma-3-12b-it", 6, 47.72, 48867, 130304),
        ("google/gemma-2-27b-it", 2, 20.59, 7335, 58672),
    ],
)
def test_windows_share_blocks_in_groups_as_in_the_logs(
    model: str, groups: int, gib: float, blocks: int, tokens: int
) -> None:
    found = pool(model)
    assert len(found.groups) == groups
    counted = found.blocks(of_gib(gib))
    assert counted == pytest.approx(blocks, rel=1e-3)
    assert found.tokens(counted, Tokens(8192), Tokens(8192), OLD) == pytest.approx(tokens, rel=1e-3)


def test_since_0_21_the_size_is_concurrency_times_context() -> None:
    found = pool("openai/gpt-oss-20b")
    blocks, length = Blocks(159648), Tokens(8192)
    assert found.tokens(blocks, length, Tokens(8192), OLD) == 1277184
    assert found.concurrency(blocks, length, Tokens(8192)) == pytest.approx(155.75, abs=0.01)
    assert found.tokens(blocks, length, Tokens(8192), NEW) == pytest.approx(155.75 * 8192, rel=1e-4)


def test_a_window_needs_no_more_blocks_however_long_the_sequence() -> None:
    window = pool("openai/gpt-oss-20b").groups[-1]
    assert window.kind == "window"
    assert window.needs(Tokens(32768), Tokens(2048), 1) == window.needs(Tokens(131072), Tokens(2048), 1)


def test_a_linear_layer_keeps_one_state_of_a_sequence_and_its_page_fits_it() -> None:
    model = known("Qwen/Qwen3.5-27B")
    found = pool("Qwen/Qwen3.5-27B")
    linear = [group for group in found.groups if group.kind == "linear"]
    assert (len(found.groups), len(linear)) == (4, 3)
    assert linear[0].needs(Tokens(262144), Tokens(8192), 1) == 1
    assert found.block_bytes >= 16 * max(each.state_bytes for each in model.attention)


@pytest.mark.parametrize(("model", "gpu", "version", "states"), [
    ("Qwen/Qwen3.5-27B", "h100", "0.26.0", 1), ("Qwen/Qwen3.5-27B", "h100", "0.28.0", 2), ("Qwen/Qwen3.5-27B", "h100", "0.32.0", 2),
    ("Qwen/Qwen3.5-27B", "h100", "0.33.0", 3), ("Qwen/Qwen3.5-27B", "a100", "0.33.0", 2), ("Qwen/Qwen3.5-27B", "l40s", "0.33.0", 2),
    ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B", "l40s", "0.31.0", 2), ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B", "l40s", "0.32.0", 3),
])  # fmt: skip
def test_a_sequence_holds_states_for_the_prefixes_that_are_kept(
    model: str, gpu: str, version: str, states: int
) -> None:
    """A second one since 0.28, a third where prefill leaves one behind: Mamba 2 since 0.32, delta rules by FlashInfer in 0.33."""
    linear = [group for group in pool(model, version=accounting(version), gpu=gpu).groups if group.kind == "linear"]
    assert linear[0].needs(Tokens(262144), Tokens(8192), 1) == states


@pytest.mark.parametrize(
    ("model", "tensor", "cache", "block"),
    [
        ("Qwen/Qwen3.5-9B", 1, "auto", 528),
        ("Qwen/Qwen3.5-9B", 1, "fp8", 1056),
        ("Qwen/Qwen3-Next-80B-A3B-Instruct", 2, "auto", 544),
    ],
)
def test_blocks_of_attention_grow_until_a_state_fits_as_in_the_logs(
    model: str, tensor: int, cache: CacheFormat, block: int
) -> None:
    assert {group.block for group in pool(model, tensor, cache).groups} == {block}


def test_layers_with_chunks_keep_every_token() -> None:
    scout = pool("meta-llama/Llama-4-Scout-17B-16E-Instruct", 4)
    assert [group.kind for group in scout.groups] == ["full"]
    assert scout.block_bytes == 16 * 48 * 1024


def test_windows_keep_every_token_before_there_were_groups() -> None:
    assert [group.kind for group in pool("openai/gpt-oss-20b", version=accounting("0.8.5")).groups] == ["full"]


def test_a_model_that_keeps_nothing_has_no_groups_and_serves_any_number() -> None:
    found = pool("BAAI/bge-m3")
    assert (found.groups, found.concurrency(Blocks(10), Tokens(8192), Tokens(8192))) == ((), math.inf)
    assert found.tokens(Blocks(10), Tokens(8192), Tokens(8192), NEW) == 0


def test_the_longest_sequence_is_the_last_that_fits() -> None:
    found = pool("meta-llama/Llama-3.1-8B-Instruct")
    assert found.longest(Blocks(100), Tokens(2048), Tokens(131072)) == 1600
    assert found.longest(Blocks(0), Tokens(2048), Tokens(131072)) == 0
    assert found.blocks(Bytes(-1)) == 0
