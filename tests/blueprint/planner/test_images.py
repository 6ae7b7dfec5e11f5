"""What an encoder of images takes when vLLM measures memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.planner.architecture import architecture
from blueprint.planner.images import Images, encoder_peak, kept_bytes, work_of
from blueprint.planner.models import find, models
from blueprint.planner.units import Tokens, gib
from blueprint.planner.versions import Batch, accounting

NOW = accounting("0.33.0")
TEXT = {
    "model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 8,
    "intermediate_size": 14336, "vocab_size": 128256, "max_position_embeddings": 131072,
}  # fmt: skip


def images(name: str) -> Images:
    found = find(name).architecture.images
    assert found
    return found


def of(vision: dict[str, object], model_type: str = "llava") -> Images:
    found = architecture({"model_type": model_type, "text_config": TEXT, "vision_config": vision}).images
    assert found
    return found


def test_a_model_without_one_has_none() -> None:
    assert find("Qwen/Qwen3-8B").architecture.images is None


def test_what_it_is_called_does_not_matter() -> None:
    one = of({"hidden_size": 1152, "num_hidden_layers": 27, "intermediate_size": 4304})
    other = of({"vt_hidden_size": 1152, "vt_num_hidden_layers": 27, "vt_intermediate_size": 4304})
    assert one.parameters == other.parameters == 27 * (4 * 1152 * 1152 + 2 * 1152 * 4304)


def test_the_width_of_qwen2_vl_is_not_that_of_its_language_model() -> None:
    found = of({"embed_dim": 1280, "hidden_size": 3584, "depth": 32, "spatial_merge_size": 2}, "qwen2_vl")
    assert (found.hidden, found.width) == (1280, 4096)
    assert found.parameters == 32 * 12 * 1280 * 1280 + 5120 * (5120 + 3584)


def test_every_encoder_of_the_table_of_models_was_read() -> None:
    assert [name for name in models() if (found := find(name).architecture.images) and not found.known] == []


def test_that_of_gemma_4_lies_whole_on_every_rank() -> None:
    """vLLM builds it by AutoModel.from_config, without sharing it out (gemma4_mm.py)."""
    assert images("google/gemma-4-31B-it").whole
    assert not images("Qwen/Qwen3-VL-4B-Instruct").whole


def test_images_of_small_gemma_4_are_divided_between_steps() -> None:
    """They are not read in both directions, as those of the large ones are."""
    assert images("google/gemma-4-E4B-it").largest.undivided == 0
    assert (
        images("google/gemma-4-31B-it").largest.undivided == images("google/gemma-4-12B-it").largest.undivided == 2496
    )


def test_patches_that_are_only_projected_are_a_matter_of_megabytes() -> None:
    found = images("google/gemma-4-12B-it")
    assert found.known
    assert found.parameters / 1e6 == pytest.approx(49.9, abs=0.1)


def test_one_that_was_not_read_says_so() -> None:
    assert not of({"hidden_size": 1024, "num_hidden_layers": 24, "intermediate_size": 4096}).known


@pytest.mark.parametrize(("context", "steps"), [(8_192, 1), (16_384, 1), (40_000, 2), (128_000, 7), (1_000_000, 7)])
def test_a_video_of_qwen2_5_vl_is_as_long_as_the_context_holds(context: int, steps: int) -> None:
    work = work_of(images("Qwen/Qwen2.5-VL-7B-Instruct"), Batch(256, Tokens(2048)), Tokens(context), NOW)
    assert (work.encoded, work.patches) == (steps * 16_384, steps * 65_536)


@pytest.mark.parametrize(("step", "items"), [(2_048, 1), (16_384, 1), (32_768, 2)])
def test_as_many_images_are_encoded_at_once_as_a_step_has_tokens_for(step: int, items: int) -> None:
    work = work_of(images("Qwen/Qwen3.5-27B"), Batch(256, Tokens(step)), Tokens(262_144), NOW)
    assert work.encoded == items * 16_384


def test_before_0_13_room_is_kept_for_a_whole_video_of_qwen3_vl() -> None:
    found = images("Qwen/Qwen3-VL-30B-A3B-Instruct")
    asked = Batch(256, Tokens(2048)), Tokens(65_536)
    assert work_of(found, *asked, accounting("0.12.0")).kept == 153_600
    assert work_of(found, *asked, accounting("0.13.0")).kept == 16_384


def test_a_video_decides_what_qwen2_5_vl_needs_where_the_context_is_long() -> None:
    found = images("Qwen/Qwen2.5-VL-7B-Instruct")
    work = work_of(found, Batch(256, Tokens(2048)), Tokens(128_000), NOW)
    assert gib(encoder_peak(found, work, 1)) == pytest.approx(15.26, abs=0.1)  # from the log of vLLM 0.23.0
    assert gib(kept_bytes(found, work)) == pytest.approx(0.77, abs=0.01)


@given(st.sampled_from(sorted(name for name in models() if find(name).architecture.images)), st.integers(1, 16_384), st.integers(1, 2**20),
       st.sampled_from([1, 2, 4, 8]))  # fmt: skip
def test_more_ranks_and_a_shorter_context_never_need_more(name: str, step: int, context: int, ranks: int) -> None:
    """As long as a step holds no two videos: then vLLM itself encodes more of a shorter one."""
    found = images(name)
    work, shorter = (
        work_of(found, Batch(256, Tokens(step)), Tokens(each), NOW) for each in (context, -(-context // 2))
    )
    assert encoder_peak(found, work, 2 * ranks) <= encoder_peak(found, work, ranks)
    assert shorter.patches <= work.patches
    assert kept_bytes(found, shorter) <= kept_bytes(found, work)
