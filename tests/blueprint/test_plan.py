"""A plan, or every problem of a document at its own place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from blueprint.config import load
from blueprint.errors import DocumentError, Problem
from blueprint.plan import Plan, make_plan

ROOT = Path(__file__).parents[2]
DAY = dt.date(2026, 11, 20)
Change = Callable[[dict[str, object]], None]


def plan_of(stack: str) -> Plan:
    return make_plan(load(ROOT / "stacks" / f"Pulumi.{stack}.yaml", stack), ROOT, as_of=DAY)


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., list[Problem]]:
    """Change the regulated document and return the problems."""

    def run(change: Change, *, region: str = "us-east-1", exceptions: str | None = None) -> list[Problem]:
        loaded = load(ROOT / "stacks" / "Pulumi.regulated.yaml", "regulated")
        assert isinstance(loaded.source.data, dict)
        data = {key: value for key, value in loaded.source.data.items() if key != "preset"}
        change(data)  # type: ignore[arg-type]
        file = tmp_path / "Pulumi.test.yaml"
        file.write_text(yaml.safe_dump({"config": {"aws:region": region, "blueprint:platform": data}}, sort_keys=False))
        if exceptions is not None:
            (tmp_path / "compliance" / "exceptions").mkdir(parents=True)
            (tmp_path / "compliance" / "exceptions" / "test.yaml").write_text(exceptions)
        try:
            make_plan(load(file, "test"), tmp_path, as_of=DAY)
        except DocumentError as error:
            return list(error.problems)
        return []

    return run


def put(*path: str | int, value: object) -> Change:
    def change(data: dict[str, object]) -> None:
        here: object = data
        for part in path[:-1]:
            here = here[part]  # type: ignore[index]
        here[path[-1]] = value  # type: ignore[index]

    return change


def keyed(problems: list[Problem]) -> dict[str, Problem]:
    return {problem.key: problem for problem in problems}


@pytest.mark.parametrize("stack", ["brownfield", "dev", "prod", "regulated", "seed", "staging"])
def test_every_stack_of_the_project_can_be_planned(stack: str) -> None:
    assert plan_of(stack).stack == stack


def test_components_are_planned_in_the_order_in_which_they_are_made() -> None:
    order = list(plan_of("regulated").specs)
    assert order.index("identity") < order.index("network") < order.index("cluster") < order.index("observability")
    assert order.index("models/qwen3-32b") < order.index("serving/chat") < order.index("gateway")


def test_the_wiring_is_known_before_anything_is_built() -> None:
    edges = {(edge.consumer, edge.provider, edge.offer.name) for edge in plan_of("dev").wiring.edges}
    assert edges == {
        ("serving/small", "models/qwen25-7b", "weights"), ("serving/small", "observability", "otlp"),
        ("gateway", "serving/small", "model-route"), ("gateway", "serving/large", "model-route"),
        ("gateway", "observability", "otlp"),
    }  # fmt: skip


@pytest.mark.parametrize("stack", ["brownfield", "dev", "prod", "regulated", "seed", "staging"])
def test_no_stack_of_the_project_lacks_a_foundation(stack: str) -> None:
    assert plan_of(stack).warnings == ()


def test_agents_without_data_and_evaluation_are_warned_about_with_the_reason(tmp_path: Path) -> None:
    loaded = load(ROOT / "stacks" / "Pulumi.staging.yaml", "staging")
    assert isinstance(loaded.source.data, dict)
    data = {
        key: value for key, value in loaded.source.data.items() if key not in {"preset", "evaluation", "vector_stores"}
    }
    for key, without in (("gateway", "tools"), ("agents", "tools")):
        part = data[key]
        for each in part if isinstance(part, list) else [part]:
            assert isinstance(each, dict)
            each.pop(without)
    file = tmp_path / "Pulumi.staging.yaml"
    file.write_text(
        yaml.safe_dump({"config": {"aws:region": "us-east-1", "blueprint:platform": data}}, sort_keys=False)
    )
    warnings = make_plan(load(file, "staging"), ROOT, as_of=DAY).warnings
    assert [(each.key, each.allowed) for each in warnings] == [
        ("agents", "lakehouse or vector_stores"), ("agents", "evaluation"),
    ]  # fmt: skip
    assert all("foundations" in each.why and each.position is not None for each in warnings)


def test_an_agent_without_a_gateway_is_refused(refused: Callable[..., list[Problem]]) -> None:
    def change(data: dict[str, object]) -> None:
        del data["gateway"]

    assert "agents needs gateway, which the document does not have" in [each.what for each in refused(change)]


def test_an_unknown_key_names_the_nearest_one(refused: Callable[..., list[Problem]]) -> None:
    problem = keyed(refused(put("gatway", value={})))["gatway"]
    assert (problem.what, problem.fix) == ("unknown key", "did you mean gateway?")


def test_a_layer_without_code_says_that_it_is_not_there(refused: Callable[..., list[Problem]]) -> None:
    assert "no code yet" in keyed(refused(put("features", value=[])))["features"].what


def test_a_wrong_kind_lists_the_kinds(refused: Callable[..., list[Problem]]) -> None:
    problem = keyed(refused(put("network", "kind", value="manged")))["network.kind"]
    assert (problem.allowed, problem.fix) == ("managed, existing", "did you mean managed?")


def test_a_pool_that_does_not_exist_is_shown_at_the_word(refused: Callable[..., list[Problem]]) -> None:
    problem = keyed(refused(put("serving", 0, "pool", value="l40")))["serving[0].pool"]
    assert (problem.allowed, problem.fix) == ("l40s", "did you mean l40s?")


def test_a_model_that_nobody_offers_is_shown_at_the_word(refused: Callable[..., list[Problem]]) -> None:
    assert "nobody offers" in keyed(refused(put("serving", 0, "model", value="llama")))["serving[0].model"].what


def test_an_unsound_model_is_told_once_and_not_again_at_the_route_to_it(refused: Callable[..., list[Problem]]) -> None:
    found = keyed(refused(put("serving", 0, "concurrency", value=100_000)))
    assert list(found) == ["serving[0].concurrency"]


def test_an_impossible_extra_argument_is_refused_at_its_own_line(refused: Callable[..., list[Problem]]) -> None:
    change = put("serving", 0, "extra_arguments", value={"seed": 7, "max-num-batched-tokens": -5})
    (problem,) = refused(change)
    assert (problem.key, problem.value) == ("serving[0].extra_arguments.max-num-batched-tokens", "-5")
    assert problem.position is not None
    lines = problem.position.file.read_text(encoding="utf-8").splitlines()
    assert lines[problem.position.line - 1][problem.position.column - 1 :] == "-5"


def test_more_zones_than_the_region_has_are_refused(refused: Callable[..., list[Problem]]) -> None:
    problem = keyed(refused(put("network", "zones", value=4), region="eu-central-1"))["network.zones"]
    assert problem.what == "eu-central-1 has 3 zones"


def test_an_instance_type_that_the_region_does_not_offer_is_refused(refused: Callable[..., list[Problem]]) -> None:
    assert any(
        problem.key == "gpu_pools[0].instance" for problem in refused(put("name", value="claims"), region="eu-west-1")
    )


def test_a_region_that_does_not_exist_is_refused(refused: Callable[..., list[Problem]]) -> None:
    assert "no such region" in {problem.what for problem in refused(put("name", value="claims"), region="us-east-9")}


@pytest.mark.parametrize("cidr", ["10.0.0.0/27", "10.0.0.1/16", "8.8.0.0/16", "10.0.0.0"])
def test_an_address_range_that_is_too_small_malformed_or_public_is_refused(
    refused: Callable[..., list[Problem]], cidr: str
) -> None:
    assert any(problem.key.startswith("network") for problem in refused(put("network", "cidr", value=cidr)))


def test_a_gateway_without_any_model_is_refused(refused: Callable[..., list[Problem]]) -> None:
    keys = keyed(refused(put("serving", value=[])))
    assert "gateway.routes[0].models[0].serving" in keys or "gateway" in keys


def test_a_value_weaker_than_the_posture_names_framework_and_citation(refused: Callable[..., list[Problem]]) -> None:
    problem = keyed(refused(put("audit", "retention_days", value=90)))["audit.retention_days"]
    assert "hipaa@2013 164.316(b)(2)(i)" in problem.allowed
    assert "audit_log_retention_days × audit" in problem.fix


def test_a_stricter_value_is_taken(refused: Callable[..., list[Problem]]) -> None:
    assert refused(put("audit", "retention_days", value=3650)) == []


EXCEPTION = """
- id: EX-1
  waives: {parameter: audit_log_retention_days, component: audit}
  owner: ml-platform@example.org
  approver: ciso@example.org
  risk: an investigation may start after the records are gone
  compensating: records are copied to the records office every month
  until: "%s"
