"""The program that gets certificates and the one that grants them, against an API of the test's own."""

from __future__ import annotations

import base64
import urllib.error
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from components.compute.programs import certificates
from components.compute.programs.certificates import Json, RefusedError

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 45


class Authority:
    """An API server with a signer behind it."""

    def __init__(self, *, approves: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
        self.name, self.approves = name, approves
        self.requests: dict[str, dict[str, object]] = {}
        self.told: list[tuple[str, str]] = []
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = (
            builder.serial_number(1)
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=3650))
        )
        self.certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
            self.key, hashes.SHA256()
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def __call__(self, method: str, path: str, body: Json | None) -> Json:
        self.told.append((method, path))
        if method == "POST" and body is not None:
            name = f"{body['metadata']['generateName']}x7k2p"  # type: ignore[index]
            username = "system:serviceaccount:observability:collector"
            self.requests[name] = {"metadata": {"name": name}, "spec": {**body["spec"], "username": username}}  # type: ignore[dict-item]
            if self.approves:
                certificates.approve(self)
            return self.requests[name]
        if method == "PUT" and body is not None:
            name = path.removesuffix("/approval").rpartition("/")[2]
            self.requests[name] = dict(body)
            if body["status"]["conditions"][0]["type"] == "Approved":  # type: ignore[index]
                self._sign(name)
            return {}
        name = path.rpartition("/")[2]
        return self.requests[name] if name in self.requests else {"items": list(self.requests.values())}

    def _sign(self, name: str) -> None:
        request = self.requests[name]
        wanted = x509.load_pem_x509_csr(base64.b64decode(request["spec"]["request"]))  # type: ignore[index]
        builder = (
            x509.CertificateBuilder()
            .subject_name(wanted.subject)
            .issuer_name(self.name)
            .public_key(wanted.public_key())
        )
        builder = builder.serial_number(2).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=DAYS))
        names = wanted.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        leaf = builder.add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        encoded = base64.b64encode(leaf.public_bytes(serialization.Encoding.PEM)).decode()
        request["status"] = {**request["status"], "certificate": encoded}  # type: ignore[dict-item]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(certificates, "WAIT", 0.05)
    monkeypatch.setattr(certificates, "ASK_EVERY", 0.01)
    monkeypatch.setattr(certificates, "ALIVE", tmp_path / "alive")


def request(
    *names: str, who: str = "system:serviceaccount:gateway:gateway", usages: tuple[str, ...] = certificates.USAGES,
    common: str = "gateway",
) -> Json:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False
        )
    pem = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(
        serialization.Encoding.PEM
    )
    spec = {"request": base64.b64encode(pem).decode(), "username": who, "usages": list(usages)}
    return {"metadata": {"name": "one"}, "spec": {**spec, "signerName": certificates.SIGNER}}


def test_a_pod_gets_a_certificate_for_its_services_names_with_the_key_beside_it() -> None:
    authority = Authority()
    pem = certificates.obtain(authority, "observability", "observability", authority.pem)
    leaf = x509.load_pem_x509_certificates(pem)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [
        "observability.observability.svc", "observability.observability.svc.cluster.local",
    ]  # fmt: skip
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.public_key() == leaf.public_key()
    assert key.key_size == 2048


def test_a_certificate_of_an_authority_that_callers_do_not_know_is_refused() -> None:
    with pytest.raises(RefusedError, match="an authority that callers in the cluster do not trust"):
        certificates.obtain(Authority(), "observability", "observability", Authority().pem)


def test_a_denied_request_ends_with_the_approvers_reason() -> None:
    authority = Authority()
    with pytest.raises(RefusedError, match="was denied: names outside of namespace observability"):
        certificates.obtain(authority, "gateway", "gateway", authority.pem)


def test_a_request_that_nobody_answers_is_given_up_and_tried_again_later() -> None:
    authority = Authority(approves=False)
    with pytest.raises(RefusedError, match=r"observability-observability-x7k2p was not answered within 0\.05 seconds"):
        certificates.obtain(authority, "observability", "observability", authority.pem)


