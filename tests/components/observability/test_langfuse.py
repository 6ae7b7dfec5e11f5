"""Langfuse, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.errors import DocumentError
from blueprint.ports import HttpProxyPort, OtlpPort, TracesPort
from blueprint.types import Dialect, Mode
from blueprint.wiring import Needs, Offer, Want
from compliance.engine import judge
from compliance.findings import Outcome
from compliance.resolve import resolve
from compliance.rule import load_rules
from compliance.sources.planned.source import subjects
from components.observability.langfuse import Langfuse
from components.observability.langfuse_spec import LangfuseSpec, Page, SignOn
from tests.components import builders, manifests
from tests.components.builders import names, only, types
from tests.components.strictest import FRAMEWORKS, strictest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.graph import ResourceGraph
    from blueprint.ports import Port

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SECRET_CLASS = "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass"
COLLECTOR = Needs(
    wants=(Want(name="traces", dialect=Dialect.TRACES, workload="collector", access="write"),),
    workloads=frozenset({"collector"}),
)
CLIENT_SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:sign-on-AbCdEf"
PAGE = Page(
    host="traces.example.org",
    sign_on=SignOn(issuer="https://login.example.org/realms/main", client_id="langfuse", client_secret_arn=CLIENT_SECRET),
)  # fmt: skip


def synthesised(
    spec: LangfuseSpec,
    neighbours: dict[str, Needs] | None = None,
    *,
    ingress: bool = True,
    made: list[Langfuse] | None = None,
    ports: Mapping[str, Port] | None = None,
) -> ResourceGraph:
    def program() -> None:
        egress = {"egress": Needs(offers=(Offer(name="http-proxy", dialect=Dialect.HTTP_PROXY),))} if spec.page else {}
        context = builders.platform({"tracing": spec.needs(), **(neighbours or {}), **egress})
        proxy = HttpProxyPort(
            provider="egress",
            url="https://egress.egress.svc:3128",
            secret_arn=builders.arn("secretsmanager", "secret:proxy"),
        )
        component = Langfuse(
            "tracing", spec, platform=context, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            identity=builders.identity(context), cluster=builders.cluster(context), secrets=builders.secrets(context),
            backup=builders.backup(), ingress=builders.ingress() if ingress else None,
            ports=ports or ({"http-proxy": proxy} if spec.page else {}),
        )  # fmt: skip
        if made is not None:
            made.append(component)

    return builders.graph(program)


@pytest.fixture(scope="module")
def tracing() -> ResourceGraph:
    return synthesised(LangfuseSpec(), {"observability": COLLECTOR})


@pytest.fixture(scope="module")
def shown() -> ResourceGraph:
    return synthesised(LangfuseSpec(page=PAGE))


def container(graph: ResourceGraph, part: str) -> Any:
    return only(graph, DEPLOYMENT, f"tracing-{part}-pods").inputs["spec"]["template"]["spec"]["containers"][0]


def told(graph: ResourceGraph, part: str) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in container(graph, part)["env"]}


def mounted(graph: ResourceGraph, name: str) -> set[str]:
    objects = json.loads(only(graph, SECRET_CLASS, name).inputs["spec"]["parameters"]["objects"])
    return {each["objectAlias"] for each in objects}


def test_every_kubernetes_object_fits_the_api(tracing: ResourceGraph, shown: ResourceGraph) -> None:
    assert {"tracing-web-pods", "tracing-worker-pods", "tracing-clickhouse-servers"} <= set(manifests.check(tracing))
    assert "tracing-page" in manifests.check(shown)


@pytest.mark.parametrize("page", [None, PAGE], ids=["without a page", "with a page"])
def test_with_required_fields_alone_nothing_fails_under_the_strictest_posture(page: Page | None) -> None:
    found = synthesised(LangfuseSpec(page=page), {"observability": COLLECTOR})
    joined = resolve(FRAMEWORKS, Mode.PRACTICE, frozenset(), builders.CLASSES)
    judged = judge(subjects(found), load_rules(), joined)
    own = [each for each in judged if not each.subject.startswith("Platform/")]
    assert [(each.rule, each.subject) for each in own if each.verdict.outcome is Outcome.FAIL] == []
    assert {each.rule for each in own if each.verdict.outcome is Outcome.UNKNOWN} == {
        "kubernetes_workload_images_pinned"
    }
    passed = {each.rule for each in own if each.verdict.outcome is Outcome.PASS}
    assert {rule for rule in passed if rule.startswith(("langfuse", "clickhouse"))} == {
        rule.id for rule in load_rules() if rule.id.startswith(("langfuse", "clickhouse"))
    }


def test_the_port_is_the_otlp_path_with_the_half_of_the_key_pair_that_is_no_secret() -> None:
    made: list[Langfuse] = []
    synthesised(LangfuseSpec(), made=made)
    port = made[0].ports["traces"]
    assert isinstance(port, TracesPort)
    assert (port.http, port.user) == ("https://tracing.tracing.svc/api/public/otel", "pk-lf-platform")
    assert port.secret_arn == builders.arn("secretsmanager", "secret:claims-prod/tracing/project-key")
    assert port.headers == {"x-langfuse-ingestion-version": "4"}


def test_the_key_is_made_with_the_beginning_that_langfuse_expects() -> None:
    needs = LangfuseSpec().needs()
    assert needs.prefixes == {"project-key": "sk-lf-"}
    assert needs.secrets == {
        "clickhouse", "clickhouse-maintenance", "clickhouse-replicas", "nextauth", "project-key", "salt",
    }  # fmt: skip


def test_an_edge_opens_the_way_and_the_key_and_takes_both_with_it(tracing: ResourceGraph) -> None:
    alone = synthesised(LangfuseSpec())
    gone = {each.name for each in tracing.resources} - {each.name for each in alone.resources}
    edge = "tracing-admits-observability-collector-traces"
    assert gone == {edge, f"{edge}-grant", f"{edge}-egress", f"{edge}-ingress"}
    kept = {each.urn: each.inputs for each in alone.resources}
    assert {each.urn: each.inputs for each in tracing.resources if each.name not in gone} == kept
    grant = json.dumps(only(tracing, "aws:iam/rolePolicy:RolePolicy", f"{edge}-grant").inputs["policy"])
    assert "tracing/project-key" in grant
    assert "tracing/salt" not in grant
    (way,) = only(tracing, POLICY, f"{edge}-ingress").inputs["spec"]["ingress"]
    assert way["ports"] == [{"port": 3005, "protocol": "TCP"}]


def test_nothing_secret_stands_in_the_environment(tracing: ResourceGraph) -> None:
    for part in ("web", "worker"):
        assert {"SALT", "NEXTAUTH_SECRET", "CLICKHOUSE_PASSWORD", "ENCRYPTION_KEY"}.isdisjoint(told(tracing, part))
        assert told(tracing, part)["DATABASE_URL"] == "postgresql://langfuse@127.0.0.1:5432/langfuse?sslmode=disable"


def test_each_program_gets_the_secrets_that_it_reads_and_no_others(tracing: ResourceGraph) -> None:
    assert mounted(tracing, "tracing-web-secrets") == {"clickhouse", "nextauth", "project-key", "salt"}
    assert mounted(tracing, "tracing-worker-secrets") == {"clickhouse", "salt"}


def test_database_and_queue_are_found_on_the_loopback_where_doors_sign_in(tracing: ResourceGraph) -> None:
    for part in ("web", "worker"):
        pod = only(tracing, DEPLOYMENT, f"tracing-{part}-pods").inputs["spec"]["template"]["spec"]
        assert "database-door" in [each["name"] for each in pod["initContainers"]]
        assert [each["name"] for each in pod["containers"]][1:] == ["cache-door"]
        assert (told(tracing, part)["REDIS_HOST"], told(tracing, part)["REDIS_PORT"]) == ("127.0.0.1", "6380")
    assert "password-langfuse" not in json.dumps([each.inputs for each in tracing.of(SECRET_CLASS)])


def test_the_queue_refuses_writes_rather_than_lose_what_waits(tracing: ResourceGraph) -> None:
    (policy,) = only(tracing, "aws:elasticache/parameterGroup:ParameterGroup").inputs["parameters"]
    assert policy == {"name": "maxmemory-policy", "value": "noeviction"}


def test_what_it_receives_is_gone_from_the_bucket_when_traces_are(tracing: ResourceGraph) -> None:
    (rule,) = only(tracing, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    days = strictest(builders.CLASSES).prompt_log_retention_days(builders.CLASSES)
    assert rule["expiration"]["days"] == days
    job = only(tracing, "kubernetes:batch/v1:CronJob", "tracing-clickhouse-forgets").inputs
    (runs,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "RETENTION_DAYS", "value": str(days)} in runs["env"]


def test_without_a_page_nobody_comes_in_and_nobody_has_an_account(tracing: ResourceGraph) -> None:
    settings = told(tracing, "web")
    assert (settings["AUTH_DISABLE_SIGNUP"], settings["AUTH_DISABLE_USERNAME_PASSWORD"]) == ("true", "true")
    assert "aws:lb/listenerRule:ListenerRule" not in types(tracing)
    assert "tracing-page" not in names(tracing, POLICY)


def test_a_page_lets_in_whom_the_identity_provider_knows_to_look_and_no_more(shown: ResourceGraph) -> None:
    settings = told(shown, "web")
    wanted = {
        "AUTH_CUSTOM_CLIENT_ID": "langfuse", "AUTH_CUSTOM_ISSUER": "https://login.example.org/realms/main",
        "AUTH_DISABLE_USERNAME_PASSWORD": "true", "LANGFUSE_DEFAULT_PROJECT_ROLE": "VIEWER",
        "NEXTAUTH_URL": "https://traces.example.org", "AUTH_SESSION_MAX_AGE": "15",
    }  # fmt: skip
    assert {name: settings[name] for name in wanted} == wanted
    assert {"proxy", "sign-on"} <= mounted(shown, "tracing-web-secrets")
    named, _ = only(shown, "aws:lb/listenerRule:ListenerRule").inputs["conditions"]
    assert named["hostHeader"]["values"] == ["traces.example.org"]
    assert "AUTH_CUSTOM_ISSUER" not in told(shown, "worker")


def test_a_page_needs_the_way_to_the_identity_provider_and_a_load_balancer() -> None:
    needs = LangfuseSpec(page=PAGE).needs()
    assert needs.egress == {"login.example.org"}
    assert [(want.name, want.dialect) for want in needs.wants] == [("http-proxy", Dialect.HTTP_PROXY)]
    assert LangfuseSpec().needs().egress == frozenset()
    with pytest.raises(DocumentError, match="there is no load balancer"):
        synthesised(LangfuseSpec(page=PAGE), ingress=False)


def test_traces_outlive_the_stack_unless_the_document_says_otherwise(tracing: ResourceGraph) -> None:
    kept = ("kubernetes:apps/v1:StatefulSet", "aws:rds/cluster:Cluster", "aws:s3/bucket:Bucket")
    for token in (*kept, "aws:elasticache/replicationGroup:ReplicationGroup"):
        assert only(tracing, token).protect
        assert only(tracing, token).retain_on_delete
    loose = synthesised(LangfuseSpec(keep=False))
    assert not only(loose, "kubernetes:apps/v1:StatefulSet").protect
    assert only(loose, "kubernetes:storage.k8s.io/v1:StorageClass").inputs["reclaimPolicy"] == "Delete"


def test_a_port_of_another_dialect_is_refused() -> None:
    other = OtlpPort(provider="x", grpc="", http="", authorities="")
    with pytest.raises(TypeError, match="the port http-proxy of tracing speaks otlp"):
        synthesised(LangfuseSpec(page=PAGE), ports={"http-proxy": other})


def test_of_aws_only_what_is_called_gets_an_endpoint() -> None:
    assert LangfuseSpec().needs().services == {"s3", "secretsmanager", "sts", "eks-auth"}


def test_the_programs_reach_the_queue_the_endpoints_of_aws_and_clickhouse(tracing: ResourceGraph) -> None:
    for part, clickhouse in (("web", [8443, 9440]), ("worker", [8443])):
        ways = only(tracing, POLICY, f"tracing-{part}-ways").inputs["spec"]["egress"]
        queue, *endpoints, servers = [
            ([next(iter(to)) for to in way["to"]], [each["port"] for each in way["ports"]]) for way in ways
        ]
        assert queue == (["ipBlock"], [6379])
        assert endpoints == [(["ipBlock"], [443])] * 3
        assert servers == (["podSelector"], clickhouse)
