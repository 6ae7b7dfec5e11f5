"""Give vLLM the keys that callers present, then run it.

They stay in memory of the pod: no key stands in an argument or in the environment. When a mounted key or the certificate
changes, vLLM is asked to finish its requests, and the container starts anew with the change.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

SECRETS = Path("/etc/vllm/secrets")
RUN = Path("/run/vllm")
CERTIFICATE = Path("/run/certificate/server.pem")
LOOK_EVERY = 15.0
"""Seconds between two looks at the mounted keys."""
SPREAD = 600.0
"""Seconds over which replicas spread their restarts."""


def keys_document(secrets: Path) -> str:
    """A configuration file of vLLM with one accepted key for each mounted file."""
    keys = [path.read_text(encoding="utf-8").strip() for path in _files(secrets)]
    return json.dumps({"api-key": [key for key in keys if key]})


def fingerprint(secrets: Path, certificate: Path) -> str:
    """Changes whenever a mounted key or the certificate does."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in (*_files(secrets), certificate))).hexdigest()


def prepare(secrets: Path, run: Path) -> list[str]:
    """Write what vLLM reads; give the words to add to its command."""
    os.umask(0o077)
    path = run / "keys.yaml"
    document = keys_document(secrets)
    if not json.loads(document)["api-key"]:
        raise SystemExit("no key is mounted: the server would answer to everybody")
    path.write_text(document, encoding="utf-8")
    return [f"--config={path}"]


def watch(child: subprocess.Popen[bytes], secrets: Path, certificate: Path) -> int:
    """Wait for the child; end it some time after either has changed. Gives the exit code for the container."""
    before = fingerprint(secrets, certificate)
    while child.poll() is None:
        time.sleep(LOOK_EVERY)
        if fingerprint(secrets, certificate) != before:
            time.sleep(random.uniform(0, SPREAD))  # noqa: S311  spreads restarts, protects nothing
            child.terminate()
            child.wait()
            return 0
    return child.returncode


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def main() -> int:
    """Run vLLM as a child that gets the signals this process gets."""
    more = prepare(SECRETS, RUN)
    child = subprocess.Popen(["vllm", "serve", *sys.argv[1:], *more])  # noqa: S603, S607
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    return watch(child, SECRETS, CERTIFICATE)


if __name__ == "__main__":
    sys.exit(main())