@pytest.mark.parametrize(
    ("asked", "objection"),
    [
        (request("gateway.gateway.svc", "gateway.gateway.svc.cluster.local"), ""),
        (request("gateway.serving-chat.svc"), "names outside of namespace gateway"),
        (request("gateway.gateway.svc", "ai.example.org"), "names outside of namespace gateway"),
        (request("*.gateway.svc", common="*"), "names outside of namespace gateway"),
        (request("kubernetes.default.svc", common="kubernetes"), "names outside of namespace gateway"),
        (request("a.b.gateway.svc", common="a"), "names outside of namespace gateway"),
        (request("gateway.gateway.svc", common="system:masters"), "a subject that is no service of its names"),
        (request(), "no readable request with a subject alternative name"),
        (request("gateway.gateway.svc", who="system:node:one"), "only service accounts of the cluster get certificates"),
        (request("gateway.gateway.svc", who="system:serviceaccount:gateway"), "only service accounts of the cluster get certificates"),
        (request("gateway.gateway.svc", usages=("client auth",)),
         "usages other than digital signature, key encipherment, server auth"),
        ({"spec": {"username": "system:serviceaccount:a:b", "request": "bm90IHBlbQ=="}},
         "no readable request with a subject alternative name"),
    ],
)  # fmt: skip
def test_a_workload_is_called_by_names_of_its_own_namespace_only(asked: Json, objection: str) -> None:
    assert certificates.objection(asked) == objection


def test_an_address_is_no_name() -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    wanted = x509.SubjectAlternativeName([x509.DNSName("gateway.gateway.svc"), x509.RFC822Name("a@example.org")])
    assert certificates._foreign(wanted, subject, "gateway") == "names that are no DNS names"


def test_requests_for_other_signers_and_answered_ones_are_left_alone() -> None:
    other = request("gateway.gateway.svc")
    answered = {**request("gateway.gateway.svc"), "status": {"conditions": [{"type": "Approved"}]}}
    told: list[str] = []

    def call(method: str, path: str, body: Json | None) -> Json:
        told.append(method)
        foreign = {**other, "spec": {**other["spec"], "signerName": "kubernetes.io/kube-apiserver-client"}}  # type: ignore[dict-item]
        return {"items": [foreign, answered]}

    certificates.approve(call)
    assert told == ["GET"]


@pytest.mark.parametrize(("code", "raised"), [(409, False), (404, False), (403, True)])
def test_another_replica_may_be_faster_but_a_missing_right_is_heard_of(code: int, raised: bool) -> None:
    def call(method: str, path: str, body: Json | None) -> Json:
        if method == "PUT":
            raise urllib.error.HTTPError(path, code, "no", Message(), None)
        return {"items": [request("gateway.gateway.svc")]}

    if raised:
        with pytest.raises(urllib.error.HTTPError):
            certificates.approve(call)
    else:
        certificates.approve(call)
        assert certificates.main(["approve", "check"]) == 0


@pytest.mark.parametrize(
    ("day", "due", "usable"), [(0, False, True), (29, False, True), (30, True, True), (45, True, False)]
)
def test_a_third_of_its_life_is_left_when_a_certificate_is_renewed(day: int, due: bool, usable: bool) -> None:
    span, now = (NOW, NOW + timedelta(days=DAYS)), NOW + timedelta(days=day)
    assert (certificates.due(span, now), certificates.usable(span, now)) == (due, usable)


def test_without_a_certificate_it_is_due_and_the_pod_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "FILE", tmp_path / "server.pem")
    assert certificates.due(None, NOW)
    assert certificates.main(["keep", "check"]) == 1
    assert certificates.main(["approve", "check"]) == 1


def test_a_failed_renewal_is_told_and_leaves_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority()
    account, file = tmp_path / "account", tmp_path / "server.pem"
    account.mkdir()
    (account / "ca.crt").write_bytes(authority.pem)
    monkeypatch.setattr(certificates, "ACCOUNT", account)
    monkeypatch.setattr(certificates, "FILE", file)
    monkeypatch.setenv("SERVICE", "observability")
    monkeypatch.setenv("NAMESPACE", "observability")
    certificates.keep(authority)
    assert certificates.life(file) == (NOW, NOW + timedelta(days=DAYS))
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    monkeypatch.setattr(certificates, "due", lambda _span, _now: True)
    certificates.keep(Authority(approves=False))
    assert file.read_bytes() == before
    assert "no certificate for observability.observability" in capsys.readouterr().err
