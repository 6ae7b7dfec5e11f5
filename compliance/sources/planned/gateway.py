"""The model gateway: LiteLLM's configuration, put together from what its pod mounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from pydantic import JsonValue

from blueprint.graph import is_unknown, parts
from compliance.facts.base import Leaf, Unknown
from compliance.facts.gateway import Gateway
from compliance.facts.leaf import every, inverted, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.bedrock import private_endpoint
from compliance.sources.planned.mounts import File, files, inside_only, secret_names
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import Reading
from compliance.sources.planned.serving import runs, speaks_tls, switched_on

Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]
Document: TypeAlias = Mapping[str, JsonValue]

IMAGE = "litellm"
CARDS = frozenset({"credit_card", "visa", "mastercard", "amex", "discover", "CREDIT_CARD"})
"""What LiteLLM's content filter and Presidio call a card number."""
_STOPS = frozenset({"BLOCK", "MASK"})
_SETTINGS = frozenset({"general_settings", "litellm_settings", "router_settings", "guardrails", "model_list"})
_INSIDE = (".svc", ".svc.cluster.local")


@dataclass(frozen=True)
class Place:
    """A part of the configuration and where it is written."""

    file: File
    path: str
    value: JsonValue

    def known(self, value: bool) -> Leaf[bool]:
        """A yes or no that follows from this part."""
        return self.file.config_map.known(f"{self.file.path}.{self.path}", value)


@dataclass(frozen=True)
class Configuration:
    """Everything that the gateway's pod mounts."""

    pod: Pod

    @cached_property
    def files(self) -> tuple[File, ...]:
        """Mounted files, in the order of their volumes."""
        return files(self.pod)

    @cached_property
    def main(self) -> tuple[File, Document] | None:
        """The file with LiteLLM's own settings."""
        for file in self.files:
            document = file.document
            if isinstance(document, dict) and _SETTINGS & document.keys():
                return file, document
        return None

    def setting(self, section: str, key: str) -> Place:
        """One setting; None where it is left out, which LiteLLM reads as off."""
        assert self.main is not None
        file, document = self.main
        part = document.get(section)
        return Place(file, f"{section}.{key}", part.get(key) if isinstance(part, dict) else None)

    @cached_property
    def guardrails(self) -> tuple[Place, ...]:
        """Guardrails that hold for every caller."""
        return tuple(self._guardrails())

    def listed(self, *keys: str) -> Iterator[Place]:
        """Members of mounted lists that hold one of these keys: routes, teams, models."""
        for file in self.files:
            document = file.document
            path, items = ("model_list.", document.get("model_list")) if isinstance(document, dict) else ("", document)
            for number, item in enumerate(items if isinstance(items, list) else ()):
                if isinstance(item, dict) and set(keys) & item.keys():
                    yield Place(file, f"{path}{number}", item)

    def _guardrails(self) -> Iterator[Place]:
        assert self.main is not None
        file, document = self.main
        listed = document.get("guardrails")
        for number, item in enumerate(listed if isinstance(listed, list) else ()):
            told = item.get("litellm_params") if isinstance(item, dict) else None
            if isinstance(told, dict) and told.get("default_on") is True:
                yield Place(file, f"guardrails.{number}", {**told, "name": item.get("guardrail_name")})  # type: ignore[union-attr]


