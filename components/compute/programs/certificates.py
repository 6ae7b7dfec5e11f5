"""Server certificates of the cluster's own authority: `keep` one in a pod's memory, or `approve` what pods ask for.

EKS signs what is approved for its signer, for at most 45 days since April 2026 and a year before that; so a certificate is
renewed after two thirds of whatever life it was given. A pod may ask and may not approve. The approver lets a workload be
called only by names of services in its own namespace, which the API server itself states with the request.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

SIGNER = "beta.eks.amazonaws.com/app-serving"
USAGES = ("digital signature", "key encipherment", "server auth")
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
FILE = Path("/run/certificate/server.pem")
"""Key and certificate in one file, so that a renewal replaces both at once."""
ALIVE = Path("/tmp/alive")  # noqa: S108  an empty volume of the pod
SUFFIXES = ("svc", "svc.cluster.local")
KEY_BITS = 2048
RENEW_AFTER = 2 / 3
"""Part of its life after which a certificate is renewed: a third is left for trouble to be seen and mended."""
WAIT, ASK_EVERY, LOOK_EVERY, SILENT = 120.0, 2.0, 60.0, 60.0
"""Seconds: for an answer, between two looks at a request, between two looks at the certificate, until an approver is stuck."""

UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.DuplicateExtension)
"""What reading a request may end with: whatever anybody sends must not end the approver."""

Json = Mapping[str, object]
Call = Callable[[str, str, Json | None], Json]
"""Method, path and body in; answer out. Raises urllib.error.HTTPError."""


class RefusedError(Exception):
    """No certificate that may be used was given."""


# -- both ------------------------------------------------------------------------------------------------------------


def over_https(base: str, account: Path = ACCOUNT) -> Call:
    """Calls of the Kubernetes API as the pod's service account, whose token is renewed under way."""
    context = ssl.create_default_context(cafile=str(account / "ca.crt"))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of older clusters have no key identifier

    def call(method: str, path: str, body: Json | None) -> Json:
        request = urllib.request.Request(  # noqa: S310  the base is the address of the cluster
            base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {(account / 'token').read_text()}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=20, context=context) as response:  # noqa: S310
            return _map(json.load(response))

    return call


def names(service: str, namespace: str) -> list[str]:
    """What a service is called by within the cluster."""
    return [f"{service}.{namespace}.{suffix}" for suffix in SUFFIXES]


def _map(value: object) -> dict[str, object]:
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[dict[str, object]]:
    return [_map(each) for each in value] if isinstance(value, list) else []


