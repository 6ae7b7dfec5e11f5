from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.models import divides_heads, models, models_read, open_model


def test_the_table_says_what_the_source_says() -> None:
    found = open_model("Qwen/Qwen3-32B")
    assert (found.layers, found.hidden, found.heads, found.kv_heads, found.head_dim) == (64, 5120, 64, 8, 128)
    assert (found.vocabulary, found.context, found.kv_bytes_per_token, found.checked) == (
        151936,
        40960,
        262144,
        "config",
    )
    assert open_model("Qwen/Qwen3-30B-A3B").active_billion == 3.3


def test_cache_bytes_of_plain_attention_are_layers_heads_and_two_bytes_each_for_keys_and_values() -> None:
    plain = [
        each for each in models().values() if each.id.startswith(("meta-llama/Llama-3", "Qwen/Qwen3-", "Qwen/Qwen2.5"))
    ]
    assert len(plain) >= 8
    for each in plain:
        assert each.kv_heads is not None
        assert each.head_dim is not None
        assert each.kv_bytes_per_token == 2 * 2 * each.layers * each.kv_heads * each.head_dim


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean Qwen/Qwen3-32B"):
        open_model("Qwen/Qwen3-33B")


@pytest.mark.parametrize(
    ("name", "gpus", "answer"),
    [("Qwen/Qwen3-32B", 8, True), ("Qwen/Qwen2.5-7B-Instruct", 8, False), ("acme/model", 2, None)],
)
def test_whether_heads_can_be_shared_out_is_unknown_for_a_model_that_is_not_in_the_table(
    name: str, gpus: int, answer: bool | None
) -> None:
    assert divides_heads(name, gpus) is answer


def test_the_table_carries_its_date() -> None:
    assert models_read() == "2026-11-20"
