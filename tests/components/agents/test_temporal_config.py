"""The configuration of Temporal's server, read as the server reads it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.agents.temporal_config import TEMPLATED, audience, documents, retention
from components.agents.temporal_spec import TemporalSpec

HOST = "durable-execution.durable-execution.svc"
AUDIENCE = "durable-execution:agents:write"


def document(name: str, **more: object) -> Any:
    return yaml.safe_load(documents(TemporalSpec.model_validate(more), service=HOST, audience=AUDIENCE)[name])


def test_only_the_frontend_asks_for_tokens() -> None:
    front, inner = document("frontend.yaml"), document("server.yaml")
    told = front["global"].pop("authorization")
    assert (told["authorizer"], told["claimMapper"], told["permissionsClaimName"]) == ("default", "default", "aud")
    assert told["jwtKeyProvider"]["keySourceURIs"] == ["http://127.0.0.1:7299/keys"]
    assert front == inner


@pytest.mark.parametrize(
    ("made_for", "right"),
    [(AUDIENCE, ("agents", "write")), ("durable-execution:agents:admin", None), ("durable-execution:other:write", None),
     ("temporal-system:admin", None), ("https://kubernetes.default.svc", None), (f"{AUDIENCE}x", None), (f"x{AUDIENCE}", None)],
)  # fmt: skip
def test_one_audience_alone_gives_a_right(made_for: str, right: tuple[str, str] | None) -> None:
    told = document("frontend.yaml")["global"]["authorization"]
    found = re.match(told["permissionsRegex"], made_for)
    assert (found and (found["namespace"], found["role"])) == right
    assert told["audience"] == AUDIENCE == audience("durable-execution", "agents")


def test_every_program_speaks_tls_and_verifies_the_one_name() -> None:
    tls = document("server.yaml")["global"]["tls"]
    for group in ("internode", "frontend"):
        assert tls[group]["server"]["certFile"] == tls[group]["server"]["keyFile"] == "/run/certificate/server.pem"
        assert tls[group]["client"] == {
            "serverName": HOST, "rootCaFiles": ["/etc/authority/ca.crt"], "disableHostVerification": False,
        }  # fmt: skip
    assert tls["refreshInterval"] == "5m"


def test_the_database_is_on_the_loopback_and_has_no_password() -> None:
    stores = document("server.yaml")["persistence"]["datastores"]
    assert {name: store["sql"]["databaseName"] for name, store in stores.items()} == {
        "default": "temporal", "visibility": "temporal_visibility",
    }  # fmt: skip
    for store in stores.values():
        assert store["sql"]["connectAddr"] == "127.0.0.1:5432"
        assert "password" not in store["sql"]


def test_the_servers_own_address_is_filled_in_as_it_starts() -> None:
    text = documents(TemporalSpec(), service=HOST, audience=AUDIENCE)["server.yaml"]
    assert text.startswith(TEMPLATED)
    assert "broadcastAddress: '{{ env \"POD_IP\" }}'" in text


def test_what_is_left_off_stays_off() -> None:
    told = document("server.yaml")
    assert "publicClient" not in told
    assert told["archival"] == {"history": {"state": "disabled"}, "visibility": {"state": "disabled"}}
    assert all("httpPort" not in service["rpc"] for service in told["services"].values())
    assert document("dynamic.yaml")["system.enableNexus"] == [{"value": False}]


def test_limits_hold_for_the_namespace_of_the_document() -> None:
    told = document("dynamic.yaml", namespace="claims", limits={"payload_kilobytes": 64, "requests_per_second": 50})
    assert told["limit.blobSize.error"] == [{"value": 65536, "constraints": {"namespace": "claims"}}]
    assert told["frontend.globalNamespaceRPS"] == [{"value": 50, "constraints": {"namespace": "claims"}}]


@given(st.none() | st.integers(1, 3650), st.none() | st.integers(1, 3650))
def test_histories_are_kept_no_longer_than_the_posture_allows_unless_the_document_says(
    wanted: int | None, most: int | None
) -> None:
    kept = retention(wanted, most)
    assert kept == wanted if wanted else kept <= min(30, most or 30)
    assert kept >= 1
