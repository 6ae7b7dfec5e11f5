"""The program that starts Qdrant, in a shell, with a Qdrant of the test's own."""

from __future__ import annotations

import signal
import subprocess
import time
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from components.retrieval.qdrant_cluster import configuration

FAKE = """#!/bin/sh
echo "$@" > "{folder}/told"
trap 'echo ended > "{folder}/ended"; exit 0' TERM
while true; do sleep 0.05; done
"""


class Pod:
    """Folders in the place of the pod's volumes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("secrets", "run", "etc"):
            (folder / name).mkdir()
        self.key("api-key", "writes")
        self.key("read-only-key", "reads")
        (folder / "etc" / "config.yaml").write_text(yaml.safe_dump(configuration(), sort_keys=False))
        fake = folder / "qdrant"
        fake.write_text(FAKE.format(folder=folder))
        fake.chmod(0o755)
        text = files("components.retrieval.programs").joinpath("qdrant.sh").read_text()
        for place, here in (("/etc/retrieval/secrets", "secrets"), ("/run/qdrant", "run"), ("/etc/qdrant", "etc")):
            assert place in text
            text = text.replace(place, str(folder / here))
        (folder / "start.sh").write_text(
            text.replace("sleep 60", "sleep 0.1").replace("sleep $((number * 180))", "sleep 0")
        )

    def key(self, name: str, value: str) -> None:
        (self.folder / "secrets" / name).write_text(value)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        told = {"POD_NAME": name, "PEERS": "store-peers.store.svc", "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen(["sh", str(self.folder / "start.sh")], cwd=self.folder, env=told)
        self.wait("told")
        return process

    def wait(self, name: str) -> str:
        until = time.monotonic() + 10
        while not (self.folder / name).exists() or not (self.folder / name).read_text():
            assert time.monotonic() < until, f"{name} never came"
            time.sleep(0.02)
        return (self.folder / name).read_text().strip()


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("store-0", "--uri https://store-0.store-peers.store.svc:6335"),
        (
            "store-2",
            "--uri https://store-2.store-peers.store.svc:6335 --bootstrap https://store-0.store-peers.store.svc:6335",
        ),
    ],
)
def test_the_first_member_begins_and_the_others_join_it_with_keys_in_a_file_of_their_own(
    pod: Pod, name: str, told: str
) -> None:
    process = pod.start(name)
    assert pod.wait("told") == f"--config-path {pod.folder}/run/config.yaml {told}"
    written = pod.folder / "run" / "config.yaml"
    assert yaml.safe_load(written.read_text()) == {
        **configuration(),
        "service": {**configuration()["service"], "api_key": "writes", "read_only_api_key": "reads"},  # type: ignore[dict-item]
    }
    assert written.stat().st_mode & 0o077 == 0
    process.send_signal(signal.SIGTERM)
    assert pod.wait("ended") == "ended"
    process.wait(10)


def test_a_renewed_key_ends_it_so_that_the_container_starts_anew(pod: Pod) -> None:
    process = pod.start("store-0")
    time.sleep(0.3)
    assert process.poll() is None
    pod.key("api-key", "renewed")
    assert pod.wait("ended") == "ended"
    process.wait(10)
