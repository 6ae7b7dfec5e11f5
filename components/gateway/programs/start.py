"""Compose LiteLLM's configuration from the gateway's part and one part for each served model, then run LiteLLM.

LiteLLM's own `include` would let a model's part overwrite any setting of the gateway, and knows no weights; here a model
part contributes its entry and nothing else. The gateway's own secret is read from a file and handed on as environment of
the one process that needs it; a model part, and an entry of a server of tools, names its secret as `secretsmanager:<ARN>`. When a secret, the
certificate or a model part changes, LiteLLM is ended, and the container starts anew with the change.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import botocore.exceptions  # type: ignore[import-untyped]
import botocore.session  # type: ignore[import-untyped]
import certifi
import yaml

Document = dict[str, object]
Fetch = Callable[[str], str]
"""ARN of a secret in, its value out."""

SETTINGS = Path("/etc/gateway/settings")
MODELS = Path("/etc/gateway/models")
TOOLS = Path("/etc/gateway/tools/tools.json")
AUTHORITY = Path("/etc/authority/ca.crt")
"""Who signed the certificates of servers inside the cluster."""
SECRETS = Path("/etc/gateway/secrets")
RUN = Path("/run/gateway")
CERTIFICATE = Path("/run/certificate/server.pem")
"""Key and certificate, kept by the container next door."""
NAMED = "secretsmanager:"
"""A value of litellm_params that starts so is the ARN of the secret that holds it."""
LOOK_EVERY = 60.0
"""Seconds between two looks at what is mounted."""
SPREAD = 240.0
"""Seconds over which the pods spread their restarts, so that they do not all leave at once."""
UNREACHABLE = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
PREFIX = "sk-"
"""LiteLLM takes nothing else for a key; the rotator knows."""


class RefusedError(Exception):
    """The parts do not fit together; the pod does not become ready and the old ones stay."""


def compose(settings: Document, routes: Sequence[Document], parts: Mapping[str, list[Document]]) -> Document:
    """The whole configuration: each route's models as deployments of that name."""
    deployments = [
        _deployment(route, model, parts)
        for route in routes
        for model in _maps(route["models"])
    ]  # fmt: skip
    return {**settings, "model_list": deployments}


def _deployment(route: Document, model: Document, parts: Mapping[str, list[Document]]) -> Document:
    serving = str(model["serving"])
    if serving not in parts:
        raise RefusedError(f"route {route['name']} needs a part for {serving}; there are {sorted(parts)}")
    if len(parts[serving]) != 1:
        raise RefusedError(f"the part of {serving} has {len(parts[serving])} entries and must have one")
    entry = parts[serving][0]
    own: Document = {
        key: model[key] for key in ("weight", "input_cost_per_token", "output_cost_per_token") if key in model
    }
    shared: Document = {"timeout": route["timeout_seconds"], "num_retries": route["retries"]}
    about: Document = {**_map(entry.get("model_info")), "id": f"{route['name']}/{serving}", "task": route["task"],
                       "approved": model["approved"]}  # fmt: skip
    parameters: Document = {**_map(entry.get("litellm_params")), **shared, **own}
    return {"model_name": route["name"], "litellm_params": parameters, "model_info": about}


def _map(value: object) -> Document:
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Document]:
    return [_map(each) for each in value] if isinstance(value, list) else []


def read_models(folder: Path) -> dict[str, list[Document]]:
    """The parts of the served models by their names."""
    return {
        path.stem: _maps(_map(yaml.safe_load(path.read_text())).get("model_list"))
        for path in sorted(folder.glob("*.yaml"))
    }


def resolve(whole: Document, fetch: Fetch) -> Document:
    """The configuration with every named secret in place of its ARN."""
    return {
        **whole,
        "model_list": [
            {
                **entry,
                "litellm_params": {key: _value(value, fetch) for key, value in _map(entry["litellm_params"]).items()},
            }
            for entry in _maps(whole["model_list"])
        ],
        "mcp_servers": {
            name: {key: _value(value, fetch) for key, value in _map(server).items()}
            for name, server in _map(whole.get("mcp_servers")).items()
        },
    }


