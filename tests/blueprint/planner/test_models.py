from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.errors import FileUnreadable, NotFound
from blueprint.planner.cache import bytes_per_token
from blueprint.planner.models import (
    Alike,
    OpenModel,
    alike,
    find,
    known,
    models,
    models_sources,
    open_model,
    sources_of,
)

STATED = {
    "meta-llama/Llama-3.1-8B-Instruct": 131072, "meta-llama/Llama-3.3-70B-Instruct": 327680, "meta-llama/Llama-3.1-405B-Instruct": 516096,
    "meta-llama/Llama-4-Scout-17B-16E-Instruct": 49152, "mistralai/Mixtral-8x7B-Instruct-v0.1": 131072, "Qwen/Qwen2.5-7B-Instruct": 57344,
    "mistralai/Mixtral-8x22B-Instruct-v0.1": 229376, "Qwen/Qwen2.5-72B-Instruct": 327680, "Qwen/Qwen3-8B": 147456, "Qwen/Qwen3-32B": 262144,
    "Qwen/Qwen3-30B-A3B": 98304, "Qwen/Qwen3-235B-A22B-Instruct-2507": 192512, "Qwen/Qwen3-Coder-480B-A35B-Instruct": 253952,
    "Qwen/Qwen3.5-27B": 65536, "Qwen/Qwen3.5-122B-A10B": 24576, "deepseek-ai/DeepSeek-V3": 70272, "moonshotai/Kimi-K2-Thinking": 70272,
    "MiniMaxAI/MiniMax-M2.7": 253952, "openai/gpt-oss-20b": 24576, "openai/gpt-oss-120b": 36864, "microsoft/phi-4": 204800,
    "ByteDance-Seed/Seed-OSS-36B-Instruct": 262144, "zai-org/GLM-4.7": 376832, "google/gemma-4-12B-it": 16384,
    "google/gemma-3-27b-it": 81920, "google/gemma-4-31B-it": 81920, "google/gemma-4-26B-A4B-it": 20480, "ibm-granite/granite-3.3-8b-instruct": 163840,
}  # fmt: skip
"""Bytes of the cache for a token as published, for the layers that keep every token."""


def test_the_table_says_what_the_source_says() -> None:
    found = known("Qwen/Qwen3-32B")
    assert (found.layers, found.hidden, found.heads, found.kv_heads) == (64, 5120, 64, 8)
    assert (found.vocabulary, found.context, open_model("Qwen/Qwen3-32B").checked) == (151936, 40960, "config")
    assert open_model("Qwen/Qwen3-30B-A3B").active_billion == 3.3


def test_bytes_of_the_cache_are_those_that_are_published() -> None:
    def of_a_token(name: str) -> int:
        growing = (each for each in known(name).attention if each.kind in {"full", "latent"})
        return sum(each.layers * bytes_per_token(each, 1, "bf16", 2) for each in growing)

    assert {name: of_a_token(name) for name in STATED} == STATED


def test_every_model_of_the_table_has_an_architecture() -> None:
    assert len(models()) >= 60
    for name in [*models(), *alike()]:
        assert known(name).body.total > 0


def test_another_checkpoint_has_the_layers_of_its_model_in_its_own_format() -> None:
    found = known("RedHatAI/Llama-3.3-70B-Instruct-fp8-dynamic")
    assert found == known("meta-llama/Llama-3.3-70B-Instruct").model_copy(
        update={"format": "fp8", "backing": "name", "spared": found.spared}
    )


@pytest.mark.parametrize("name", ["Qwen/Qwen3-32B", "qwen3-32b", "qwen/qwen3-32b"])
def test_a_model_is_found_by_id_and_by_short_name(name: str) -> None:
    assert find(name).architecture == known("Qwen/Qwen3-32B")


