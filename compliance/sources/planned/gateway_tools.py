"""What the gateway lets whom do with tools: servers, teams and their keys, from the files that its pods mount."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from blueprint.graph import Ref, embedded_json, is_unknown, parts
from compliance.facts.base import Leaf, Unknown
from compliance.facts.leaf import every
from compliance.sources.planned.mounts import SECRET_CLASS, File
from compliance.sources.planned.objects import namespace_of, objects
from compliance.sources.planned.reading import Reading

Document: TypeAlias = dict[str, JsonValue]

NO_MODEL = ["no-default-models"]
"""How LiteLLM says that a team may call no model."""
_INSIDE = (".svc", ".svc.cluster.local")
VOLUMES = "spec.template.spec.volumes"
"""Where a pod says which files it reads."""
_TEAM = "team-"
"""What the file with a team's key begins with."""


@dataclass(frozen=True)
class ToolFiles:
    """The gateway's Deployment and what it mounts."""

    reading: Reading
    files: tuple[File, ...]
    unread: Unknown | None

    def named(self) -> Leaf[bool]:
        """Whether servers let through what is named, and nobody whom no right names."""
        return self._each(lambda server: bool(server.get("allowed_tools")) and server.get("allow_all_keys") is not True)

    def guarded(self) -> Leaf[bool]:
        """Whether servers are inside, over TLS, with a key that is fetched as the gateway starts."""
        return self._each(lambda server: _inside(server.get("url")) and _keyed(server))

    def held_apart(self) -> Leaf[bool]:
        """Whether whoever may use a tool that waits for a person may ask no model."""
        held = {name: _held(server) for _, name, server in self._servers()}
        if self.unread:
            return self.unread
        return every((
            self._nothing(),
            *(
                file.config_map.known(file.path, _rights_apart(team, held))
                for file, team in self._teams()
            ),
        ))  # fmt: skip

    def own_keys(self) -> Leaf[bool]:
        """Whether the file of each team's key holds a secret that no other team's holds."""
        if self.unread:
            return self.unread
        teams = [str(team.get("name")) for _, team in self._teams()]
        mounted = dict(self._keys())
        missing = [team for team in teams if f"{_TEAM}{team}" not in mounted]
        if missing:
            return self.reading.doubt(VOLUMES) or self.reading.known(VOLUMES, value=False)
        secrets = [mounted[f"{_TEAM}{team}"] for team in teams]
        told = [str(each) for each in secrets if not is_unknown(each)]
        if len(set(told)) < len(told):
            return self.reading.known(VOLUMES, value=False)
        if len(told) < len(secrets):
            return Unknown("cloud_decides", self.reading.origin(VOLUMES))
        return self._nothing()

    def _each(self, holds: Callable[[Document], bool]) -> Leaf[bool]:
        if self.unread:
            return self.unread
        judged = (file.config_map.known(f"{file.path}.{name}", holds(server)) for file, name, server in self._servers())
        return every((self._nothing(), *judged))

    def _nothing(self) -> Leaf[bool]:
        """Holds where there is nothing that could break it; unknown where a file was not read."""
        hidden = any(is_unknown(file.content) for file in self.files)
        return Unknown("not_read", self.reading.origin(VOLUMES)) if hidden else self.reading.known(VOLUMES, value=True)

    def _servers(self) -> Iterator[tuple[File, str, Document]]:
        for file in self.files:
            document = file.document
            told = document.get("mcp_servers", document) if isinstance(document, dict) else {}
            for name, server in told.items() if isinstance(told, dict) else ():
                if isinstance(server, dict) and server.keys() & {"allowed_tools", "auth_type"} and "url" in server:
                    yield file, name, server

    def _teams(self) -> Iterator[tuple[File, Document]]:
        for file in self.files:
            for team in file.document if isinstance(file.document, list) else ():
                if isinstance(team, dict) and "budget_usd_month" in team:
                    yield file, team

    def _keys(self) -> Iterator[tuple[str, JsonValue]]:
        """Every file of a key in the gateway's namespace, with the secret that is in it."""
        for provider in objects(self.reading).of(SECRET_CLASS, namespace_of(self.reading)):
            listed = embedded_json(provider.raw("spec.parameters.objects"))  # type: ignore[arg-type]
            if is_unknown(listed):
                self.reading.doubtful()
            for each in listed if isinstance(listed, list) else ():
                if isinstance(each, dict) and str(each.get("objectAlias")).startswith(_TEAM):
                    yield str(each["objectAlias"]), each.get("objectName")


def approved(reading: Reading, files: tuple[File, ...], unread: Unknown | None) -> Leaf[bool]:
    """Whether each model of each route is marked as approved; unknown where no route says so."""
    found = [file.config_map.known(file.path, model.get("approved") is True) for file, model in _routed(files)]
    if unread or not found:
        return unread or Unknown("not_read", reading.origin(VOLUMES))
    return every(found)


def _routed(files: tuple[File, ...]) -> Iterator[tuple[File, Document]]:
    for file in files:
        for route in file.document if isinstance(file.document, list) else ():
            models = route.get("models") if isinstance(route, dict) and "task" in route else None
            for model in models if isinstance(models, list) else ():
                if isinstance(model, dict):
                    yield file, model


def _inside(url: JsonValue) -> bool:
    text = "".join(piece if isinstance(piece, str) else "name" for piece in parts(url) or ())
    scheme, _, rest = text.partition("://")
    return scheme == "https" and rest.partition("/")[0].partition(":")[0].endswith(_INSIDE)


def _keyed(server: Document) -> bool:
    pieces = parts(server.get("authentication_token")) or ()
    told = [piece for piece in pieces if isinstance(piece, Ref) or piece.partition("secretsmanager:")[2]]
    return server.get("auth_type") == "bearer_token" and bool(told) and str(pieces[0]).startswith("secretsmanager:")


def _held(server: Document) -> frozenset[str]:
    about = server.get("mcp_info")
    named = about.get("after_approval") if isinstance(about, dict) else None
    return frozenset(str(name) for name in named) if isinstance(named, list) else frozenset()


def _rights_apart(team: Document, held: Mapping[str, frozenset[str]]) -> bool:
    rights = team.get("tools")
    uses = {
        (server, str(tool))
        for server, tools in (rights.items() if isinstance(rights, dict) else ())
        for tool in (tools if isinstance(tools, list) else ())
    }
    waits = any(tool in held.get(server, frozenset()) for server, tool in uses)
    return not waits or team.get("models") == NO_MODEL
