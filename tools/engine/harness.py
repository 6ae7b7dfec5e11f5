"""The real engine on a copy of a project, with a simulated cloud and its state in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from tools.engine.simulated_cloud import SimulatedCloud

PASSPHRASE = "only-for-tests"


@dataclass(frozen=True)
class Ended:
    """How a command of the CLI ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass
class Engine:
    """The CLI in one project, for one stack."""

    project: Path
    home: Path
    cloud: SimulatedCloud
    environment: dict[str, str]
    stack: str = "prod"
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(self, *arguments: str, more: Mapping[str, str] | None = None) -> Ended:
        process = subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive"], cwd=self.project, env={**self.environment, **(more or {})},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.running.append(process)
        out, err = process.communicate(timeout=280)
        return Ended(process.returncode, out, err)

    def up(self, *arguments: str, more: Mapping[str, str] | None = None) -> Ended:
        return self(
            "up", "--yes", "--skip-preview", "--suppress-progress", "--stack", self.stack, *arguments, more=more
        )

    def state_file(self) -> Path:
        (found,) = (self.home / "state" / ".pulumi" / "stacks").rglob(f"{self.stack}.json")
        return found

    def resources(self) -> list[dict[str, JsonValue]]:
        found: list[dict[str, JsonValue]] = json.loads(self.state_file().read_text())["checkpoint"]["latest"].get(
            "resources", []
        )
        return found

    def urns(self) -> list[str]:
        return sorted(str(one["urn"]) for one in self.resources())

    def end(self) -> None:
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def started(project: Path, home: Path, cli: Path, stack: str) -> Iterator[Engine]:
    """The engine with a stack that holds nothing yet; ends every process that it started."""
    cloud = SimulatedCloud()
    (home / "state").mkdir()
    with cloud.serving() as providers:
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{cli}:{os.environ['PATH']}", "PYTHON": sys.executable,
            "HOME": str(home), "PULUMI_HOME": str(home / "home"), "PULUMI_BACKEND_URL": f"file://{home}/state",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true", "PULUMI_DEBUG_PROVIDERS": providers,
        }  # fmt: skip
        engine = Engine(project=project, home=home, cloud=cloud, environment=environment, stack=stack)
        made = engine("stack", "init", stack)
        if made.code:
            raise RuntimeError(made.said)
        try:
            yield engine
        finally:
            engine.end()
