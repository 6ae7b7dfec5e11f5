"""Stand-in for pulumi-language-python, used when the CLI was built from its Go module, which does not carry the host.

It runs the SDK's own exec script in a child process with the arguments, the environment and the meaning of exit codes
that the real host uses. Beside an installed CLI the real host is found and this one is not used.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

ALREADY_TOLD = 32
"""Exit code of a program that has shown its error itself."""


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine; only Run does anything."""

    def __init__(self, engine: str, script: Path) -> None:
        self.engine = engine
        self.script = script

    def Handshake(self, _request: object, _context: object) -> language_pb2.LanguageHandshakeResponse:
        """Accept the engine."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: object, _context: object) -> plugin_pb2.PluginInfo:
        """Say nothing about itself."""
        return plugin_pb2.PluginInfo()

    def GetRequiredPackages(self, _request: object, _context: object) -> language_pb2.GetRequiredPackagesResponse:
        """Ask for no plugin: the providers are attached."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, _request: object, _context: object) -> language_pb2.GetRequiredPluginsResponse:
        """Ask for no plugin: the providers are attached."""
        return language_pb2.GetRequiredPluginsResponse()

    def Cancel(self, _request: object, _context: object) -> empty_pb2.Empty:
        """Nothing to cancel beyond the child, which the engine's shutdown ends."""
        return empty_pb2.Empty()

    def Run(self, request: language_pb2.RunRequest, _context: object) -> language_pb2.RunResponse:
        """Run the program to its end and translate its exit code."""
        program = Path(request.info.program_directory) / request.info.entry_point
        command = [
            sys.executable, "-u", str(self.script),
            "--monitor", request.monitor_address, "--engine", self.engine,
            "--project", request.project, "--stack", request.stack, "--organization", request.organization,
            "--root_directory", request.info.root_directory, "--pwd", request.info.program_directory,
            "--dry_run", "true" if request.dryRun else "false", "--parallel", str(request.parallel),
            str(program), *request.args,
        ]  # fmt: skip
        configured = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        code = subprocess.run(command, env={**os.environ, **configured}, check=False).returncode
        if code == ALREADY_TOLD:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}" if code else "")


def main(script: Path, engine: str) -> None:
    """Serve until interrupted, which is how the CLI ends its plugins."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    server = grpc.server(ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(engine, script), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    ended.wait()
    server.stop(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[-1])
