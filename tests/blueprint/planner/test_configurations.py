"""What is refused of a configuration, and what must hold of every one that is not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.errors import DocumentError
from blueprint.planner.accelerators import accelerator
from blueprint.planner.architecture import Architecture, architecture
from blueprint.planner.bounds import BOUNDS
from blueprint.planner.capacity import account
from blueprint.planner.models import models, open_model
from blueprint.planner.request import Request, settle

PLAIN: dict[str, Any] = {
    "model_type": "llama", "num_hidden_layers": 4, "hidden_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2,
    "intermediate_size": 1024, "vocab_size": 1000, "max_position_embeddings": 4096,
}  # fmt: skip
EXPERTS: dict[str, Any] = {
    **PLAIN, "model_type": "qwen3_moe", "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 256,
}  # fmt: skip
MIXTRAL = {**PLAIN, "model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2}
GLM = {
    **PLAIN, "model_type": "glm4_moe", "n_routed_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 256, "first_k_dense_replace": 1,
}  # fmt: skip


def refused(configuration: dict[str, Any]) -> list[str]:
    with pytest.raises(DocumentError) as error:
        architecture(configuration)
    assert all(problem.why for problem in error.value.problems)
    return [problem.key.removeprefix("config.json.") for problem in error.value.problems]


def without(configuration: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in configuration.items() if key not in keys}


@pytest.mark.parametrize(
    ("configuration", "key"),
    [
        (EXPERTS, "num_experts"), (EXPERTS, "moe_intermediate_size"), (EXPERTS, "num_experts_per_tok"), (MIXTRAL, "num_local_experts"),
        (GLM, "n_routed_experts"), (GLM, "intermediate_size"), (MIXTRAL, "intermediate_size"),
    ],
)  # fmt: skip
def test_a_model_of_experts_is_never_read_as_a_dense_one(configuration: dict[str, Any], key: str) -> None:
    assert architecture(configuration).experts == 8
    assert refused(without(configuration, key)) == [key]
    assert key in refused({**configuration, key: 0})


def test_a_family_that_comes_without_experts_too_says_which_it_is() -> None:
    gemma = without({**PLAIN, "model_type": "gemma4_text", "sliding_window": 512}, "num_experts")
    assert architecture(gemma).experts == 0
    assert refused({**gemma, "enable_moe_block": True, "moe_intermediate_size": 64, "top_k_experts": 2}) == [
        "num_experts"
    ]
    mamba = {"mamba_n_heads": 8, "mamba_d_head": 64, "mamba_d_state": 16, "mamba_n_groups": 1, "mamba_d_conv": 4}
    listed = {"layer_types": ["mamba", "mamba", "mamba", "attention"]}
    granite = {**PLAIN, **mamba, **listed, "model_type": "granitemoehybrid", "shared_intermediate_size": 1024}
    assert architecture({**granite, "num_local_experts": 0}).experts == 0
    assert set(refused(granite)) == {"num_local_experts", "num_experts_per_tok"}


@pytest.mark.parametrize(
    "value",
    [-8, 10**9, 2.0, "8", True, [8], {"a": 8}, math.nan, math.inf, 1 << 20000],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("key", sorted(BOUNDS))
def test_a_number_that_nobody_can_mean_is_refused_with_its_bounds(key: str, value: object) -> None:
    if BOUNDS[key].holds(value):
        value = -1
    with pytest.raises(DocumentError) as error:
        architecture({**PLAIN, key: value})
    problem = next(each for each in error.value.problems if each.key == f"config.json.{key}")
    assert problem.allowed == str(BOUNDS[key])
    assert 0 < len(problem.value) < 80


@pytest.mark.parametrize(
    ("changed", "keys"),
    [
        ({"num_key_value_heads": 5}, ["num_key_value_heads"]),
        ({"num_key_value_heads": 16}, ["num_key_value_heads"]),
        ({"hidden_size": 513}, ["hidden_size"]),
        ({"hidden_size": 513, "head_dim": 64}, []),
        ({"tie_word_embeddings": "false"}, ["tie_word_embeddings"]),
        ({"quantization_config": "awq"}, ["quantization_config"]),
        ({"quantization_config": ["awq"]}, ["quantization_config"]),
        ({"quantization_config": None}, []),
        ({"vision_config": "yes"}, ["vision_config"]),
        ({"text_config": []}, ["text_config"]),
        ({"layer_types": {"a": 1}}, ["layer_types"]),
        ({"rope_scaling": "yarn"}, ["rope_scaling"]),
        ({"partial_rotary_factor": 1.5}, ["rope_parameters.partial_rotary_factor"]),
    ],
)
def test_what_contradicts_another_number_or_is_of_another_kind_is_refused(
    changed: dict[str, Any], keys: list[str]
) -> None:
    assert (refused({**PLAIN, **changed}) if keys else []) == keys
    assert keys or architecture({**PLAIN, **changed})


def test_experts_and_layers_bound_what_is_counted_in_them() -> None:
    assert refused({**GLM, "first_k_dense_replace": 5}) == ["first_k_dense_replace"]
    assert refused({**GLM, "num_experts_per_tok": 9}) == ["num_experts_per_tok"]
    assert refused({**EXPERTS, "mlp_only_layers": [4]}) == ["mlp_only_layers"]


def test_layers_that_are_listed_as_plain_have_no_experts() -> None:
    plain = architecture({**EXPERTS, "mlp_only_layers": [0, 3]}).body
    assert plain.experts == architecture(EXPERTS).body.experts / 2
    assert plain.dense == 2 * 3 * 512 * 1024
    every = architecture({**EXPERTS, "decoder_sparse_step": 2, "mlp_only_layers": [1]}).body
    assert every.experts == architecture(EXPERTS).body.experts / 4


def test_the_same_thing_is_told_once() -> None:
    assert refused({**PLAIN, "sliding_window": -1, "layer_types": ["other"] * 4}) == ["sliding_window", "layer_types"]


def test_a_part_of_a_configuration_is_named_by_its_path() -> None:
    assert refused({"vision_config": {"hidden_size": -1, "depth": 2}, "text_config": PLAIN}) == [
        "vision_config.hidden_size"
    ]


def test_a_kind_of_encoder_that_is_no_text_is_an_encoder_that_was_not_read() -> None:
    vision = {"hidden_size": 64, "depth": 2, "intermediate_size": 128, "model_type": [1]}
    found = architecture({"text_config": PLAIN, "vision_config": vision}).images
    assert found is not None
    assert not found.known


def read(configuration: dict[str, Any]) -> Architecture | None:
    try:
        return architecture(configuration)
    except DocumentError:
        return None


def test_a_key_that_is_missing_never_makes_a_model_much_smaller() -> None:
    """The widest difference is that of a class whose own default is another number of heads. A switch that is missing is off."""
    for row in models().values():
        whole = architecture(row.config).without_images
        nested = "text_config" in row.config
        text = row.config["text_config"] if nested else row.config
        for key in (each for each in text if not isinstance(text[each], bool)):
            less = without(dict(text), key)
            found = read({**row.config, "text_config": less} if nested else less)
            assert found is None or found.without_images.body.total > 0.93 * whole.body.total, (row.id, key)


def test_heads_of_the_cache_that_are_null_are_as_many_as_all_and_not_the_default_of_the_class() -> None:
    silent = without({**PLAIN, "model_type": "mistral"}, "num_key_value_heads")
    assert (architecture(silent).kv_heads, architecture({**silent, "num_key_value_heads": None}).kv_heads) == (
        8,
        PLAIN["num_attention_heads"],
    )


@pytest.mark.parametrize(
    ("family", "tied"), [("starcoder2", True), ("granite", False), ("mistral", False), ("cohere2", True)]
)
def test_embeddings_are_one_where_the_class_says_so_and_the_file_nothing(family: str, tied: bool) -> None:
    silent = architecture({**without(PLAIN, "tie_word_embeddings"), "model_type": family, "sliding_window": 1024})
    assert (silent.body.head == 0) is tied


nonsense = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=3),
    st.sampled_from([0, 1, 2, 3, 7, 2**31, 10**30, "", "128", {}, {"rope_type": "linear", "factor": -1}]),
)  # fmt: skip
CHANGEABLE = sorted({key for row in models().values() for part in (row.config, row.config.get("text_config", {})) for key in part}
                    | {"rope_scaling", "rope_parameters", "quantization_config", "mlp_only_layers", "mlp_layer_types", "audio_config", "linear_attn_config",
                       "moe_layer_end_index", "partial_rotary_factor", "torch_dtype", "model_type", *BOUNDS})  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(models())), st.dictionaries(st.sampled_from(CHANGEABLE), nonsense, min_size=1, max_size=3)
)
def test_whatever_is_written_into_a_configuration_it_is_refused_or_has_no_negative_term(
    name: str, changed: dict[str, Any]
) -> None:
    config = dict(open_model(name).config)
    text = {**config.get("text_config", config), **changed}
    found = read({**config, "text_config": text} if "text_config" in config else text)
    if found is None:
        return
    assert min(found.layers, found.hidden, found.heads, found.vocabulary, found.context, found.body.total) > 0
    assert min(getattr(found.body, part) for part in type(found.body).model_fields) >= 0
    assert (
        min((min(each.layers, each.kv_heads, each.head_dim, each.window) for each in found.attention), default=0) >= 0
    )
    gpu = accelerator("h100")
    try:
        settled = settle(found, gpu, Request(max_model_len=16))
    except DocumentError:
        return
    counted = account(found, gpu, settled)
    assert (
        min(counted.weights, counted.activation, counted.buffers, counted.non_torch, counted.graphs, counted.blocks)
        >= 0
    )
