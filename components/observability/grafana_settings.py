"""Grafana's settings, as the environment of its container: nothing is set by hand, and nothing secret stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from components.certified import CERTIFICATE
from components.observability.dashboards.model import CLOUDWATCH, PROMETHEUS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.observability.grafana_spec import GrafanaSpec, SignIn

PORT = 3000
PATH = "/grafana"
"""Below the host of the load balancer."""
READY = "/api/health"
PROVISIONING, BOARDS, SECRETS, STATE = (
    "/etc/dashboards/provisioning",
    "/etc/dashboards/boards",
    "/etc/dashboards/secrets",
    "/var/lib/grafana",
)
ROTATES_AFTER = 10
"""Minutes after which a session in use gets a new token, Grafana's own default; no later than half of the idle time."""
BESIDE_THE_PROXY = ".amazonaws.com,.amazonaws.com.cn,.svc,127.0.0.1,localhost,169.254.170.23"
"""AWS by its endpoints in the VPC, and the agent that hands out credentials."""


def settings(spec: GrafanaSpec, *, idle_minutes: int, oldest_tls: str, region: str, home: str) -> Mapping[str, str]:
    """Everything that does not depend on the cloud. `home` is the file of the dashboard that people see first."""
    return {
        **_server(region, home),
        "GF_SERVER_MIN_TLS_VERSION": f"TLS{max(oldest_tls, '1.2')}",
        **_people(spec, idle_minutes),
        **_sign_in(spec.sign_in),
        **_silence(),
    }


def _server(region: str, home: str) -> Mapping[str, str]:
    return {
        "AWS_REGION": region,
        "GF_AUTH_SIGV4_AUTH_ENABLED": "true",
        "GF_AWS_ALLOWED_AUTH_PROVIDERS": "default",
        "GF_AWS_ASSUME_ROLE_ENABLED": "false",
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": f"{BOARDS}/{home}",
        "GF_DATABASE_WAL": "true",
        "GF_FEATURE_TOGGLES_PROMETHEUSTYPEMIGRATION": "false",
        "GF_LOG_CONSOLE_FORMAT": "json",
        "GF_LOG_MODE": "console",
        "GF_PATHS_DATA": STATE,
        "GF_PATHS_LOGS": f"{STATE}/log",
        "GF_PATHS_PLUGINS": f"{STATE}/plugins",
        "GF_PATHS_PROVISIONING": PROVISIONING,
        "GF_SERVER_CERT_FILE": CERTIFICATE,
        "GF_SERVER_CERT_KEY": CERTIFICATE,
        "GF_SERVER_CERTS_WATCH_INTERVAL": "60s",
        "GF_SERVER_HTTP_PORT": str(PORT),
        "GF_SERVER_PROTOCOL": "https",
        "GF_SERVER_ROUTER_LOGGING": "true",
        "GF_SERVER_SERVE_FROM_SUB_PATH": "true",
        "GF_UNIFIED_ALERTING_ENABLED": "false",
        "NO_PROXY": BESIDE_THE_PROXY,
    }


