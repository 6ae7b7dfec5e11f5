"""blueprint plan-capacity as people and programs use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from blueprint.cli import main, plan_capacity_command
from blueprint.planner.models import open_model
from blueprint.planner.request import Request
from blueprint.schemas import capacity_schema, options_schema

ROOT = Path(__file__).parents[3]


class Ran:
    """What one call printed, and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        self.code: object = 0
        try:
            main(["plan-capacity", *words])
        except SystemExit as ended:
            self.code = ended.code
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    return lambda *words: Ran(capsys, *words)


def test_everything_that_can_be_asked_for_is_an_option() -> None:
    told = {each.name for each in plan_capacity_command.command.params}
    assert set(Request.model_fields) <= told


def test_a_deployment_is_answered_with_the_machine_contract(run) -> None:  # type: ignore[no-untyped-def]
    ran = run(
        "Qwen/Qwen3-32B", "--gpu", "h100-sxm-80gb", "--tensor-parallel", "2", "--max-model-len", "32768", "-o", "json"
    )
    found = json.loads(ran.out)
    jsonschema.validate(found, capacity_schema())
    assert (ran.code, found["schema"], found["fits"], found["gpus"]) == (0, "blueprint.capacity/1", True, 2)
    assert {
        "schema", "fits", "weights_gib_per_gpu", "activation_gib_per_gpu", "non_torch_gib_per_gpu", "cuda_graph_gib_per_gpu",
        "available_kv_cache_gib_per_gpu", "kv_cache_tokens", "max_concurrency", "limiting_term", "error_band", "derived", "sources",
    } <= found.keys()  # fmt: skip
    assert "tensor_parallel" not in found["derived"]


def test_a_published_log_is_replayed_with_every_flag(run) -> None:  # type: ignore[no-untyped-def]
    ran = run(
        "meta-llama/Llama-3.1-8B-Instruct", "--gpu", "NVIDIA H100 80GB HBM3", "--total-gpu-memory-gib", "79.19", "--tensor-parallel", "1",
        "--pipeline-parallel", "1", "--data-parallel", "1", "--decode-context-parallel", "1", "--dtype", "bfloat16", "--quantization", "fp8",
        "--kv-cache-dtype", "fp8", "--max-model-len", "8192", "--max-num-seqs", "1024", "--max-num-batched-tokens", "8192",
        "--gpu-memory-utilization", "0.95", "--vllm-version", "0.19.0", "--enforce-eager", "-o", "json",
    )  # fmt: skip
    found = json.loads(ran.out)
    assert found["derived"] == {"expert_parallel": False, "runner": "generate", "language_model_only": False}
    assert (found["given"]["max_model_len"], found["given"]["vllm_version"]) == (8192, "0.19.0")
    assert found["kv_cache_tokens"] == pytest.approx(2 * 529248, rel=0.03)


def test_an_answer_of_no_ends_with_0_and_names_what_limits(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("qwen3-32b", "--gpu", "l4", "-o", "json")
    found = json.loads(ran.out)
    assert (ran.code, found["fits"], found["limiting_term"]) == (0, False, "weights")
    assert found["smallest_change"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("qwen3-32b", "--gpu", "h100", "--tensor-parallel", "3"), "allowed: 1, 2, 4, 8"),
        (("qwen3-32b", "--gpu", "h100", "--tensor-parallel", "x"), "is not a valid integer"),
        (("qwen3-32b", "--gpu", "h100", "--max-model-len", "9000000"), "longer than the model's context"),
        (("qwen3-32b", "--gpu", "h100", "--context", "4096", "--max-model-len", "8192"), "contradict each other"),
        (("qwen3-32b", "--gpu", "h100", "--instance", "g6e.xlarge"), "contradict each other"),
        (("qwen3-32b", "--gpu", "h100", "-o", "pdf"), "is not a format"),
        (("none.json", "--gpu", "h100"), "none.json"),
        (("qwen3-32b", "--gpu", "h100", "--region", "eu-west-1"), "--region with --gpu"),
        (("qwen3-32b", "--gpu", "h100", "--capacity", "spot"), "name an --instance in place of --gpu"),
        (("qwen3-32b", "--gpu", "h100", "--utilisation", "7"), "not in the range 0<x<=1"),
        (("qwen3-32b", "--utilisation", "0"), "not in the range 0<x<=1"),
        (("qwen3-32b", "--concurrency", "1" + "0" * 53), "is not in the range"),
        (("./models/Qwen3-32B", "--gpu", "h100"), "no such file"),
        (("qwen3-32b", "--gpu", "h100", "--max-model-len", "0"), "above 0"),
        (("qwen3-32b", "--gpu", "h100", "--quantization", ""), "is empty"),
        (("qwen3-32b", "--gpu", "h100", "--total-gpu-memory-gib", "81559"), "81559 MiB are 79.65 GiB"),
        (("qwen3-32b", "--gpu", "h100", "--gpu-memory-utilization", "nan"), "up to 1"),
        (("qwen3-32b", "--gpu", "h100", "--vllm-version", "0.19.0garbage"), "is no version"),
        (("--gpu", "h100"), "Missing argument"),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_is_nearest(run, words: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("Qwen/Qwen3-33B", "--gpu", "h100"), "Qwen/Qwen3-32B"),
        (("qwen3-32b", "--gpu", "h1000"), "h100"),
        (("qwen3-32b", "--gpu", "h100", "--region", "us-east-9"), "us-east-1"),
        (("qwen3-32b", "--gpu", "h100", "--quantization", "fp88"), "fp8"),
    ],
)
def test_an_unknown_name_ends_with_6_and_the_nearest(run, words: tuple[str, ...], nearest: str) -> None:  # type: ignore[no-untyped-def]
    ran = run(*words)
    assert (ran.code, ran.out) == (6, "")
    assert nearest in ran.err


