"""The pod that a controller makes: its containers, their settings, arguments, environment and files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from blueprint.graph import Ref, parts
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, mapped, some
from compliance.sources.planned.objects import UNTOLD, labels, name_of, namespace_of, objects
from compliance.sources.planned.reading import MISSING, Reading

PODS: Mapping[str, str] = {
    "kubernetes:apps/v1:Deployment": "spec.template",
    "kubernetes:apps/v1:StatefulSet": "spec.template",
    "kubernetes:apps/v1:DaemonSet": "spec.template",
    "kubernetes:batch/v1:Job": "spec.template",
    "kubernetes:batch/v1:CronJob": "spec.jobTemplate.spec.template",
}
"""Controller type -> path of its pod template."""

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"

_OWN_REGISTRY = re.compile(r"^\d{12}\.dkr\.ecr(-fips)?\.")
_SECRET_NAME = re.compile(
    r"(PASSWORD|PASSWD|TOKEN|SECRET|API_KEY|ACCESS_KEY|PRIVATE_KEY|MASTER_KEY|SALT_KEY|CREDENTIALS)$"
)
_REFERENCE = re.compile(r"^(|/.*|arn:.*|os\.environ/.*|\d+|true|false)$", re.IGNORECASE)
_CREDENTIALS_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@$]+@")


@dataclass(frozen=True)
class Pod:
    """The pod template of one controller."""

    reading: Reading

    @property
    def template(self) -> str:
        """Path of the pod template."""
        return PODS[self.reading.resource.type]

    @property
    def spec(self) -> str:
        """Path of the pod's own specification."""
        return f"{self.template}.spec"

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Labels by which services, budgets and network policies choose the pod."""
        return labels(self.reading, f"{self.template}.metadata.labels")

    @cached_property
    def containers(self) -> tuple[str, ...]:
        """Paths of the containers that run all the time."""
        return self.reading.items(f"{self.spec}.containers")

    @cached_property
    def all_containers(self) -> tuple[str, ...]:
        """Paths of these and of those that run before them."""
        return (*self.containers, *self.reading.items(f"{self.spec}.initContainers"))

    def each(self, setting: str, *, all_of_them: bool = True) -> Iterator[Leaf[bool]]:
        """A setting of the security context for each container: its own, else that of the pod, else the default."""
        for container in self.all_containers if all_of_them else self.containers:
            yield self.reading.flag(self._nearest(container, setting))

    def seccomp(self) -> Iterator[Leaf[bool]]:
        """For each container, whether the runtime's or a named system call filter is on."""
        for container in self.all_containers:
            kind = self.reading.text(f"{self._nearest(container, 'seccompProfile')}.type")
            yield mapped(kind, lambda value: value in {"RuntimeDefault", "Localhost"})

    def capabilities(self) -> Iterator[Leaf[bool]]:
        """For each container, whether all capabilities are dropped and none is added."""
        for container in self.all_containers:
            path = f"{container}.securityContext.capabilities"
            yield mapped(self.reading.words(f"{path}.drop"), lambda dropped: "ALL" in dropped)
            yield mapped(self.reading.words(f"{path}.add"), lambda added: not added)

    def written(self, path: str, *, all_of_them: bool = False) -> Iterator[Leaf[bool]]:
        """For each container, whether something is written at a path of it."""
        for container in self.all_containers if all_of_them else self.containers:
            yield self.reading.present(f"{container}.{path}")

    def images(self) -> Iterator[tuple[str, tuple[str | Ref, ...] | None]]:
        """For each container the path of its image and the pieces of its text; None: only the cloud knows it."""
        for container in self.all_containers:
            path = f"{container}.image"
            value = self.reading.raw(path)
            yield path, None if value is MISSING else parts(value)  # type: ignore[arg-type]

    def images_pinned(self) -> Leaf[bool]:
        """Whether every image is named by digest; a tag is no answer, for it can be moved."""
        return every(self._pinned(path, pieces) for path, pieces in self.images())

    def own_registry(self) -> Leaf[bool]:
        """Whether every image is pulled from a registry in an AWS account."""
        return every(self._own(path, pieces) for path, pieces in self.images())

    def host_paths(self) -> Leaf[bool]:
        """Whether a volume is a directory of the node."""
        volumes = self.reading.items(f"{self.spec}.volumes")
        none = self.reading.known(f"{self.spec}.volumes", value=False)
        return some((none, *(self.reading.present(f"{volume}.hostPath") for volume in volumes)))

    def host_ports(self) -> Leaf[bool]:
        """Whether a container takes a port of the node."""
        ports = (port for container in self.all_containers for port in self.reading.items(f"{container}.ports"))
        none = self.reading.known(f"{self.spec}.containers", value=False)
        return some((none, *(self.reading.present(f"{port}.hostPort") for port in ports)))

    # -- what a program is told ---------------------------------------------------------------------------------------

    def arguments(self, container: str) -> Leaf[tuple[str, ...]]:
        """Command and arguments as one list; a piece that the cloud completes is written as its literal parts."""
        words: list[str] = []
        for key in ("command", "args"):
            for path in self.reading.items(f"{container}.{key}"):
                pieces = parts(self.reading.raw(path))  # type: ignore[arg-type]
                if pieces is None:
                    return Unknown("cloud_decides", self.reading.origin(path))
                words.append("".join(piece if isinstance(piece, str) else f"${{{piece.property}}}" for piece in pieces))
        return Known(tuple(words), self.reading.origin(f"{container}.args"))

    def environment(self, container: str) -> Mapping[str, tuple[str, JsonValue]]:
        """Variable -> its path and what is written there; None for one that comes from elsewhere."""
        found: dict[str, tuple[str, JsonValue]] = {}
        for path in self.reading.items(f"{container}.env"):
            name, value = self.reading.raw(f"{path}.name"), self.reading.raw(f"{path}.value")
            if isinstance(name, str):
                found[name] = (path, None if value is MISSING else value)  # type: ignore[assignment]
        return found

    def secrets_in_env(self) -> Leaf[bool]:
        """Whether a variable holds what its name says is secret, or an address with a password in it."""
        for container in self.all_containers:
            written = self.reading.present(f"{container}.env")
            if isinstance(written, Unknown):
                return written
            for name, (path, value) in self.environment(container).items():
                literal = "".join(piece for piece in parts(value) or () if isinstance(piece, str))
                told = _SECRET_NAME.search(name) and isinstance(value, str) and not _REFERENCE.match(value)
                if told or value == {"$secret": True} or _CREDENTIALS_IN_URL.search(literal):
                    return self.reading.known(f"{path}.value", value=True)
        return self.reading.known(f"{self.spec}.containers", value=False)

    def secret_variables(self) -> Leaf[bool]:
        """Whether a variable takes its value from a Kubernetes secret: every process of the pod can read it there."""
        paths = [
            f"{item}.valueFrom.secretKeyRef"
            for each in self.all_containers
            for item in self.reading.items(f"{each}.env")
        ]
        paths += [f"{item}.secretRef" for each in self.all_containers for item in self.reading.items(f"{each}.envFrom")]
        none = self.reading.known(f"{self.spec}.containers", value=False)
        return some((none, *(self.reading.present(path) for path in paths)))

    def files(self) -> Iterator[tuple[Reading, str, JsonValue]]:
        """Files from ConfigMaps that the pod mounts: the ConfigMap, the key, and the content as text or document."""
        for volume in self.reading.items(f"{self.spec}.volumes"):
            yield from self._volume(volume)

    def _volume(self, volume: str) -> Iterator[tuple[Reading, str, JsonValue]]:
        sources = [f"{volume}.configMap.name"]
        sources += [f"{path}.configMap.name" for path in self.reading.items(f"{volume}.projected.sources")]
        for path in sources:
            found = self._config_map(path)
            data = found.raw("data") if found else None
            if found is not None and isinstance(data, dict):
                yield from ((found, key, content) for key, content in sorted(data.items()))

    def _config_map(self, path: str) -> Reading | None:
        target = self.reading.target(path, CONFIG_MAP)
        if target is not None:
            return target
        name = self.reading.raw(path)
        if not isinstance(name, str):
            if name is not MISSING:
                self.reading.doubtful()
            return None
        return objects(self.reading).named(CONFIG_MAP, namespace_of(self.reading), name)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _nearest(self, container: str, setting: str) -> str:
        own = f"{container}.securityContext.{setting}"
        above = f"{self.spec}.securityContext.{setting}"
        return above if self.reading.raw(own) is MISSING and self.reading.raw(above) is not MISSING else own

    def _pinned(self, path: str, pieces: tuple[str | Ref, ...] | None) -> Leaf[bool]:
        if pieces is None:
            return Unknown("cloud_decides", self.reading.origin(path))
        if any(isinstance(piece, str) and "@sha256:" in piece for piece in pieces):
            return self.reading.known(path, value=True)
        return Unknown("not_pinned", self.reading.origin(path))

    def _own(self, path: str, pieces: tuple[str | Ref, ...] | None) -> Leaf[bool]:
        if not pieces:
            return Unknown("cloud_decides", self.reading.origin(path))
        first = pieces[0]
        own = first.property == "repositoryUrl" if isinstance(first, Ref) else bool(_OWN_REGISTRY.match(first))
        return self.reading.known(path, own)


def service_account(reading: Reading, pod: Pod) -> tuple[str, Reading | None]:
    """Name of the pod's service account, and the object when the graph has it; UNTOLD where only the cloud knows it."""
    path = f"{pod.spec}.serviceAccountName"
    target = reading.target(path, SERVICE_ACCOUNT)
    if target is not None:
        return name_of(target), target
    name = reading.raw(path)
    if name is not MISSING and not isinstance(name, str):
        reading.doubtful()
        return UNTOLD, None
    named = name if isinstance(name, str) else "default"
    return named, objects(reading).named(SERVICE_ACCOUNT, namespace_of(reading), named)