"""


def test_a_dated_exception_lets_a_weaker_value_through(refused: Callable[..., list[Problem]]) -> None:
    assert refused(put("audit", "retention_days", value=400), exceptions=EXCEPTION % "2026-11-20") == []


def test_an_exception_that_has_ended_covers_nothing(refused: Callable[..., list[Problem]]) -> None:
    assert "audit.retention_days" in keyed(
        refused(put("audit", "retention_days", value=400), exceptions=EXCEPTION % "2026-11-19")
    )


def test_an_unknown_framework_is_shown_at_its_word(refused: Callable[..., list[Problem]]) -> None:
    problem = keyed(refused(put("compliance", "frameworks", value=["hippa"])))["compliance.frameworks[0]"]
    assert "hipaa" in problem.fix


def test_two_things_of_one_name_are_refused(refused: Callable[..., list[Problem]]) -> None:
    def twice(data: dict[str, object]) -> None:
        serving = data["serving"]
        assert isinstance(serving, list)
        serving.append(dict(serving[0]))

    assert "used twice" in keyed(refused(twice))["serving[1].name"].what


def test_every_problem_is_told_at_once(refused: Callable[..., list[Problem]]) -> None:
    def several(data: dict[str, object]) -> None:
        put("gatway", value={})(data)
        put("owner", value="nobody")(data)
        put("serving", 0, "pool", value="l40")(data)
        put("audit", "retention_days", value=1)(data)

    assert {"gatway", "owner", "serving[0].pool", "audit.retention_days"} <= keyed(refused(several)).keys()


def test_an_unknown_model_over_more_gpus_than_a_node_has_is_refused_where_it_says_so(
    refused: Callable[..., list[Problem]],
) -> None:
    def change(data: dict[str, object]) -> None:
        put("models", 0, "source", value="acme/unknown")(data)
        put("serving", 0, "tensor_parallel", value=8)(data)

    problem = keyed(refused(change))["serving[0].tensor_parallel"]
    assert (problem.value, problem.allowed) == ("8", "1 to 4 GPUs in all")
    assert problem.fix == "share the model over 4 GPUs, or choose a pool of larger nodes"
    assert problem.position is not None
    lines = problem.position.file.read_text(encoding="utf-8").splitlines()
    assert lines[problem.position.line - 1][problem.position.column - 1 :] == "8"


def test_every_problem_stands_somewhere(refused: Callable[..., list[Problem]]) -> None:
    for problem in refused(put("owner", value="nobody")):
        assert problem.position is not None
        assert problem.position.line > 1