def test_any_model_is_planned_from_its_file_and_an_unknown_architecture_is_refused(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(open_model("Qwen/Qwen3-8B").config))
    known, named = (json.loads(run(model, "--gpu", "l40s", "-o", "json").out) for model in (str(file), "qwen3-8b"))
    assert known["kv_cache_tokens"] == named["kv_cache_tokens"] > 0
    file.write_text(json.dumps({"model_type": "mamba"}))
    refused = run(str(file), "--gpu", "l40s")
    assert refused.code == 2
    assert "is no architecture that the planner knows" in refused.err


def test_pages_say_the_same_in_every_format(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    words = [word for name in ("md", "csv", "svg") for word in ("-o", f"{name}={tmp_path}/page.{name}")]
    ran = run("qwen3-8b", "--gpu", "l40s", "--max-model-len", "8192", *words, "-o", "table")
    assert ran.code == 0
    assert "limited by" in ran.out
    assert "| verdict | fits |" in (tmp_path / "page.md").read_text()
    assert (
        (tmp_path / "page.csv")
        .read_text()
        .splitlines()[1]
        .startswith("blueprint.capacity/1,qwen3-8b,l40s-48gb,1,true,fits")
    )
    drawn = ET.fromstring((tmp_path / "page.svg").read_text())
    said = [text.text or "" for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert [line.partition(":")[0] for line in said if line.endswith("GiB") and ": " in line] == [
        "weights", "activation", "buffers", "non-torch", "CUDA graphs", "KV cache",
    ]  # fmt: skip


def test_one_deployment_is_answered_with_how_many_of_it_hold_what_is_asked_at_once(run) -> None:  # type: ignore[no-untyped-def]
    words = ("qwen3-32b", "--gpu", "l40s", "--tensor-parallel", "4", "--context", "32768")
    found = json.loads(run(*words, "--concurrency", "500", "-o", "json").out)
    assert (found["at_once"], found["concurrency"], found["replicas"]) == (11, 500, 46)
    assert "500 at once        46 replicas of 4 GPUs" in run(*words, "--concurrency", "500").out
    assert json.loads(run(*words, "-o", "json").out)["replicas"] is None


def test_a_narrow_terminal_wraps_what_is_wide(run, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COLUMNS", "60")
    table = run("qwen3-32b", "--gpu", "l40s").out.partition("given")[0]
    assert max(len(line) for line in table.splitlines()) <= 60
    assert "(derived)" in table


def test_without_a_gpu_every_instance_type_of_the_region_is_ranked(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("qwen3-32b", "--context", "32768", "--concurrency", "8", "--region", "us-gov-west-1", "-o", "json")
    found = json.loads(ran.out)
    assert (ran.code, found["schema"], found["region"]) == (0, "blueprint.options/1", "us-gov-west-1")
    assert found["options"][0]["instance"] == "g6.12xlarge"
    jsonschema.validate(found, options_schema())
    assert run("qwen3-32b", "-o", "svg").code == 2


def test_planning_loads_neither_pulumi_nor_boto3() -> None:
    code = "import sys; from blueprint.cli import main\ntry: main(['plan-capacity', 'qwen3-8b', '--gpu', 'l4'])\nexcept SystemExit: pass\n"
    code += "print([m for m in sys.modules if m.startswith(('pulumi', 'boto', 'compliance', 'components'))], file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("what", "numbers", "unknown"),
    [
        ("models", {"billion_parameters": 32.76, "context": 40960}, "licence"),
        ("instances", {"accelerators": 4, "gib_of_each": 44.31, "vcpu": 48, "usd_an_hour": 10.49264}, "usd_an_hour"),
    ],
)
def test_a_list_has_numbers_for_programs_and_says_unknown_to_people(
    capsys: pytest.CaptureFixture[str], what: str, numbers: dict[str, float], unknown: str
) -> None:
    main(["list", what, "-o", "json"])
    listed = json.loads(capsys.readouterr().out)
    found = next(each for each in listed if each[what[:-1]] in {"Qwen/Qwen3-32B", "g6e.12xlarge"})
    assert {name: found[name] for name in numbers} == pytest.approx(numbers, rel=1e-2)
    assert all(isinstance(each[name], int | float | None) for each in listed for name in numbers)
    assert any(each[unknown] is None for each in listed)
    main(["list", what])
    assert "unknown" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "models"), "Qwen/Qwen3-32B"),
        (("list", "instances"), "g6e.12xlarge"),
        (("explain", "model", "qwen3-32b"), "32.8 billion parameters"),
        (("explain", "instance", "g6e.12xlarge"), "4 x l40s-48gb"),
    ],
)
def test_models_and_instances_are_listed_and_explained(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    main(list(words))
    assert said in capsys.readouterr().out
