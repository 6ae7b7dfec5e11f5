"""ClickHouse's two configuration files, as they stand before a pod puts in the secrets and what is its own: @WORDS@."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from components.certified import AUTHORITY, CERTIFICATE

HTTPS, NATIVE, INTERSERVER, KEEPER, RAFT = 8443, 9440, 9010, 9281, 9234
CLUSTER = "default"
"""Langfuse's migrations name the cluster so."""
DATA = "/var/lib/clickhouse"
RUN = "/run/clickhouse"
SYSTEM_LOG_DAYS = 30
"""Logs of ClickHouse itself hold the text of queries, in which people write what they look for."""
SYSTEM_LOGS = ("part_log", "query_log", "session_log")
_OLD = {"1.2": "sslv2,sslv3,tlsv1,tlsv1_1", "1.3": "sslv2,sslv3,tlsv1,tlsv1_1,tlsv1_2"}

Document: TypeAlias = dict[str, JsonValue]


@dataclass(frozen=True)
class Replicas:
    """The pods that hold the same tables, by the names under which they reach one another."""

    hosts: Sequence[str]

    def zookeeper(self) -> Document:
        """Where a server finds the keepers, which are the same pods."""
        return {"node": [{"host": host, "port": KEEPER, "secure": 1} for host in self.hosts]}

    def raft(self) -> Document:
        """How the keepers find each other."""
        members: list[JsonValue] = [
            {"id": number, "hostname": host, "port": RAFT} for number, host in enumerate(self.hosts, 1)
        ]
        return {"secure": True, "server": members}

    def cluster(self) -> Document:
        """One shard that every pod holds; queries between pods carry the secret and run as whoever asked."""
        members: list[JsonValue] = [{"host": host, "port": NATIVE, "secure": 1} for host in self.hosts]
        shard: JsonValue = {"internal_replication": True, "replica": members}
        return {CLUSTER: {"secret": "@REPLICAS@", "shard": shard}}


def server(replicas: Replicas, *, tls_min_version: str, log_days: int) -> Document:
    """The server with its keeper. Nothing listens without TLS, nobody is reported to, users come from a file alone."""
    files: Document = {"certificateFile": CERTIFICATE, "privateKeyFile": CERTIFICATE}
    old = _OLD[tls_min_version]
    return {
        "logger": {"level": "information", "console": True, "formatting": {"type": "json"}},
        "listen_host": "0.0.0.0",  # noqa: S104  network policies decide who comes through
        "https_port": HTTPS,
        "tcp_port_secure": NATIVE,
        "interserver_https_port": INTERSERVER,
        "interserver_https_host": "@POD@.@PEERS@",
        "interserver_http_credentials": {"user": "replicas", "password": "@REPLICAS@"},
        "openSSL": {
            "server": {**files, "verificationMode": "none", "loadDefaultCAFile": False, "disableProtocols": old},
            "client": {
                "caConfig": AUTHORITY, "loadDefaultCAFile": False, "verificationMode": "strict", "disableProtocols": old,
                "invalidCertificateHandler": {"name": "RejectCertificateHandler"},
            },
        },
        "path": f"{DATA}/", "user_files_path": f"{DATA}/user_files/",
        "tmp_path": f"{DATA}/tmp/",  # noqa: S108  on the volume
        "format_schema_path": f"{DATA}/format_schemas/",
        "user_directories": {"users_xml": {"path": f"{RUN}/users.yaml"}},
        "default_profile": "default", "default_database": "default", "max_server_memory_usage_to_ram_ratio": 0.8,
        "keeper_server": {
            "tcp_port_secure": KEEPER, "server_id": "@NUMBER@",
            "log_storage_path": f"{DATA}/coordination/log", "snapshot_storage_path": f"{DATA}/coordination/snapshots",
            "raft_configuration": replicas.raft(),
        },
        "zookeeper": replicas.zookeeper(),
        "remote_servers": replicas.cluster(),
        "macros": {"shard": "01", "replica": "@POD@", "cluster": CLUSTER},
        "distributed_ddl": {"path": "/clickhouse/task_queue/ddl"},
        "send_crash_reports": {"enabled": False},
        **{name: _log(name, log_days) for name in SYSTEM_LOGS},
    }  # fmt: skip


def users() -> Document:
    """Two users with a password each, and none without: there is no `default`."""
    return {
        "profiles": {"default": {"log_queries": 1}},
        "quotas": {"default": {}},
        "users": {
            "langfuse": _user("@CLICKHOUSE@", (
                "GRANT ALL ON default.*", "GRANT SELECT ON system.*", "GRANT CLUSTER, REMOTE, CREATE TEMPORARY TABLE ON *.*",
            )),
            "maintenance": _user("@MAINTENANCE@", (
                "GRANT SELECT, SHOW, ALTER TABLE ON default.*", "GRANT SELECT ON system.*", "GRANT CLUSTER ON *.*",
            )),
        },
    }  # fmt: skip


def _user(digest: str, grants: Sequence[str]) -> Document:
    return {
        "password_sha256_hex": digest, "networks": {"ip": "::/0"}, "profile": "default", "quota": "default",
        "grants": {"query": [*grants]},
    }  # fmt: skip


def _log(name: str, days: int) -> JsonValue:
    return {"database": "system", "table": name, "partition_by": "toYYYYMM(event_date)",
            "ttl": f"event_date + INTERVAL {days} DAY DELETE"}  # fmt: skip
