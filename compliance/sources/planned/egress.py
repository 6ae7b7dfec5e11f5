"""The egress proxy, from the configuration that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import JsonValue

from compliance.facts.leaf import mapped
from compliance.facts.network import EgressProxy
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.reading import MISSING, Reading

Mode: TypeAlias = Literal["open", "ports", "allowlist", "authenticated_proxy"]

FILE = "squid.conf"


@dataclass(frozen=True)
class Squid:
    """The access rules of a Squid configuration, in their order."""

    lists: dict[str, tuple[str, frozenset[str]]]
    """Name of an access list -> its type and values."""
    rules: tuple[tuple[str, tuple[str, ...]], ...]
    """allow or deny -> the lists that must all match."""

    @property
    def authenticated(self) -> bool:
        """No rule allows anything before the caller has said who it is."""
        required = {name for name, (kind, _) in self.lists.items() if kind == "proxy_auth"}
        for action, names in self.rules:
            if (
                action == "deny"
                and len(names) == 1
                and names[0].removeprefix("!") in required
                and names[0].startswith("!")
            ):
                return True
            if action == "allow" and not required & set(names):
                return False
        return True

    @property
    def allowed(self) -> frozenset[str]:
        """Hosts that some rule allows; * for a rule that names none."""
        return frozenset().union(*(self._hosts(names) for action, names in self.rules if action == "allow"))

    @property
    def mode(self) -> Mode:
        """How far it lets traffic go. Squid allows what a last rule that denies only some leaves, and nothing without rules."""
        last = self.rules[-1] if self.rules else ("deny", ("all",))
        if last[0] == "deny" and last[1] != ("all",):
            return "open"
        if "*" in self.allowed:
            ports = any(kind == "port" for kind, _ in self.lists.values())
            return "ports" if ports else "open"
        return "authenticated_proxy" if self.authenticated else "allowlist"

    def _hosts(self, names: tuple[str, ...]) -> frozenset[str]:
        named = [self.lists[name][1] for name in names if name in self.lists and self.lists[name][0] == "dstdomain"]
        return frozenset.intersection(*named) if named else frozenset({"*"})


def squid(text: str) -> Squid:
    """Read the access lists and rules of a configuration."""
    lists: dict[str, tuple[str, frozenset[str]]] = {}
    for words in _lines(text, "acl"):
        name, kind, values = words[0], words[1], frozenset(words[2:])
        lists[name] = (kind, values | (lists[name][1] if name in lists else frozenset()))
    return Squid(lists, tuple((words[0], tuple(words[1:])) for words in _lines(text, "http_access")))


def proxy(config: Reading) -> EgressProxy | None:
    """Fold the ConfigMap that holds Squid's configuration; every other ConfigMap is none of it."""
    data = config.raw("data")
    if not isinstance(data, dict) or FILE not in data:
        return None
    leaf = mapped(config.read("data", _file), squid)
    return EgressProxy(
        id=config.id("EgressProxy"),
        urns=(config.urn,),
        data_classes=config.classes(),
        authenticated=mapped(leaf, lambda rules: rules.authenticated),
        allowed=mapped(leaf, lambda rules: rules.allowed),
        mode=mapped(leaf, lambda rules: rules.mode),
    )


def _file(files: JsonValue) -> str | object:
    text = files.get(FILE) if isinstance(files, dict) else None
    return text if isinstance(text, str) else MISSING


def _lines(text: str, directive: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 2 and words[0] == directive:
            yield words[1:]


ADAPTERS = (Adapter("kubernetes:core/v1:ConfigMap", proxy),)