def gateway(reading: Reading) -> Gateway | None:
    """Fold a Deployment whose main container runs LiteLLM."""
    pod = Pod(reading)
    container = next((each for each in pod.containers if runs(reading, each, IMAGE)), None)
    if container is None:
        return None
    found = Configuration(pod)
    unread = None if found.main else Unknown("not_read", reading.origin(f"{pod.spec}.volumes"))
    return Gateway(
        id=reading.id("Gateway"),
        urns=(reading.urn, *sorted({file.config_map.urn for file in found.files})),
        data_classes=reading.classes(),
        authenticated=_authenticated(found, container),
        encrypted=some((speaks_tls(reading, container), _told(found, container, "--ssl_certfile_path"))),
        private=inside_only(pod),
        prompt_logging=unread or _level(found),
        stored_prompts=unread or _is_true(found.setting("general_settings", "store_prompts_in_spend_logs")),
        redacts=unread or _redacts(found),
        card_data_allowed=unread or inverted(_stops_cards(found)),
        guardrails=unread or _names(found),
        budgets=_limited(found, "budget_usd_month", "max_budget"),
        rate_limits=every(
            (_limited(found, "requests_per_minute", "rpm_limit"), _limited(found, "tokens_per_minute", "tpm_limit"))
        ),
        fallbacks=unread or _falls_back(found),
        requests_recorded=unread or inverted(_is_true(found.setting("general_settings", "disable_spend_logs"))),
        admin_ui=inverted(switched_on(pod, container, "DISABLE_ADMIN_UI")),
        reports_home=inverted(
            every((switched_on(pod, container, "LITELLM_LOCAL_MODEL_COST_MAP"), _told(found, container, "--telemetry", "False")))
        ),
        private_models=_private_models(found),
    )  # fmt: skip


def _is_true(place: Place) -> Leaf[bool]:
    return place.known(place.value is True)


def _authenticated(found: Configuration, container: str) -> Leaf[bool]:
    """A master key is mounted, named by a variable, or set; without one LiteLLM answers everybody."""
    pod = found.pod
    mounted = next((path for name, path in secret_names(pod).items() if "master-key" in name), None)
    path = mounted or pod.environment(container).get("LITELLM_MASTER_KEY", (None,))[0]
    if path is not None:
        return pod.reading.known(path, value=True)
    if found.main is None:
        return Unknown("not_read", pod.reading.origin(f"{pod.spec}.volumes"))
    place = found.setting("general_settings", "master_key")
    return place.known(bool(place.value))


def _told(found: Configuration, container: str, *words: str) -> Leaf[bool]:
    """Whether the container's own command, or a program that it mounts and runs, gives these words in a row."""
    pod = found.pod
    command = pod.arguments(container)
    if isinstance(command, Unknown):
        return command
    if _in_a_row(command.value, words):
        return pod.reading.known(f"{container}.args", value=True)
    written = ", ".join(f'"{word}"' for word in words)
    for file in found.files:
        if (
            file.key.endswith(".py")
            and any(word.endswith(f"/{file.key}") for word in command.value)
            and written in file.text
        ):
            return file.config_map.known(file.path, value=True)
    return pod.reading.known(f"{container}.args", value=False)


def _in_a_row(command: Sequence[str], words: Sequence[str]) -> bool:
    size = len(words)
    return any(tuple(command[start : start + size]) == tuple(words) for start in range(len(command) - size + 1))


def _level(found: Configuration) -> Leaf[Level]:
    """LiteLLM hands whole prompts to its callbacks unless it is told not to; masked before they are those texts."""
    silent = found.setting("litellm_settings", "turn_off_message_logging")
    callbacks = _callbacks(found)
    stored = found.setting("general_settings", "store_prompts_in_spend_logs").value is True
    reading, path = silent.file.config_map, f"{silent.file.path}.{silent.path}"
    if (callbacks and silent.value is not True) or stored:
        redacted = _redacts(found)
        if isinstance(redacted, Unknown):
            return redacted
        return reading.known(path, "redacted" if redacted.value else "full")
    recorded = found.setting("general_settings", "disable_spend_logs").value is not True
    return reading.known(path, "metadata" if recorded or callbacks else "off")


def _callbacks(found: Configuration) -> frozenset[str]:
    """Callbacks that are given requests; prometheus counts and keeps no request."""
    named: set[str] = set()
    for key in ("callbacks", "success_callback", "failure_callback"):
        value = found.setting("litellm_settings", key).value
        named |= {str(each) for each in value} if isinstance(value, list) else set()
    return frozenset(named - {"prometheus"})


def _before_call(place: Place) -> bool:
    mode = place.value.get("mode") if isinstance(place.value, dict) else None
    return "pre_call" in (mode if isinstance(mode, list) else [mode])


