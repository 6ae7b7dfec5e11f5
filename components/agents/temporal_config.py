"""Configuration of Temporal's server, version 1.29, rendered from the document; pure.

From 1.30 on, the image finds its configuration in other ways: `temporal-server` is started with other options there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from components.agents.temporal_spec import METRICS_PORT, ROLES
from components.certified import AUTHORITY, CERTIFICATE
from components.data.database_door import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from components.agents.temporal_spec import TemporalSpec

DATABASE, VISIBILITY, USER = "temporal", "temporal_visibility", "temporal"
FOLDER = "/etc/temporal-server"
GRPC: Mapping[str, int] = {
    "frontend": 7233, "history": 7234, "matching": 7235, "internal-frontend": 7236, "worker": 7239,
}  # fmt: skip
MEMBERSHIP: Mapping[str, int] = {
    "frontend": 6933, "history": 6934, "matching": 6935, "internal-frontend": 6936, "worker": 6939,
}  # fmt: skip
"""Where the programs tell each other who is there. Names and addresses only, and never encrypted: Temporal cannot."""
KEYS_PORT = 7299
TEMPLATED = "# enable-template\n"
"""First line by which the server fills in what stands in double braces."""
DEFAULT_RETENTION_DAYS = 30
CONNECTIONS = 20


def audience(noun: str, namespace: str) -> str:
    """What a worker's token must be made for; nothing else gives a right, and this gives the right to write."""
    return f"{noun}:{namespace}:write"


def documents(spec: TemporalSpec, *, service: str, audience: str) -> dict[str, str]:
    """Files of the server: `frontend` asks callers for tokens, `server` is for the programs that only the server calls."""
    common = _common(spec, service)
    authorised: dict[str, JsonValue] = {**common, "global": {**_map(common["global"]), **_authorised(spec, audience)}}
    return {
        "dynamic.yaml": yaml.safe_dump(_dynamic(spec), sort_keys=False),
        "frontend.yaml": TEMPLATED + yaml.safe_dump(authorised, sort_keys=False),
        "server.yaml": TEMPLATED + yaml.safe_dump(common, sort_keys=False),
    }


def retention(wanted: int | None, most: int | None) -> int:
    """Days that the history of a closed workflow is kept."""
    return wanted or min(DEFAULT_RETENTION_DAYS, most or DEFAULT_RETENTION_DAYS)


def _common(spec: TemporalSpec, service: str) -> dict[str, JsonValue]:
    """`service` is the name that every pod's certificate carries: the server checks one name for all of its programs."""
    speaks: JsonValue = {
        "server": {"certFile": CERTIFICATE, "keyFile": CERTIFICATE, "requireClientAuth": False},
        "client": {"serverName": service, "rootCaFiles": [AUTHORITY], "disableHostVerification": False},
    }
    return {
        "log": {"stdout": True, "level": "info", "format": "json"},
        "persistence": {
            "numHistoryShards": spec.history_shards,
            "defaultStore": "default",
            "visibilityStore": "visibility",
            "datastores": {"default": _store(DATABASE), "visibility": _store(VISIBILITY)},
        },
        "global": {
            "membership": {"maxJoinDuration": "30s", "broadcastAddress": '{{ env "POD_IP" }}'},
            "tls": {
                "refreshInterval": "5m",
                "expirationChecks": {"warningWindow": "168h", "errorWindow": "24h", "checkInterval": "1h"},
                "internode": speaks,
                "frontend": speaks,
            },
            "metrics": {
                "prometheus": {"listenAddress": f"0.0.0.0:{METRICS_PORT}", "timerType": "histogram"},
            },
        },
        "services": {
            role: {
                "rpc": {"grpcPort": GRPC[role], "membershipPort": MEMBERSHIP[role], "bindOnIP": "0.0.0.0"},  # noqa: S104
            }
            for role in ROLES
        },
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": f"127.0.0.1:{GRPC['frontend']}",
                },
            },
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "archival": {"history": {"state": "disabled"}, "visibility": {"state": "disabled"}},
        "dynamicConfigClient": {"filepath": f"{FOLDER}/dynamic.yaml", "pollInterval": "60s"},
    }


def _store(database: str) -> JsonValue:
    """The pod's own loopback, where the door signs in by IAM over TLS; so no password stands here."""
    return {
        "sql": {
            "pluginName": "postgres12",
            "databaseName": database,
            "connectAddr": ADDRESS,
            "connectProtocol": "tcp",
            "user": USER,
            "maxConns": CONNECTIONS,
            "maxIdleConns": CONNECTIONS,
            "maxConnLifetime": "1h",
        },
    }


def _authorised(spec: TemporalSpec, audience: str) -> dict[str, JsonValue]:
    """Tokens of service accounts, signed by the cluster. What a token was made for is the right that it gives.

    A pod gets a token for what its own manifest names, and no workload may ask the API for others.
    """
    permission = audience.replace(f":{spec.namespace}:write", f":(?P<namespace>{spec.namespace}):(?P<role>write)")
    return {
        "authorization": {
            "jwtKeyProvider": {"keySourceURIs": [f"http://127.0.0.1:{KEYS_PORT}/keys"], "refreshInterval": "1m"},
            "permissionsClaimName": "aud",
            "permissionsRegex": f"^{permission}$",
            "audience": audience,
            "authorizer": "default",
            "claimMapper": "default",
        },
    }


def _dynamic(spec: TemporalSpec) -> dict[str, JsonValue]:
    """Settings that the server reads again while it runs."""
    limits, name = spec.limits, spec.namespace
    return {
        "frontend.globalNamespaceRPS": _for(name, limits.requests_per_second),
        "frontend.namespaceCount": _for(name, limits.pollers),
        "limit.historySize.error": _for(name, limits.history_megabytes * 1024 * 1024),
        "limit.historyCount.error": _for(name, limits.history_events),
        "limit.blobSize.error": _for(name, limits.payload_kilobytes * 1024),
        "system.enableNexus": [{"value": False}],
    }


def _for(namespace: str, value: int) -> JsonValue:
    return [{"value": value, "constraints": {"namespace": namespace}}]


def _map(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}