def _words(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _conditions(request: Json) -> dict[str, str]:
    return {
        str(each["type"]): str(each.get("message")) for each in _maps(_map(request.get("status")).get("conditions"))
    }


# -- keep ------------------------------------------------------------------------------------------------------------


def asked(key: rsa.RSAPrivateKey, service: str, namespace: str) -> bytes:
    """The request that the signer gets."""
    called: Sequence[x509.GeneralName] = [x509.DNSName(name) for name in names(service, namespace)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, service)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = builder.add_extension(x509.SubjectAlternativeName(called), critical=False).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def obtain(call: Call, service: str, namespace: str, authorities: bytes) -> bytes:
    """A fresh key with its certificate. Raises RefusedError."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    body: Json = {
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
        "metadata": {"generateName": f"{namespace}-{service}-"},
        "spec": {"signerName": SIGNER, "usages": list(USAGES),
                 "request": base64.b64encode(asked(key, service, namespace)).decode()},
    }  # fmt: skip
    name = str(_map(call("POST", REQUESTS, body)["metadata"])["name"])
    chain = _answer(call, name)
    _trusted(chain, authorities, key)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + chain


def _answer(call: Call, name: str) -> bytes:
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        request = call("GET", f"{REQUESTS}/{name}", None)
        given = _map(request.get("status")).get("certificate")
        if given:
            return base64.b64decode(str(given))
        conditions = _conditions(request)
        for verdict in ("Denied", "Failed"):
            if verdict in conditions:
                raise RefusedError(f"{name} was {verdict.lower()}: {conditions[verdict]}")
        time.sleep(ASK_EVERY)
    raise RefusedError(f"{name} was not answered within {WAIT:g} seconds")


def _trusted(chain: bytes, authorities: bytes, key: rsa.RSAPrivateKey) -> None:
    """Callers trust the authority that every namespace is told; a certificate of another one would be of no use."""
    leaf = x509.load_pem_x509_certificates(chain)[0]
    if leaf.public_key() != key.public_key():
        raise RefusedError("the certificate is for another key")
    for authority in x509.load_pem_x509_certificates(authorities):
        try:
            leaf.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return
    raise RefusedError(f"{SIGNER} signed with an authority that callers in the cluster do not trust")


def write(path: Path, content: bytes) -> None:
    """Replace a file at once; only this user reads it."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)


def life(path: Path) -> tuple[datetime, datetime] | None:
    """When the certificate of a file begins and ends; None where there is no file."""
    if not path.exists():
        return None
    leaf = x509.load_pem_x509_certificates(path.read_bytes())[0]
    return leaf.not_valid_before_utc, leaf.not_valid_after_utc


def due(span: tuple[datetime, datetime] | None, now: datetime) -> bool:
    """Whether it is time for a new certificate."""
    return span is None or now >= span[0] + (span[1] - span[0]) * RENEW_AFTER


def usable(span: tuple[datetime, datetime] | None, now: datetime) -> bool:
    """Whether there is a certificate that callers accept."""
    return span is not None and now < span[1]


def keep(call: Call) -> None:
    """One look: renew what is due. What fails is reported, and tried again at the next look."""
    if not due(life(FILE), datetime.now(UTC)):
        return
    service, namespace = os.environ["SERVICE"], os.environ["NAMESPACE"]
    try:
        write(FILE, obtain(call, service, namespace, (ACCOUNT / "ca.crt").read_bytes()))
    except (RefusedError, OSError) as error:
        sys.stderr.write(f"no certificate for {service}.{namespace}: {error}\n")


# -- approve ---------------------------------------------------------------------------------------------------------


def objection(request: Json) -> str:
    """Why a request may not be signed; empty when it may."""
    spec = _map(request.get("spec"))
    who = str(spec.get("username", "")).split(":")
    if who[:2] != ["system", "serviceaccount"] or len(who) != 4:
        return "only service accounts of the cluster get certificates"
    if not set(_words(spec.get("usages"))) <= set(USAGES):
        return f"usages other than {', '.join(USAGES)}"
    try:
        wanted = x509.load_pem_x509_csr(base64.b64decode(str(spec.get("request"))))
        called = wanted.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        signed = wanted.is_signature_valid
    except UNREADABLE:
        return "no readable request with a subject alternative name"
    if not signed:
        return "the request is not signed with its own key"
    return _foreign(called, wanted.subject, who[2])


def _foreign(called: x509.SubjectAlternativeName, subject: x509.Name, namespace: str) -> str:
    dns = called.get_values_for_type(x509.DNSName)
    if len(dns) != len(list(called)) or not dns:
        return "names that are no DNS names"
    services = {name.partition(".")[0] for name in dns}
    own = {name for service in services for name in names(service, namespace)}
    if not set(dns) <= own or "*" in services or "" in services:
        return f"names outside of namespace {namespace}"
    common = [str(each.value) for each in subject]
    return "" if set(common) <= services else "a subject that is no service of its names"


def approve(call: Call) -> None:
    """One look: approve or deny every request that nobody has answered."""
    listed = call("GET", f"{REQUESTS}?fieldSelector=spec.signerName%3D{SIGNER.replace('/', '%2F')}", None)
    for request in _maps(listed.get("items")):
        if _map(request["spec"]).get("signerName") == SIGNER and not _conditions(request):
            _decide(call, request)
    ALIVE.touch()


def _decide(call: Call, request: dict[str, object]) -> None:
    why_not, name = objection(request), str(_map(request["metadata"])["name"])
    condition = {
        "type": "Denied" if why_not else "Approved", "status": "True", "reason": "ForeignName" if why_not else "OwnNames",
        "message": why_not or "names of the workload's own namespace",
    }  # fmt: skip
    status = {**_map(request.get("status")), "conditions": [condition]}
    try:
        call("PUT", f"{REQUESTS}/{name}/approval", {**request, "status": status})
    except urllib.error.HTTPError as error:
        if error.code not in {404, 409}:  # another replica was faster
            raise
    sys.stderr.write(f"{name}: {condition['type'].lower()}, {condition['message']}\n")


def main(words: Sequence[str]) -> int:
    """`keep` or `approve` until the pod ends; with `check`, say by the exit code whether that goes well."""
    if words == ["keep", "check"]:
        return 0 if usable(life(FILE), datetime.now(UTC)) else 1
    if words == ["approve", "check"]:
        return 0 if ALIVE.exists() and time.time() - ALIVE.stat().st_mtime < SILENT else 1
    call = over_https(os.environ["KUBERNETES_API"])
    step, pause = {"keep": (keep, LOOK_EVERY), "approve": (approve, ASK_EVERY)}[words[0]]
    while True:
        try:
            step(call)
        except OSError as error:
            sys.stderr.write(f"the Kubernetes API is out of reach: {error}\n")
        time.sleep(pause if FILE.exists() or words == ["approve"] else ASK_EVERY)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
