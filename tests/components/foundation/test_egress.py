from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from components.foundation.egress import PRIVATE, EgressProxy, squid_configuration
from components.foundation.egress_spec import EgressProxySpec
from tests.components.builders import cluster, graph, identity, keys, names, only, platform, secrets

if TYPE_CHECKING:
    from pathlib import Path

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
DEPLOYMENT, CONFIG = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:ConfigMap"
SPEC = EgressProxySpec()
CALLER = Needs(
    workloads=frozenset({"api"}), egress=frozenset({"api.example.org"}),
    wants=(Want(name="outside", dialect=Dialect.HTTP_PROXY),),
)  # fmt: skip


def made(caller: Needs = CALLER, spec: EgressProxySpec = SPEC) -> Any:
    def program() -> None:
        context = platform({"egress": spec.needs(), "gateway": caller})
        EgressProxy(
            "egress", spec, platform=context, keys=keys(), identity=identity(context), secrets=secrets(context),
            cluster=cluster(context),
        )  # fmt: skip

    return graph(program)


@pytest.fixture(scope="module")
def proxy() -> Any:
    return made()


def test_callers_must_say_who_they_are_and_reach_the_allow_list_over_tls(proxy: Any) -> None:
    lines = only(proxy, CONFIG).inputs["data"]["squid.conf"].splitlines()
    access = [line for line in lines if line.startswith("http_access")]
    assert access == [
        "http_access deny !CONNECT", "http_access deny !tls", "http_access deny !authenticated",
        "http_access allow allowed", "http_access deny all",
    ]  # fmt: skip
    assert "acl allowed dstdomain api.example.org" in lines
    assert "auth_param basic program /bin/sh /etc/proxy/authenticate.sh" in lines


def test_an_empty_allow_list_lets_nothing_through() -> None:
    text = squid_configuration(frozenset())
    assert "dstdomain" not in text
    assert "http_access allow" not in text


def test_the_pod_is_hardened_and_its_secret_is_mounted(proxy: Any) -> None:
    pod = only(proxy, DEPLOYMENT).inputs["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "privileged": False,
        "readOnlyRootFilesystem": True, "runAsNonRoot": True, "runAsUser": 13, "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == "proxy"
    assert "env" not in container
    assert [each["csi"]["driver"] for each in pod["volumes"] if "csi" in each] == ["secrets-store.csi.k8s.io"]
    assert container["image"].startswith("111122223333.dkr.ecr.us-east-1.amazonaws.com/")


def test_a_changed_allow_list_restarts_the_pods(proxy: Any) -> None:
    other = made(CALLER.model_copy(update={"egress": frozenset({"other.example.org"})}))
    notes = [only(found, DEPLOYMENT).inputs["spec"]["template"]["metadata"]["annotations"] for found in (proxy, other)]
    assert notes[0] != notes[1]


def test_pods_leave_to_public_addresses_over_https_only(proxy: Any) -> None:
    (rule,) = only(proxy, POLICY, "egress-outward").inputs["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE)}}]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}]


def test_without_a_host_outside_aws_nothing_leaves() -> None:
    assert "egress-outward" not in names(made(CALLER.model_copy(update={"egress": frozenset()})), POLICY)


def test_only_the_consumers_of_the_wiring_are_admitted(proxy: Any) -> None:
    assert names(proxy, "blueprint:foundation:Admission") == ["egress-admits-gateway-api-outside"]
    assert names(made(Needs(workloads=frozenset({"api"}))), "blueprint:foundation:Admission") == []


def test_replicas_survive_a_node() -> None:
    found = made()
    assert only(found, DEPLOYMENT).inputs["spec"]["replicas"] == 3
    assert only(found, "kubernetes:policy/v1:PodDisruptionBudget").inputs["spec"]["maxUnavailable"] == 1


def test_a_single_replica_is_refused() -> None:
    with pytest.raises(ValidationError, match="replicas"):
        EgressProxySpec(replicas=1)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [("platform right", "OK"), ("platform wrong", "ERR"), ("other right", "ERR"), ("platform ", "ERR"), ("", "ERR")],
)
def test_the_helper_compares_with_the_mounted_secret(proxy: Any, tmp_path: Path, asked: str, answer: str) -> None:
    assert answers(proxy, tmp_path, "right", asked) == [answer]


def test_an_empty_or_missing_secret_admits_nobody(proxy: Any, tmp_path: Path) -> None:
    assert answers(proxy, tmp_path, "", "platform ") == ["ERR"]
    assert answers(proxy, tmp_path, None, "platform ") == ["ERR"]


def answers(proxy: Any, folder: Path, secret: str | None, asked: str) -> list[str]:
    mounted = folder / "credentials"
    mounted.unlink(missing_ok=True)
    if secret is not None:
        mounted.write_text(secret)
    script = only(proxy, CONFIG).inputs["data"]["authenticate.sh"].replace("/etc/proxy-secrets", str(folder))
    done = subprocess.run(["/bin/sh", "-c", script], input=f"{asked}\n", capture_output=True, text=True, check=True)
    return done.stdout.split()
