from __future__ import annotations

import pytest

from components.serving.vllm_arguments import arguments, command_line, problems
from components.serving.vllm_spec import OURS
from components.versions import image


def test_the_list_is_that_of_the_image_that_is_pinned() -> None:
    assert f"v{arguments().version}" == image("vllm").tag
    assert arguments().read == "2026-11-01"


def test_the_list_has_engine_and_server_arguments_with_their_kinds() -> None:
    known = arguments().arguments
    assert len(known) == 321
    assert {name: known[name].kind for name in ("max-model-len", "gpu-memory-utilization", "enable-lora", "api-key", "headless")} == {
        "max-model-len": "int", "gpu-memory-utilization": "float", "enable-lora": "flag", "api-key": "list",
        "headless": "switch",
    }  # fmt: skip
    assert known["scheduling-policy"].choices == ("fcfs", "priority")


def test_every_argument_that_is_kept_back_is_one_of_vllms() -> None:
    assert sorted(OURS.keys() - arguments().arguments.keys()) == []


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"seed": 7}, ""),
        ({"seed": True}, "seed takes int, not True"),
        ({"headless": True, "enable-lora": False}, ""),
        ({"scheduling-policy": "lifo"}, "scheduling-policy cannot be 'lifo'; known: fcfs, priority"),
        ({"speculative-config": '{"method": "ngram"}'}, ""),
        ({"gpu-memory": 1}, "gpu-memory is no argument of vLLM 0.33.0"),
    ],
)
def test_names_and_values_are_held_against_the_list(given: dict[str, bool | int | str], wrong: str) -> None:
    found = problems(given)
    assert (not found) if not wrong else any(wrong in text for text in found)


def test_a_flag_that_is_off_is_said_and_a_switch_that_is_off_is_left_out() -> None:
    given = {"enable-lora": False, "headless": False, "enable-eplb": True, "seed": 7}
    assert command_line(given) == ["--enable-eplb", "--no-enable-lora", "--seed=7"]