def _value(value: object, fetch: Fetch) -> object:
    return fetch(value.removeprefix(NAMED)) if isinstance(value, str) and value.startswith(NAMED) else value


def fetcher() -> Fetch:
    """Reads secrets with the pod's own role, which the model's side has granted."""
    client = botocore.session.get_session().create_client("secretsmanager", region_name=os.environ["AWS_REGION"])
    return lambda arn: str(client.get_secret_value(SecretId=arn)["SecretString"])


def key(path: Path) -> str:
    """A key of LiteLLM from the file that holds it. Raises RefusedError for anything else."""
    value = path.read_text().strip()
    if not value.startswith(PREFIX):
        raise RefusedError(f"{path.name} does not begin with {PREFIX!r}; its rotator must renew it with that prefix")
    return value


def current(fetch: Fetch) -> str:
    """Digest of all that LiteLLM is started with."""
    parts = [path.read_bytes() for folder in (SETTINGS, SECRETS) for path in sorted(folder.glob("*")) if path.is_file()]
    return hashlib.sha256(
        b"\0".join([*parts, CERTIFICATE.read_bytes(), yaml.safe_dump(configuration(fetch)).encode()])
    ).hexdigest()


def configuration(fetch: Fetch) -> Document:
    """What LiteLLM reads, from what is mounted now."""
    settings = _map(yaml.safe_load((SETTINGS / "config.yaml").read_text()))
    routes = _maps(yaml.safe_load((SETTINGS / "routes.yaml").read_text()))
    servers = _map(yaml.safe_load(TOOLS.read_text()))
    return resolve({**compose(settings, routes, read_models(MODELS)), "mcp_servers": servers}, fetch)


def private(path: Path) -> BinaryIO:
    """A new file that only this user reads."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def prepare(fetch: Fetch) -> list[str]:
    """Write what LiteLLM reads; give the command that runs it."""
    with private(RUN / "config.yaml") as file:
        file.write(yaml.safe_dump(configuration(fetch), sort_keys=False).encode())
    with private(RUN / "authorities.pem") as file:
        file.write(Path(certifi.where()).read_bytes() + AUTHORITY.read_bytes())
    os.environ["SSL_CERT_FILE"] = str(RUN / "authorities.pem")  # LiteLLM has no such setting for one server of tools
    os.environ["LITELLM_MASTER_KEY"] = key(SECRETS / "master-key")
    return [
        "litellm", "--config", str(RUN / "config.yaml"), "--host", "0.0.0.0", "--port", os.environ["PORT"],  # noqa: S104
        "--num_workers", "1", "--telemetry", "False",
        "--ssl_certfile_path", str(CERTIFICATE), "--ssl_keyfile_path", str(CERTIFICATE),
    ]  # fmt: skip


def watch(child: subprocess.Popen[bytes], look: Callable[[], str]) -> int:
    """Wait for the child; end it some time after what it was started with has changed. Gives the container's exit code.

    What cannot be read, or does not fit together, is reported and changes nothing: LiteLLM runs on with what it has.
    """
    before = look()
    while True:
        try:
            return child.wait(LOOK_EVERY)
        except subprocess.TimeoutExpired:
            if _changed(before, look):
                time.sleep(random.uniform(0, SPREAD))  # noqa: S311  spreads restarts, protects nothing
                child.terminate()
                child.wait()
                return 0


def _changed(before: str, look: Callable[[], str]) -> bool:
    try:
        return look() != before
    except (RefusedError, OSError, yaml.YAMLError, *UNREACHABLE) as error:
        sys.stderr.write(f"kept what is running: {error}\n")
        return False


def main() -> int:
    """Run LiteLLM as a child that gets the signals this process gets."""
    fetch = fetcher()
    child = subprocess.Popen(prepare(fetch))  # noqa: S603
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    return watch(child, lambda: current(fetch))


if __name__ == "__main__":
    sys.exit(main())
