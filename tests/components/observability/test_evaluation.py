"""The evaluation, as it is registered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blueprint.ports import HttpProxyPort, McpPort, OpenAiPort, OpenLineagePort, OtlpPort, Port
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer
from compliance.findings import Outcome
from components.observability.evaluation import PROGRAMS, Evaluation
from components.observability.evaluation_spec import SCHEDULES, EvaluationSpec
from components.observability.observability import Observability
from components.observability.observability_spec import ObservabilitySpec
from tests.components import builders, manifests
from tests.components.builders import only, types
from tests.components.verdicts import changed, verdicts

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

MINIMAL: dict[str, Any] = {
    "models": ["chat"], "judge": "strong", "dataset": {"key": "2026-11.jsonl", "digest": f"sha256:{'0' * 64}"},
}  # fmt: skip
RETRIEVAL = {"store": "knowledge", "groups": ["claims"], "embedding": "embed"}
OFFERS = {
    "gateway": (Offer(name="openai", dialect=Dialect.OPENAI_V1), Offer(name="mcp", dialect=Dialect.MCP)),
    "observability": (Offer(name="otlp", dialect=Dialect.OTLP),),
    "lineage": (Offer(name="lineage", dialect=Dialect.OPENLINEAGE),),
}
PORTS: dict[str, Port] = {
    "models": OpenAiPort(provider="gateway", url="https://gateway.gateway.svc/v1", models=("chat", "strong")),
    "tools": McpPort(
        provider="gateway", url="https://gateway.gateway.svc/mcp", secret_arn=None, tools=("knowledge/search",),
        authorities="kube-root-ca.crt",
    ),
    "otlp": OtlpPort(
        provider="observability", grpc="https://observability.observability.svc:4317",
        http="https://observability.observability.svc:4318", authorities="kube-root-ca.crt",
    ),
    "lineage": OpenLineagePort(
        provider="lineage", url="https://lineage.lineage.svc/api/v1/lineage",
        secret_arn=builders.arn("secretsmanager", "secret:claims-prod/lineage/key"), authorities="kube-root-ca.crt",
    ),
}  # fmt: skip


def synthesised(document: dict[str, Any], *, ports: dict[str, Port] | None = None) -> ResourceGraph:
    spec = EvaluationSpec.model_validate(document)
    needs = {"evaluation": spec.needs(), **{noun: Needs(offers=offers) for noun, offers in OFFERS.items()}}
    wanted = {want.name for want in spec.needs().wants}

    def program() -> None:
        context = builders.platform(needs)
        Evaluation(
            "evaluation", spec, platform=context, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            backup=builders.backup(), identity=builders.identity(context), cluster=builders.cluster(context),
            secrets=builders.secrets(context),
            ports=ports or {name: port for name, port in PORTS.items() if name in wanted},
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="module")
def evaluation() -> ResourceGraph:
    return synthesised({**MINIMAL, "retrieval": RETRIEVAL})


def job(graph: ResourceGraph) -> Any:
    return only(graph, "kubernetes:batch/v1:CronJob").inputs["spec"]


def environment(graph: ResourceGraph) -> dict[str, Any]:
    (container,) = job(graph)["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"]}


def test_every_kubernetes_object_fits_the_api(evaluation: ResourceGraph) -> None:
    assert len(manifests.check(evaluation)) == 5


@pytest.mark.parametrize(("hours", "schedule"), SCHEDULES.items())
def test_runs_come_as_often_as_the_document_says_and_say_so(hours: int, schedule: str) -> None:
    graph = synthesised({**MINIMAL, "every_hours": hours})
    assert job(graph)["schedule"] == schedule
    assert job(graph)["suspend"] is False
    settings = json.dumps(only(graph, "kubernetes:core/v1:ConfigMap", "evaluation-settings").inputs["data"])
    assert f'\\"interval_seconds\\": {hours * 3600}' in settings


def test_the_program_calls_what_the_ports_say(evaluation: ResourceGraph) -> None:
    told = environment(evaluation)
    assert {name: told[name] for name in told if name.endswith("_URL")} == {
        "MODELS_URL": "https://gateway.gateway.svc/v1", "TOOLS_URL": "https://gateway.gateway.svc/mcp",
        "OTLP_URL": "https://observability.observability.svc:4318",
        "LINEAGE_URL": "https://lineage.lineage.svc/api/v1/lineage",
    }  # fmt: skip


def test_without_lineage_and_retrieval_nothing_of_them_is_asked_for() -> None:
    few = {name: PORTS[name] for name in ("models", "otlp")}
    told = environment(synthesised(MINIMAL, ports=few))
    assert {name for name in told if name.endswith("_URL")} == {"MODELS_URL", "OTLP_URL"}


def test_a_port_of_another_dialect_is_refused() -> None:
    wrong = HttpProxyPort(provider="egress", url="http://proxy", secret_arn="arn")
    with pytest.raises(TypeError, match="the port models speaks http-proxy"):
        synthesised(MINIMAL, ports={"models": wrong})


def test_it_reads_its_own_questions_and_nothing_else(evaluation: ResourceGraph) -> None:
    policy = only(evaluation, "aws:iam/rolePolicy:RolePolicy").inputs["policy"]
    joined = "".join(each if isinstance(each, str) else each["$ref"]["property"] for each in policy["$text"])
    statements = json.loads(joined)["Statement"]
    assert [(each["Action"], each["Resource"]) for each in statements] == [
        ("s3:GetObject", "arn/2026-11.jsonl"), ("kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/objects"),
    ]  # fmt: skip


def test_its_keys_are_files(evaluation: ResourceGraph) -> None:
    provider = only(evaluation, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass").inputs
    files = {each["objectAlias"] for each in json.loads(provider["spec"]["parameters"]["objects"])}
    assert files == {"gateway-key", "lineage-key"}


def test_the_programs_that_are_mounted_are_all_that_they_import(evaluation: ResourceGraph) -> None:
    data = only(evaluation, "kubernetes:core/v1:ConfigMap", "evaluation-programs").inputs["data"]
    imported = {
        line.split("components.observability.programs.")[1].split()[0]
        for text in data.values() for line in text.splitlines() if line.startswith("from components.")
    }  # fmt: skip
    assert imported < set(PROGRAMS) == {Path(name).stem for name in data}
    volumes = job(evaluation)["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
    paths = [item["path"] for item in volumes[0]["configMap"]["items"]]
    assert paths == [f"components/observability/programs/{name}.py" for name in PROGRAMS]


def test_the_gateway_is_asked_for_the_routes_and_tools_that_are_used_and_no_others() -> None:
    wants = {
        want.name: want for want in EvaluationSpec.model_validate({**MINIMAL, "retrieval": RETRIEVAL}).needs().wants
    }
    assert wants["models"].allows == {"chat", "strong", "embed"}
    assert wants["tools"].allows == {"knowledge/search"}
    assert wants["tools"].of == "gateway"
    assert wants["otlp"].allows == {"http"}
    assert wants["lineage"].optional


def test_a_route_named_twice_and_a_digest_that_is_none_are_refused() -> None:
    with pytest.raises(ValidationError, match="models names chat more than once"):
        EvaluationSpec.model_validate({**MINIMAL, "models": ["chat", "chat"]})
    with pytest.raises(ValidationError, match="digest"):
        EvaluationSpec.model_validate({**MINIMAL, "dataset": {"key": "a", "digest": "sha256:latest"}})


def test_the_questions_are_kept_and_nothing_stands_between_runs(evaluation: ResourceGraph) -> None:
    bucket = only(evaluation, "aws:s3/bucket:Bucket")
    assert bucket.protect
    assert bucket.inputs["tags"]["dataset"] == "evaluation"
    assert "kubernetes:apps/v1:Deployment" not in types(evaluation)


@pytest.fixture(scope="module")
def watched() -> ResourceGraph:
    """The evaluation beside the observability whose alerts hold its results."""
    spec, collects = EvaluationSpec.model_validate(MINIMAL), ObservabilitySpec()
    offers = {noun: Needs(offers=offered) for noun, offered in OFFERS.items() if noun == "gateway"}
    needs = {"evaluation": spec.needs(), "observability": collects.needs(), **offers}

    def program() -> None:
        context = builders.platform(needs)
        cluster, identity = builders.cluster(context), builders.identity(context)
        shared: dict[str, Any] = {
            "platform": context, "network": builders.network(), "keys": builders.keys(), "audit": builders.audit(),
            "identity": identity, "cluster": cluster,
        }  # fmt: skip
        secrets = builders.secrets(context)
        Observability("observability", collects, **shared)
        Evaluation(
            "evaluation", spec, **shared, backup=builders.backup(), secrets=secrets,
            ports={name: PORTS[name] for name in ("models", "otlp")},
        )  # fmt: skip

    return builders.graph(program)


def test_nothing_of_it_fails_under_the_strictest_posture(watched: ResourceGraph) -> None:
    """The collector is not its own: here it has nobody to scrape, and a token that it does not need."""
    found = verdicts(watched)
    collector = "Workload/observability-collector"
    assert not [pair for pair, outcome in found.items() if outcome is Outcome.FAIL and pair[1] != collector]
    own = {rule: outcome for (rule, subject), outcome in found.items() if subject.startswith("Evaluation/")}
    assert len(own) == 6
    assert set(own.values()) == {Outcome.PASS}


@pytest.mark.parametrize(
    ("name", "path", "value", "rule"),
    [
        ("evaluation-runs", "spec.suspend", True, "evaluation_runs_by_itself"),
        ("evaluation-runs", "spec.concurrencyPolicy", "Allow", "evaluation_runs_one_at_a_time"),
        ("observability-metrics-rules", "data", "groups: []", "evaluation_results_alarmed"),
    ],
)
def test_each_weakening_turns_its_rule(watched: ResourceGraph, name: str, path: str, value: Any, rule: str) -> None:
    assert verdicts(changed(watched, name, path, value))[rule, "Evaluation/evaluation-runs"] is Outcome.FAIL


def test_a_bound_of_nought_asks_for_nothing() -> None:
    found = verdicts(synthesised({**MINIMAL, "thresholds": {"judge": 0}}))
    assert found["evaluation_measures_bounded", "Evaluation/evaluation-runs"] is Outcome.FAIL


def test_the_alerts_hold_the_results_of_a_platform_that_has_an_evaluation(watched: ResourceGraph) -> None:
    data = str(only(watched, "aws:amp/ruleGroupNamespace:RuleGroupNamespace").inputs["data"])
    assert "QualityBelowThreshold" in data
    assert "NothingHeard" not in data