@pytest.mark.parametrize(
    ("name", "like", "form"),
    [
        ("RedHatAI/Qwen3-32B-FP8-dynamic", "Qwen/Qwen3-32B", "fp8"),
        ("hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", "meta-llama/Llama-3.1-70B-Instruct", "int4"),
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B", "bf16"),
        ("unsloth/gpt-oss-20b", "openai/gpt-oss-20b", "mxfp4"),
        ("RedHatAI/Qwen3.8-27B-INT4", "Qwen/Qwen3.8-27B", "int4"),
        ("Salyut1/GLM-4.7-NVFP4", "zai-org/GLM-4.7", "nvfp4"),
        ("google/gemma-4-E2B-it-qat-w4a16-ct", "google/gemma-4-E2B-it", "int4"),
        ("google/gemma-4-26B-A4B-it-qat-q4_0-w4a16-ct", "google/gemma-4-26B-A4B-it", "int4"),
    ],
)
def test_another_checkpoint_is_read_from_its_name_which_is_said(name: str, like: str, form: str) -> None:
    found = find(name)
    own = {"format": form, "spared": found.architecture.spared, "backing": "name"}
    assert found.architecture == known(like).model_copy(update=own)
    assert found.source.endswith(f"by its name the layers of {like} in {form}")


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean Qwen/Qwen3-32B"):
        open_model("Qwen/Qwen3-33B")


def rows() -> list[OpenModel | Alike]:
    return [*models().values(), *alike().values()]


def test_every_row_says_where_and_when_it_was_read() -> None:
    for row in rows():
        assert row.source
        assert all(each.read >= "2026-11-20" and each.what for each in sources_of(row.source))


def test_no_source_stands_there_for_nothing() -> None:
    used = {key for row in rows() for key in row.source}
    assert used == set(models_sources())


def test_what_a_row_is_checked_against_is_among_its_sources() -> None:
    for row in models().values():
        assert ("logs" in row.checked) == ("logs" in row.source), row.id
        assert ("config" in row.checked) == bool(set(row.source) - {"logs", "memory"}), row.id
        assert (row.checked == "memory") == (row.source == ("memory",)), row.id


def test_a_model_that_is_like_another_says_where_that_was_read() -> None:
    assert "from memory" in find("Qwen/Qwen3-8B-Base").source
    assert "59066054412" in find("Qwen/Qwen3.8-27B").source


def test_a_checkpoint_may_have_a_context_of_its_own() -> None:
    assert known("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B").context == 131072
    assert (
        known("deepseek-ai/DeepSeek-R1-Distill-Llama-8B").context == known("meta-llama/Llama-3.1-8B-Instruct").context
    )


@pytest.mark.parametrize(
    "name", ["./models/Qwen3-32B", "/data/models/Qwen3-32B", "~/Qwen3-32B", "../Qwen3-32B", "https://huggingface.co/Qwen/Qwen3-32B", "a/b/Qwen3-32B",
             "Qwen/Qwen3-32B/", "C:\\models\\Qwen3-32B", ""],
)  # fmt: skip
def test_a_mistyped_path_is_not_answered_from_the_table(name: str) -> None:
    with pytest.raises(FileUnreadable, match="no such file"):
        find(name)
    with pytest.raises(NotFound):
        known(name)


def test_a_name_in_a_folder_that_is_there_is_a_path_unless_it_is_an_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("models").mkdir()
    tmp_path.joinpath("Qwen").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileUnreadable, match="no such file"):
        find("models/Qwen3-32B")
    assert find("Qwen/Qwen3-32B").name == "Qwen/Qwen3-32B"


@pytest.mark.parametrize("name", ["acme/Qwen3-32B", "QWEN/QWEN3-32b", "Qwen3-32B", "acme/qwen3-32b-FP8", "x" * 5000])
def test_names_that_differ_in_case_or_maker_are_fine(name: str) -> None:
    if len(name) > 1000:
        with pytest.raises(NotFound):
            find(name)
    else:
        assert find(name).architecture.layers == 64