def _people(spec: GrafanaSpec, idle_minutes: int) -> Mapping[str, str]:
    return {
        "GF_AUTH_LOGIN_MAXIMUM_INACTIVE_LIFETIME_DURATION": f"{idle_minutes}m",
        "GF_AUTH_LOGIN_MAXIMUM_LIFETIME_DURATION": f"{spec.session_hours}h",
        "GF_AUTH_TOKEN_ROTATION_INTERVAL_MINUTES": str(max(2, min(ROTATES_AFTER, idle_minutes // 2))),
        "GF_SECURITY_CONTENT_SECURITY_POLICY": "true",
        "GF_SECURITY_COOKIE_SAMESITE": "lax",
        "GF_SECURITY_COOKIE_SECURE": "true",
        "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "true",
        "GF_SECURITY_SECRET_KEY__FILE": f"{SECRETS}/secret-key",
        "GF_SECURITY_STRICT_TRANSPORT_SECURITY": "true",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_USERS_AUTO_ASSIGN_ORG_ROLE": "None",
        "GF_USERS_VIEWERS_CAN_EDIT": "false",
    }


def _sign_in(sign_in: SignIn) -> Mapping[str, str]:
    """One way in. Whom no group names has no role, and without a role nobody comes in; nobody is administrator."""
    return {
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_AUTH_BASIC_ENABLED": "false",
        "GF_AUTH_DISABLE_LOGIN_FORM": "true",
        "GF_AUTH_OAUTH_AUTO_LOGIN": "true",
        "GF_AUTH_GENERIC_OAUTH_ALLOW_ASSIGN_GRAFANA_ADMIN": "false",
        "GF_AUTH_GENERIC_OAUTH_ALLOW_SIGN_UP": "true",
        "GF_AUTH_GENERIC_OAUTH_API_URL": sign_in.profile_url,
        "GF_AUTH_GENERIC_OAUTH_AUTH_URL": sign_in.authorize_url,
        "GF_AUTH_GENERIC_OAUTH_CLIENT_ID": sign_in.client_id,
        "GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET__FILE": f"{SECRETS}/client-secret",
        "GF_AUTH_GENERIC_OAUTH_ENABLED": "true",
        "GF_AUTH_GENERIC_OAUTH_NAME": "Sign in",
        "GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH": roles(sign_in),
        "GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_STRICT": "true",
        "GF_AUTH_GENERIC_OAUTH_SCOPES": "openid profile email",
        "GF_AUTH_GENERIC_OAUTH_SKIP_ORG_ROLE_SYNC": "false",
        "GF_AUTH_GENERIC_OAUTH_TOKEN_URL": sign_in.token_url,
        "GF_AUTH_GENERIC_OAUTH_USE_PKCE": "true",
    }


def _silence() -> Mapping[str, str]:
    """Grafana neither reports to its maker nor fetches anything from it, and takes no plugin but those of its image."""
    return {
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_FEEDBACK_LINKS_ENABLED": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        "GF_PLUGINS_PLUGIN_ADMIN_ENABLED": "false",
        "GF_PLUGINS_PREINSTALL_AUTO_UPDATE": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
        "GF_SNAPSHOTS_ENABLED": "false",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED": "false",
    }


def roles(sign_in: SignIn) -> str:
    """A JMESPath expression that gives a person's role, or null; the first that fits, the widest first."""
    steps = (("Editor", sign_in.explorers), ("Viewer", sign_in.viewers))
    tests = [
        f"contains(\"{sign_in.groups_claim}\"[*], '{group}') && '{role}'" for role, groups in steps for group in groups
    ]
    return " || ".join(tests)


def data_sources(region: str) -> str:
    """What Grafana asks; both sign with the pod's own role. `${METRICS_URL}` comes from the environment."""
    prometheus = {
        "name": "Metrics", "uid": PROMETHEUS, "type": PROMETHEUS, "access": "proxy", "url": "${METRICS_URL}",
        "isDefault": True, "editable": False,
        "jsonData": {
            "sigV4Auth": True, "sigV4AuthType": "default", "sigV4Region": region, "httpMethod": "POST",
            "manageAlerts": False, "timeInterval": "30s",
        },
    }  # fmt: skip
    cloudwatch = {
        "name": "CloudWatch", "uid": CLOUDWATCH, "type": CLOUDWATCH, "access": "proxy", "editable": False,
        "jsonData": {"authType": "default", "defaultRegion": region},
    }  # fmt: skip
    return yaml.safe_dump({"apiVersion": 1, "prune": True, "datasources": [prometheus, cloudwatch]}, sort_keys=False)


def boards() -> str:
    """Where Grafana finds the dashboards; what people change there is not kept."""
    provider = {
        "name": "platform", "type": "file", "allowUiUpdates": False, "disableDeletion": True, "options": {"path": BOARDS},
    }  # fmt: skip
    return yaml.safe_dump({"apiVersion": 1, "providers": [provider]}, sort_keys=False)