def _entities(place: Place) -> Mapping[str, JsonValue]:
    value = place.value.get("pii_entities_config") if isinstance(place.value, dict) else None
    return value if isinstance(value, dict) else {}


def _redacts(found: Configuration) -> Leaf[bool]:
    """Whether a guardrail that always runs before the call masks or blocks personal data."""
    for place in found.guardrails:
        entities = _entities(place)
        if _before_call(place) and entities.keys() - CARDS and set(entities.values()) <= _STOPS:
            return place.known(value=True)
    return _no_guardrail(found)


def _stops_cards(found: Configuration) -> Leaf[bool]:
    for place in found.guardrails:
        value = place.value if isinstance(place.value, dict) else {}
        patterns = value.get("patterns")
        named = {
            each.get("pattern_name") for each in (patterns if isinstance(patterns, list) else ())
            if isinstance(each, dict) and each.get("action") in _STOPS
        } | {name for name, action in _entities(place).items() if action in _STOPS}  # fmt: skip
        if _before_call(place) and named & CARDS:
            return place.known(value=True)
    return _no_guardrail(found)


def _no_guardrail(found: Configuration) -> Leaf[bool]:
    assert found.main is not None
    return Place(found.main[0], "guardrails", None).known(value=False)


def _names(found: Configuration) -> Leaf[frozenset[str]]:
    assert found.main is not None
    file = found.main[0]
    names = frozenset(str(place.value["name"]) for place in found.guardrails if isinstance(place.value, dict))
    return file.config_map.known(f"{file.path}.guardrails", names)


def _limited(found: Configuration, *keys: str) -> Leaf[bool]:
    """Whether every team has the limit; LiteLLM's own settings may give one to all."""
    teams = list(found.listed("budget_usd_month", "max_budget", "requests_per_minute", "rpm_limit"))
    if teams:
        return every(place.known(any(_positive(place.value, key) for key in keys)) for place in teams)
    return _nothing_listed(found)


def _nothing_listed(found: Configuration) -> Leaf[bool]:
    """No mounted list says it; where a file could not be read, it may say so."""
    where = f"{found.pod.spec}.volumes"
    if found.main is None or any(is_unknown(file.content) for file in found.files):
        return Unknown("not_read", found.pod.reading.origin(where))
    return found.pod.reading.known(where, value=False)


def _positive(value: JsonValue, key: str) -> bool:
    number = value.get(key) if isinstance(value, dict) else None
    return isinstance(number, int | float) and not isinstance(number, bool) and number > 0


def _falls_back(found: Configuration) -> Leaf[bool]:
    named = found.setting("router_settings", "fallbacks")
    again = found.setting("router_settings", "num_retries")
    routes = [place.known(_positive(place.value, "retries")) for place in found.listed("retries")]
    own = (named.known(bool(named.value)), again.known(_positive({"n": again.value}, "n")))
    return some((*own, *(routes or [_nothing_listed(found)])))


def _private_models(found: Configuration) -> Leaf[bool]:
    models = list(found.listed("litellm_params"))
    if not models:
        return Unknown("not_read", found.pod.reading.origin(f"{found.pod.spec}.volumes"))
    return every(_private(found, place) for place in models)


def _private(found: Configuration, place: Place) -> Leaf[bool]:
    value = place.value if isinstance(place.value, dict) else {}
    told = value.get("litellm_params")
    base, model = (told.get("api_base"), told.get("model")) if isinstance(told, dict) else (None, None)
    if base is None and str(model).startswith("bedrock/"):
        return private_endpoint(found.pod.reading)
    pieces = parts(base)
    if pieces is None:
        return Unknown("cloud_decides", place.file.config_map.origin(place.file.path))
    host = (
        "".join(piece if isinstance(piece, str) else "name" for piece in pieces).partition("://")[2].partition("/")[0]
    )
    return place.known(host.partition(":")[0].endswith(_INSIDE))


ADAPTERS = (Adapter("kubernetes:apps/v1:Deployment", gateway),)
