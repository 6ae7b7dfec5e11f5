"""Grafana, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jmespath  # type: ignore[import-untyped]
import pytest
import yaml
from pydantic import ValidationError

from blueprint.ports import HttpProxyPort, PrometheusPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer
from compliance.findings import Outcome
from components.observability.grafana import Grafana
from components.observability.grafana_settings import roles
from components.observability.grafana_spec import GrafanaSpec, SignIn
from tests.components import builders, manifests
from tests.components.builders import names, only, types
from tests.components.verdicts import changed, verdicts

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

SIGN_IN: dict[str, Any] = {
    "authorize_url": "https://login.example.org/oauth2/authorize",
    "token_url": "https://login.example.org/oauth2/token",
    "profile_url": "https://people.example.org/userinfo",
    "client_id": "claims-dashboards",
    "viewers": ["ml-platform", "on-call"],
}
CONFIG_MAP, DEPLOYMENT = "kubernetes:core/v1:ConfigMap", "kubernetes:apps/v1:Deployment"


def synthesised(document: dict[str, Any], *slots: str) -> ResourceGraph:
    spec = GrafanaSpec.model_validate(document)
    needs = {
        "dashboards": spec.needs(),
        "observability": Needs(offers=(Offer(name="prometheus", dialect=Dialect.PROMETHEUS),)),
        "egress": Needs(offers=(Offer(name="http-proxy", dialect=Dialect.HTTP_PROXY),)),
        **{slot: Needs() for slot in slots},
    }

    def program() -> None:
        context = builders.platform(needs)
        Grafana(
            "dashboards", spec, platform=context, network=builders.network(), identity=builders.identity(context),
            cluster=builders.cluster(context), secrets=builders.secrets(context), ingress=builders.ingress(),
            ports={
                "metrics": PrometheusPort(provider="observability", url="https://aps.example.org/workspaces/ws-1/"),
                "http-proxy": HttpProxyPort(
                    provider="egress", url="http://egress-proxy.egress.svc.cluster.local:3128",
                    secret_arn=builders.arn("secretsmanager", "secret:claims-prod/egress/credentials"),
                ),
            },
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="module")
def grafana() -> ResourceGraph:
    return synthesised({"sign_in": SIGN_IN}, "gateway", "serving/chat")


def pod(graph: ResourceGraph) -> Any:
    return only(graph, DEPLOYMENT).inputs["spec"]["template"]["spec"]


def environment(graph: ResourceGraph) -> dict[str, Any]:
    (container,) = pod(graph)["containers"]
    return {each["name"]: each["value"] for each in container["env"]}


def test_every_kubernetes_object_fits_the_api(grafana: ResourceGraph) -> None:
    assert len(manifests.check(grafana)) == 11


def test_people_come_in_through_the_identity_provider_and_no_other_way(grafana: ResourceGraph) -> None:
    told = environment(grafana)
    assert told["GF_AUTH_GENERIC_OAUTH_ENABLED"] == told["GF_AUTH_OAUTH_AUTO_LOGIN"] == "true"
    assert (
        told["GF_AUTH_ANONYMOUS_ENABLED"] == told["GF_AUTH_BASIC_ENABLED"] == told["GF_USERS_ALLOW_SIGN_UP"] == "false"
    )
    assert told["GF_AUTH_DISABLE_LOGIN_FORM"] == told["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert told["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_STRICT"] == told["GF_AUTH_GENERIC_OAUTH_USE_PKCE"] == "true"


def test_no_secret_is_an_environment_variable_of_the_pod(grafana: ResourceGraph) -> None:
    told = environment(grafana)
    named = {name: value for name, value in told.items() if name.endswith("__FILE")}
    assert named == {
        "GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET__FILE": "/etc/dashboards/secrets/client-secret",
        "GF_SECURITY_SECRET_KEY__FILE": "/etc/dashboards/secrets/secret-key",
    }
    assert told["PROXY_URL"] == "http://egress-proxy.egress.svc.cluster.local:3128"
    provider = only(grafana, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass").inputs
    files = {each["objectAlias"] for each in json.loads(provider["spec"]["parameters"]["objects"])}
    assert files == {"client-secret", "secret-key", "proxy"}


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["on-call"], "Viewer"),
        (["ml-platform", "sre lead"], "Editor"),
        (["sre lead"], "Editor"),
        (["somebody-else"], None),
        ([], None),
    ],
)
def test_groups_decide_the_role_and_nobody_without_one_comes_in(groups: list[str], role: str | None) -> None:
    path = roles(SignIn.model_validate({**SIGN_IN, "explorers": ["sre lead"]}))
    assert (jmespath.search(path, {"groups": groups}) or None) == role


def test_sessions_end_when_the_posture_says(grafana: ResourceGraph) -> None:
    told = environment(grafana)
    assert told["GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION"] == "15m"
    assert told["GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION"] == "12h"
    assert told["GF_AUTH_TOKEN_ROTATION_INTERVAL_MINUTES"] == "7"
    shorter = environment(synthesised({"sign_in": SIGN_IN, "session_idle_minutes": 5, "session_hours": 8}))
    assert shorter["GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION"] == "5m"
    assert shorter["GF_AUTH_TOKEN_ROTATION_INTERVAL_MINUTES"] == "2"


def test_the_load_balancer_brings_grafana_alone_and_keeps_a_browser_with_its_pod(grafana: ResourceGraph) -> None:
    rule = only(grafana, "aws:lb/listenerRule:ListenerRule").inputs
    assert rule["conditions"][1]["pathPattern"]["values"] == ["/grafana", "/grafana/*"]
    group = only(grafana, "aws:lb/targetGroup:TargetGroup").inputs
    assert (group["protocol"], group["healthCheck"]["path"]) == ("HTTPS", "/api/health")
    assert group["stickiness"] == {"type": "lb_cookie", "enabled": True, "cookieDuration": 43200}
    told = environment(grafana)
    assert (told["GF_SERVER_PROTOCOL"], told["GF_SERVER_SERVE_FROM_SUB_PATH"]) == ("https", "true")
    assert told["GF_SERVER_CERT_FILE"] == told["GF_SERVER_CERT_KEY"] == "/run/certificate/server.pem"
    assert told["GF_SERVER_MIN_TLS_VERSION"] == "TLS1.2"
    assert told["GF_SERVER_ROOT_URL"] == "https://ai.example.org/grafana/"


def test_the_pod_may_read_figures_and_nothing_else(grafana: ResourceGraph) -> None:
    policy = json.loads(only(grafana, "aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    (statement,) = policy["Statement"]
    assert all(
        each.startswith(("cloudwatch:Get", "cloudwatch:List", "cloudwatch:Describe")) for each in statement["Action"]
    )


def test_data_sources_sign_with_the_pods_own_role_and_nobody_edits_them(grafana: ResourceGraph) -> None:
    written = yaml.safe_load(only(grafana, CONFIG_MAP, "dashboards-settings").inputs["data"]["data-sources.yaml"])
    assert [(each["uid"], each["type"], each["editable"]) for each in written["datasources"]] == [
        ("prometheus", "prometheus", False), ("cloudwatch", "cloudwatch", False),
    ]  # fmt: skip
    assert written["datasources"][0]["jsonData"]["sigV4AuthType"] == "default"
    assert environment(grafana)["METRICS_URL"] == "https://aps.example.org/workspaces/ws-1/"
    assert "secureJsonData" not in str(written)


def test_dashboards_are_those_of_the_layers_that_the_document_has(grafana: ResourceGraph) -> None:
    boards = only(grafana, CONFIG_MAP, "dashboards-boards").inputs["data"]
    assert set(boards) == {"objectives.json", "models.json", "gateway.json", "stores.json"}
    assert environment(grafana)["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == "/etc/dashboards/boards/objectives.json"
    provider = yaml.safe_load(only(grafana, CONFIG_MAP, "dashboards-settings").inputs["data"]["boards.yaml"])
    assert provider["providers"][0]["allowUiUpdates"] is False


def test_a_pod_has_nothing_to_keep(grafana: ResourceGraph) -> None:
    assert not {each for each in types(grafana) if each.startswith(("aws:rds", "aws:s3", "aws:dynamodb"))}
    assert "kubernetes:core/v1:PersistentVolumeClaim" not in types(grafana)
    volumes = {each["name"]: each for each in pod(grafana)["volumes"]}
    assert volumes["state"]["emptyDir"] == {"sizeLimit": "512Mi"}


def test_only_the_hosts_that_grafana_itself_calls_are_opened() -> None:
    needs = GrafanaSpec.model_validate({"sign_in": SIGN_IN}).needs()
    assert needs.egress == {"login.example.org", "people.example.org"}
    assert needs.secrets == {"client-secret", "secret-key"}


@pytest.mark.parametrize("group", ["it's", 'a"b', "", "x\\y"])
def test_a_group_cannot_break_out_of_the_expression(group: str) -> None:
    with pytest.raises(ValidationError, match="viewers"):
        GrafanaSpec.model_validate({"sign_in": {**SIGN_IN, "viewers": [group]}})


def test_two_pods_stand_in_different_zones_and_one_may_go(grafana: ResourceGraph) -> None:
    spec = only(grafana, DEPLOYMENT).inputs["spec"]
    assert spec["replicas"] == 2
    assert spec["template"]["spec"]["topologySpreadConstraints"][0]["whenUnsatisfiable"] == "DoNotSchedule"
    assert names(grafana, "kubernetes:policy/v1:PodDisruptionBudget") == ["dashboards-budget"]


def test_nothing_of_it_fails_under_the_strictest_posture(grafana: ResourceGraph) -> None:
    found = verdicts(grafana)
    assert not [pair for pair, outcome in found.items() if outcome is Outcome.FAIL]
    own = {
        rule
        for (rule, subject), outcome in found.items()
        if outcome is Outcome.PASS and subject == "DashboardServer/dashboards"
    }
    assert len(own) == 16
    assert all(rule.startswith("grafana_server_") for rule in own)


WEAKER = {
    "GF_ANALYTICS_REPORTING_ENABLED": ("true", "grafana_server_calls_nobody"),
    "GF_AUTH_ANONYMOUS_ENABLED": ("true", "grafana_server_anonymous_off"),
    "GF_AUTH_BASIC_ENABLED": ("true", "grafana_server_local_login_off"),
    "GF_AUTH_GENERIC_OAUTH_ALLOW_ASSIGN_GRAFANA_ADMIN": ("true", "grafana_server_nobody_administers"),
    "GF_AUTH_GENERIC_OAUTH_ENABLED": ("false", "grafana_server_sign_in_federated"),
    "GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_STRICT": ("false", "grafana_server_roles_required"),
    "GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION": ("16m", "grafana_server_sessions_end_when_idle"),
    "GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION": ("2d", "grafana_server_sessions_limited"),
    "GF_PLUGINS_PLUGIN_ADMIN_ENABLED": ("true", "grafana_server_plugins_fixed"),
    "GF_SECURITY_COOKIE_SECURE": ("false", "grafana_server_cookies_secure"),
    "GF_SECURITY_SECRET_KEY__FILE": ("", "grafana_server_key_own"),
    "GF_SERVER_MIN_TLS_VERSION": ("TLS1.1", "grafana_server_tls_version"),
    "GF_SERVER_PROTOCOL": ("http", "grafana_server_encrypted"),
    "GF_SERVER_ROUTER_LOGGING": ("false", "grafana_server_requests_logged"),
}
"""Variable -> a weaker value, and the rule that has to notice."""


def test_each_weakening_turns_its_rule_and_no_other(grafana: ResourceGraph) -> None:
    weaker, (container,) = grafana, pod(grafana)["containers"]
    names_ = [each["name"] for each in container["env"]]
    for variable, (value, _) in WEAKER.items():
        path = f"spec.template.spec.containers.0.env.{names_.index(variable)}.value"
        weaker = changed(weaker, "dashboards", path, value)
    failing = {rule for (rule, _), outcome in verdicts(weaker).items() if outcome is Outcome.FAIL}
    assert failing == {rule for _, rule in WEAKER.values()}
