"""Compose LiteLLM's configuration from the gateway's part and one part for each served model, then run LiteLLM.

LiteLLM's own `include` would let a model's part overwrite any setting of the gateway, and knows no weights; here a model
part contributes its entry and nothing else. Secrets are read from files and handed on as environment of the one process
that needs them. When a secret or a model part changes, LiteLLM is ended, and the container starts anew with the change.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Document = dict[str, object]

SETTINGS = Path("/etc/gateway/settings")
MODELS = Path("/etc/gateway/models")
SECRETS = Path("/etc/gateway/secrets")
RUN = Path("/run/gateway")
LOOK_EVERY = 15.0
"""Seconds between two looks at what is mounted."""
SPREAD = 240.0
"""Seconds over which the pods spread their restarts, so that they do not all leave at once."""
PREFIX = "sk-"
"""LiteLLM takes nothing else for a key."""


class Refused(Exception):
    """The parts do not fit together; the pod does not become ready and the old ones stay."""


def compose(settings: Document, routes: Sequence[Mapping[str, object]], parts: Mapping[str, Document]) -> Document:
    """The whole configuration: each route's models as deployments of that name."""
    deployments = [
        _deployment(route, model, parts)
        for route in routes
        for model in _maps(route["models"])
    ]  # fmt: skip
    return {**settings, "model_list": deployments}


def _deployment(route: Mapping[str, object], model: Mapping[str, object], parts: Mapping[str, Document]) -> Document:
    serving = str(model["serving"])
    if serving not in parts:
        raise Refused(f"route {route['name']} needs a part for {serving}; there are {sorted(parts)}")
    entries = _maps(parts[serving].get("model_list"))
    if len(entries) != 1:
        raise Refused(f"the part of {serving} has {len(entries)} entries of model_list and must have one")
    entry = entries[0]
    own = {key: model[key] for key in ("weight", "input_cost_per_token", "output_cost_per_token") if key in model}
    shared = {"timeout": route["timeout_seconds"], "num_retries": route["retries"]}
    about = {**_map(entry.get("model_info")), "id": f"{route['name']}/{serving}", "task": route["task"]}
    return {
        "model_name": route["name"],
        "litellm_params": {**_map(entry.get("litellm_params")), **shared, **own},
        "model_info": about,
    }


def _map(value: object) -> Document:
    return dict(value) if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Document]:
    return [_map(each) for each in value] if isinstance(value, list) else []


def read(folder: Path) -> dict[str, Document]:
    """Every document of a mounted folder by its file's stem."""
    return {path.stem: _map(yaml.safe_load(path.read_text())) for path in sorted(folder.glob("*.yaml"))}


def as_key(value: str) -> str:
    """A secret's value in the form in which LiteLLM takes keys."""
    return value if value.startswith(PREFIX) else PREFIX + value


def fingerprint(*folders: Path) -> str:
    """Changes whenever a mounted file does."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.glob("*") if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def certify(folder: Path, name: str) -> None:
    """A certificate of this pod's own, so that what the load balancer sends on is not readable on the way.

    The load balancer does not check whose certificate it is; its security group does. Valid for a year, made at start.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    with os.fdopen(os.open(folder / "tls.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(private)


def prepare() -> list[str]:
    """Write what LiteLLM reads; give the command that runs it."""
    settings = read(SETTINGS)
    whole = compose(settings["config"], _maps(settings["routes"].get("routes")), read(MODELS))
    (RUN / "config.yaml").write_text(yaml.safe_dump(whole, sort_keys=False))
    os.environ["LITELLM_MASTER_KEY"] = as_key((SECRETS / "master-key").read_text().strip())
    certify(RUN, os.environ["SERVICE_NAME"])
    return [
        "litellm", "--config", str(RUN / "config.yaml"), "--host", "0.0.0.0", "--port", os.environ["PORT"],  # noqa: S104
        "--num_workers", "1", "--telemetry", "False",
        "--ssl_certfile_path", str(RUN / "tls.crt"), "--ssl_keyfile_path", str(RUN / "tls.key"),
    ]  # fmt: skip


def watch(child: subprocess.Popen[bytes], *folders: Path) -> int:
    """Wait for the child; end it some time after a mounted file has changed. Gives the exit code for the container."""
    before = fingerprint(*folders)
    while child.poll() is None:
        time.sleep(LOOK_EVERY)
        if fingerprint(*folders) != before:
            time.sleep(random.uniform(0, SPREAD))  # noqa: S311  spreads restarts, protects nothing
            child.terminate()
            child.wait()
            return 0
    return child.returncode


def main() -> int:
    """Run LiteLLM as a child that gets the signals this process gets."""
    child = subprocess.Popen(prepare())  # noqa: S603
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    return watch(child, MODELS, SECRETS)


if __name__ == "__main__":
    sys.exit(main())
