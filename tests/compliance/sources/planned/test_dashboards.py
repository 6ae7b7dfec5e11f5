"""What is told of Grafana, from its environment and the files that it mounts."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.dashboards import DashboardServer
from tests.compliance.sources.planned.estate import estate, only, resource, value

DEPLOYMENT, CONFIG_MAP = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:ConfigMap"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/grafana/grafana:12.4.10"


def deployment(told: dict[str, JsonValue], **container: JsonValue) -> Resource:
    env: JsonValue = [{"name": name, "value": each} for name, each in told.items()]
    spec: JsonValue = {
        "containers": [{"name": "grafana", "image": IMAGE, "env": env, **container}],
        "volumes": [{"name": "settings", "configMap": {"name": "settings"}}],
    }
    meta: JsonValue = {"name": "grafana", "namespace": "dashboards"}
    return resource(DEPLOYMENT, "grafana", {"metadata": meta, "spec": {"template": {"spec": spec}}})


def settings(key: str, content: JsonValue) -> Resource:
    text = content if isinstance(content, str) else json.dumps(content)
    meta: JsonValue = {"name": "settings", "namespace": "dashboards"}
    return resource(CONFIG_MAP, "settings", {"metadata": meta, "data": {key: text}})


def told(**environment: JsonValue) -> DashboardServer:
    return only(DashboardServer, deployment(environment))


def test_a_grafana_that_is_told_nothing_is_as_its_maker_ships_it() -> None:
    found = told()
    yes = (found.local_login, found.administrators, found.reports_home)
    no = (
        found.federated, found.anonymous, found.roles_required, found.cookies_secure, found.encrypted, found.own_secret_key,
        found.plugins_fixed, found.requests_logged, found.data_sources_fixed,
    )  # fmt: skip
    assert {value(leaf) for leaf in yes} == {True}
    assert {value(leaf) for leaf in no} == {False}
    assert (value(found.session_idle_minutes), value(found.session_minutes)) == (10080, 43200)


@pytest.mark.parametrize(
    ("variable", "text", "leaf", "expected"),
    [
        ("GF_AUTH_ANONYMOUS_ENABLED", "true", "anonymous", True),
        ("GF_AUTH_GENERIC_OAUTH_ENABLED", "True", "federated", True),
        ("GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_STRICT", "true", "roles_required", True),
        ("GF_SERVER_PROTOCOL", "https", "encrypted", True),
        ("GF_SERVER_PROTOCOL", "socket", "encrypted", False),
        ("GF_SERVER_MIN_TLS_VERSION", "TLS1.3", "tls_min_version", "1.3"),
        ("GF_SERVER_MIN_TLS_VERSION", "latest", "tls_min_version", "?not_read"),
        ("GF_SECURITY_SECRET_KEY__FILE", "/run/key", "own_secret_key", True),
        ("GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION", "15m", "session_idle_minutes", 15),
        ("GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION", "12h", "session_minutes", 720),
        ("GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION", "a while", "session_minutes", "?not_read"),
    ],
)
def test_a_variable_is_read_as_grafana_reads_it(variable: str, text: str, leaf: str, expected: object) -> None:
    assert value(getattr(told(**{variable: text}), leaf)) == expected


def test_one_way_in_by_password_is_enough_to_have_one() -> None:
    both = {"GF_AUTH_DISABLE_LOGIN_FORM": "true", "GF_AUTH_BASIC_ENABLED": "false"}
    assert value(told(**both).local_login) is False
    assert value(told(**{**both, "GF_AUTH_BASIC_ENABLED": "true"}).local_login) is True
    assert value(told(**{**both, "GF_AUTH_DISABLE_LOGIN_FORM": "false"}).local_login) is True


def test_what_only_the_cloud_knows_is_unknown() -> None:
    assert value(told(GF_AUTH_ANONYMOUS_ENABLED={"$unknown": True}).anonymous) == "?cloud_decides"


def test_where_a_settings_file_may_say_it_a_missing_variable_proves_nothing() -> None:
    found = only(DashboardServer, deployment({}), settings("grafana.ini", "[auth.anonymous]\nenabled = true"))
    assert value(found.anonymous) == "?not_read"
    assert value(only(DashboardServer, deployment({}, envFrom=[{"secretRef": {"name": "x"}}])).anonymous) == "?not_read"


@pytest.mark.parametrize(
    ("sources", "expected"),
    [([{"uid": "a", "editable": False}, {"uid": "b"}], True), ([{"uid": "a", "editable": True}], False), ([], False)],
)
def test_data_sources_are_fixed_when_none_of_the_provisioned_is_editable(sources: JsonValue, expected: bool) -> None:
    found = only(DashboardServer, deployment({}), settings("data-sources.yaml", {"datasources": sources}))
    assert value(found.data_sources_fixed) is expected


def test_another_workload_is_no_grafana() -> None:
    other = deployment({}, image="111122223333.dkr.ecr.us-east-1.amazonaws.com/x/litellm:1")
    assert estate([other]).all(DashboardServer) == ()
