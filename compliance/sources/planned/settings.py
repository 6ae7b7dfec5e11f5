"""A program's settings as its pod mounts them, and the programs that stand beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from pydantic import JsonValue

from compliance.facts.base import Leaf, Unknown
from compliance.sources.planned.mounts import File, files
from compliance.sources.planned.pods import Pod

T = TypeVar("T")

LOOPBACK = ("127.0.0.1", "localhost")
DATABASE_DOOR = "database_door.py"
"""Program of ours that takes connections on the loopback and goes on to the database over TLS, signing in by IAM."""


@dataclass(frozen=True)
class Settings:
    """One file of settings; what it says is unknown where it was not found or not read."""

    pod: Pod
    key: str

    @cached_property
    def file(self) -> File | None:
        """The file, if the pod mounts it and its text is known."""
        return next((each for each in files(self.pod) if each.key == self.key and each.document is not None), None)

    def told(self, path: str, judge: Callable[[JsonValue], T]) -> Leaf[T]:
        """What follows from the value at a dotted path; None where there is none."""
        file = self.file
        if file is None:
            where = f"{self.pod.spec}.volumes"
            return self.pod.reading.doubt(where) or Unknown("not_read", self.pod.reading.origin(where))
        return file.config_map.known(f"{file.path}.{path}" if path else file.path, judge(dig(file.document, path)))


def dig(value: JsonValue, path: str) -> JsonValue:
    """The value at a dotted path of maps; None where there is none."""
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value


def beside(pod: Pod, program: str) -> Leaf[str | None]:
    """Path of the pod's container that runs one of our programs; None where no container does."""
    for container in pod.all_containers:
        command = pod.arguments(container)
        if isinstance(command, Unknown):
            return command
        if any(word.rpartition("/")[2] == program for word in command.value):
            return pod.reading.known(f"{container}.command", container)
    return pod.reading.known(f"{pod.spec}.containers", None)


def on_loopback(address: JsonValue) -> bool:
    """Whether an address is that of the pod itself."""
    return isinstance(address, str) and address.partition(":")[0] in LOOPBACK
