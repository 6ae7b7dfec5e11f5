"""Grafana, from the environment of its container and the files that it mounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.dashboards import DashboardServer
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.mounts import files, inside_only
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import MISSING, Reading
from compliance.sources.planned.serving import runs

CONTROLLERS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
IMAGE = "grafana"
Tls: TypeAlias = Literal["1.0", "1.1", "1.2", "1.3"]
DEFAULTS = {
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "true",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "true",
    "GF_ANALYTICS_REPORTING_ENABLED": "true",
    "GF_AUTH_ANONYMOUS_ENABLED": "false",
    "GF_AUTH_BASIC_ENABLED": "true",
    "GF_AUTH_DISABLE_LOGIN_FORM": "false",
    "GF_AUTH_GENERIC_OAUTH_ALLOW_ASSIGN_GRAFANA_ADMIN": "false",
    "GF_AUTH_GENERIC_OAUTH_ENABLED": "false",
    "GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_STRICT": "false",
    "GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION": "7d",
    "GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION": "30d",
    "GF_PLUGINS_PLUGIN_ADMIN_ENABLED": "true",
    "GF_PLUGINS_PREINSTALL_DISABLED": "false",
    "GF_SECURITY_COOKIE_SECURE": "false",
    "GF_SECURITY_DISABLE_GRAVATAR": "false",
    "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "false",
    "GF_SECURITY_SECRET_KEY__FILE": "",
    "GF_SERVER_MIN_TLS_VERSION": "TLS1.2",
    "GF_SERVER_PROTOCOL": "http",
    "GF_SERVER_ROUTER_LOGGING": "false",
    "GF_SNAPSHOTS_EXTERNAL_ENABLED": "true",
}
"""What holds when a variable is not set: Grafana's conf/defaults.ini, read 2026-11-20."""
HOME = (
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "GF_ANALYTICS_CHECK_FOR_UPDATES", "GF_ANALYTICS_REPORTING_ENABLED",
    "GF_SNAPSHOTS_EXTERNAL_ENABLED",
)  # fmt: skip
_DURATION = re.compile(r"^(\d+)([mhdw])$")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}


def server(reading: Reading) -> DashboardServer | None:
    """Fold a workload whose main container runs Grafana."""
    pod = Pod(reading)
    container = next((each for each in pod.containers if runs(reading, each, IMAGE)), None)
    if container is None:
        return None

    def on(name: str) -> Leaf[bool]:
        return mapped(_setting(pod, container, name), lambda text: text.lower() == "true")

    def minutes(name: str) -> Leaf[int]:
        leaf = _setting(pod, container, name)
        found = _DURATION.match(leaf.value) if isinstance(leaf, Known) else None
        unread = leaf if isinstance(leaf, Unknown) else Unknown("not_read", leaf.origin)
        return Known(int(found[1]) * _MINUTES[found[2]], leaf.origin) if found else unread

    return DashboardServer(
        id=reading.id("DashboardServer"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        federated=on("GF_AUTH_GENERIC_OAUTH_ENABLED"),
        local_login=some((inverted(on("GF_AUTH_DISABLE_LOGIN_FORM")), on("GF_AUTH_BASIC_ENABLED"))),
        anonymous=on("GF_AUTH_ANONYMOUS_ENABLED"),
        roles_required=on("GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_STRICT"),
        administrators=some((
            inverted(on("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION")), on("GF_AUTH_GENERIC_OAUTH_ALLOW_ASSIGN_GRAFANA_ADMIN"),
        )),
        session_idle_minutes=minutes("GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION"),
        session_minutes=minutes("GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION"),
        cookies_secure=on("GF_SECURITY_COOKIE_SECURE"),
        encrypted=mapped(_setting(pod, container, "GF_SERVER_PROTOCOL"), lambda text: text in {"https", "h2"}),
        tls_min_version=_oldest(_setting(pod, container, "GF_SERVER_MIN_TLS_VERSION")),
        private=inside_only(pod),
        own_secret_key=mapped(_setting(pod, container, "GF_SECURITY_SECRET_KEY__FILE"), lambda text: text.startswith("/")),
        plugins_fixed=every((inverted(on("GF_PLUGINS_PLUGIN_ADMIN_ENABLED")), on("GF_PLUGINS_PREINSTALL_DISABLED"))),
        reports_home=some((*(on(name) for name in HOME), inverted(on("GF_SECURITY_DISABLE_GRAVATAR")))),
        requests_logged=on("GF_SERVER_ROUTER_LOGGING"),
        data_sources_fixed=_data_sources(pod),
    )  # fmt: skip


def _setting(pod: Pod, container: str, name: str) -> Leaf[str]:
    """A variable, or Grafana's default; unknown where the variable comes from elsewhere or a settings file may say it."""
    reading, found = pod.reading, pod.environment(container).get(name)
    if found is not None:
        path, value = found
        if isinstance(value, str):
            return reading.known(f"{path}.value", value)
        return Unknown("not_read" if value is None else "cloud_decides", reading.origin(path))
    elsewhere = reading.raw(f"{container}.envFrom") is not MISSING or any(
        each.key.endswith(".ini") for each in files(pod)
    )
    where = f"{container}.env"
    unread = Unknown("not_read", reading.origin(where)) if elsewhere else reading.doubt(where)
    return unread or reading.known(where, DEFAULTS[name])


def _oldest(leaf: Leaf[str]) -> Leaf[Tls]:
    """Grafana names versions TLS1.2 and so on, and takes nothing older than that by itself."""
    versions: Mapping[str, Tls] = {"TLS1.0": "1.0", "TLS1.1": "1.1", "TLS1.2": "1.2", "TLS1.3": "1.3"}
    if isinstance(leaf, Unknown):
        return leaf
    found = versions.get(leaf.value)
    return Unknown("not_read", leaf.origin) if found is None else Known(found, leaf.origin)


def _data_sources(pod: Pod) -> Leaf[bool]:
    for file in files(pod):
        document = file.document
        listed = document.get("datasources") if isinstance(document, dict) else None
        if isinstance(listed, list):
            fixed = all(isinstance(each, dict) and each.get("editable") is not True for each in listed)
            return file.config_map.known(f"{file.path}.datasources", bool(listed) and fixed)
    where = f"{pod.spec}.volumes"
    return pod.reading.doubt(where) or pod.reading.known(where, value=False)


ADAPTERS = tuple(Adapter(token, server) for token in CONTROLLERS)
