"""ClickHouse's configuration."""

from __future__ import annotations

from typing import Any

import pytest

from components.observability.clickhouse_config import SYSTEM_LOGS, Replicas, server, users

HOSTS = tuple(f"tracing-clickhouse-{number}.peers.tracing.svc" for number in range(3))


def config(*, tls: str = "1.2", days: int = 30) -> Any:
    return server(Replicas(HOSTS), tls_min_version=tls, log_days=days)


def test_nothing_listens_without_tls() -> None:
    made = config()
    listening = {key: value for key, value in made.items() if key.endswith("_port") or "_port_" in key}
    assert listening == {"https_port": 8443, "tcp_port_secure": 9440, "interserver_https_port": 9010}
    assert "tcp_port" not in made["keeper_server"]
    assert made["keeper_server"]["tcp_port_secure"] == 9281


def test_three_servers_agree_replicate_and_ask_each_other_over_tls() -> None:
    made = config()
    raft = made["keeper_server"]["raft_configuration"]
    assert raft["secure"] is True
    assert [(each["id"], each["hostname"]) for each in raft["server"]] == list(enumerate(HOSTS, 1))
    assert all(node["secure"] == 1 for node in made["zookeeper"]["node"])
    shard = made["remote_servers"]["default"]["shard"]
    assert [each["host"] for each in shard["replica"]] == list(HOSTS)
    assert all(each["secure"] == 1 and each["port"] == 9440 for each in shard["replica"])


@pytest.mark.parametrize(("oldest", "refused"), [("1.2", "tlsv1_1"), ("1.3", "tlsv1_2")])
def test_tls_older_than_the_posture_allows_is_refused_on_both_sides(oldest: str, refused: str) -> None:
    tls = config(tls=oldest)["openSSL"]
    assert tls["server"]["disableProtocols"].split(",")[-1] == refused
    assert tls["client"]["disableProtocols"] == tls["server"]["disableProtocols"]
    assert tls["client"]["verificationMode"] == "strict"


def test_its_own_logs_have_an_end() -> None:
    made = config(days=7)
    assert {name: made[name]["ttl"] for name in SYSTEM_LOGS} == dict.fromkeys(
        SYSTEM_LOGS, "event_date + INTERVAL 7 DAY DELETE"
    )


def test_no_crash_is_reported_to_anybody() -> None:
    assert config()["send_crash_reports"] == {"enabled": False}


def test_there_is_no_user_without_a_password_and_none_who_may_do_everything() -> None:
    made: Any = users()["users"]
    assert {name: user["password_sha256_hex"] for name, user in made.items()} == {
        "langfuse": "@CLICKHOUSE@", "maintenance": "@MAINTENANCE@",
    }  # fmt: skip
    for user in made.values():
        assert not any("ALL ON *.*" in grant for grant in user["grants"]["query"])


def test_replicas_fetch_from_each_other_by_the_names_that_pods_have() -> None:
    made = config()
    assert made["interserver_https_host"] == "@POD@.@PEERS@"
    assert (made["macros"]["replica"], made["keeper_server"]["server_id"]) == ("@POD@", "@NUMBER@")
    assert made["interserver_http_credentials"] == {"user": "replicas", "password": "@REPLICAS@"}
