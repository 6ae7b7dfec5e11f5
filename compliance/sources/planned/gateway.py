"""The model gateway: LiteLLM's configuration, put together from what its pod mounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, TypeVar

from pydantic import JsonValue

from blueprint.graph import is_unknown, parts
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.gateway import Gateway
from compliance.facts.leaf import every, inverted, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.bedrock import private_endpoint
from compliance.sources.planned.gateway_tools import ToolFiles, approved
from compliance.sources.planned.mounts import File, files, inside_only, secret_names
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import MISSING, Reading
from compliance.sources.planned.serving import runs, speaks_tls, switched_on

Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]
Document: TypeAlias = Mapping[str, JsonValue]
T = TypeVar("T")

IMAGE = "litellm"
START = "start.py"
"""Our program that starts LiteLLM."""
CARDS = frozenset({"credit_card", "visa", "mastercard", "amex", "discover", "CREDIT_CARD"})
"""What LiteLLM's content filter and Presidio call a card number."""
_STOPS = frozenset({"BLOCK", "MASK"})
_SETTINGS = frozenset({"general_settings", "litellm_settings", "router_settings", "guardrails", "model_list"})
_INSIDE = (".svc", ".svc.cluster.local")


@dataclass(frozen=True)
class Place:
    """A part of the configuration and where it is written."""

    reading: Reading
    path: str
    value: JsonValue

    def known(self, value: T) -> Known[T]:
        """What follows from this part."""
        return self.reading.known(self.path, value)

    def get(self, key: str) -> JsonValue:
        """A value inside it; None where there is none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def at(self, key: str | int, value: JsonValue) -> Place:
        """A part of this part."""
        return Place(self.reading, f"{self.path}.{key}", value)


@dataclass(frozen=True)
class Configuration:
    """Everything that the gateway's pod mounts."""

    pod: Pod

    @cached_property
    def files(self) -> tuple[File, ...]:
        """Mounted files, in the order of their volumes."""
        return files(self.pod)

    @cached_property
    def main(self) -> Place | None:
        """The file with LiteLLM's own settings."""
        for file in self.files:
            document = file.document
            if isinstance(document, dict) and _SETTINGS & document.keys():
                return Place(file.config_map, file.path, document)
        return None

    @property
    def unread(self) -> Unknown | None:
        """Why nothing follows from what the files do not say: the settings, or a part of them, were not read."""
        where = f"{self.pod.spec}.volumes"
        missing = None if self.main else Unknown("not_read", self.pod.reading.origin(where))
        return missing or self.pod.reading.doubt(where)

    def part(self, section: str) -> Place:
        """One section of the settings; empty where it is left out."""
        main = self.main or Place(self.pod.reading, f"{self.pod.spec}.volumes", {})
        return main.at(section, main.get(section))

    def setting(self, section: str, key: str) -> Place:
        """One setting; None where it is left out, which LiteLLM reads as off."""
        part = self.part(section)
        return part.at(key, part.get(key))

    @cached_property
    def guardrails(self) -> tuple[Place, ...]:
        """Guardrails that hold for every caller."""
        part = self.part("guardrails")
        listed = part.value if isinstance(part.value, list) else []
        found = (part.at(number, item) for number, item in enumerate(listed))
        return tuple(each for each in found if _told_of(each).get("default_on") is True)

    def listed(self, *keys: str) -> Iterator[Place]:
        """Members of mounted lists that hold one of these keys: routes, teams, models."""
        for file in self.files:
            document = file.document
            path, items = ("model_list.", document.get("model_list")) if isinstance(document, dict) else ("", document)
            for number, item in enumerate(items if isinstance(items, list) else ()):
                if isinstance(item, dict) and set(keys) & item.keys():
                    yield Place(file.config_map, f"{file.path}.{path}{number}", item)


def gateway(reading: Reading) -> Gateway | None:
    """Fold a Deployment whose main container runs LiteLLM.

    One that is asked by a command takes no requests; one that runs a module of Python uses the image for its libraries.
    """
    pod = Pod(reading)
    answers = (
        each
        for each in pod.containers
        if reading.raw(f"{each}.readinessProbe.exec") is MISSING and reading.raw(f"{each}.command.1") != "-m"
    )
    found = Configuration(pod)
    container = next((each for each in answers if runs(reading, each, IMAGE) and _runs_litellm(found, each)), None)
    if container is None:
        return None
    unread = found.unread
    tools = ToolFiles(reading, found.files, unread)
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
        approved_models=approved(reading, found.files, unread),
        tools_named=tools.named(),
        tools_guarded=tools.guarded(),
        held_apart=tools.held_apart(),
        own_keys=tools.own_keys(),
        tool_calls_recorded=unread or _tool_calls_recorded(found),
    )  # fmt: skip


def _runs_litellm(found: Configuration, container: str) -> bool:
    """Other programs of ours use the image for its Python; one that starts LiteLLM is called so, or says so in its text."""
    told = found.pod.arguments(container)
    programs = [
        word.rpartition("/")[2] for word in (told.value if isinstance(told, Known) else ()) if word.endswith(".py")
    ]
    starts = {file.key for file in found.files if '"litellm"' in file.text} | {START}
    return not programs or not starts.isdisjoint(programs)


def _is_true(place: Place) -> Leaf[bool]:
    return place.known(place.value is True)


def _authenticated(found: Configuration, container: str) -> Leaf[bool]:
    """A master key is mounted, named by a variable, or set; without one LiteLLM answers everybody."""
    pod = found.pod
    mounted = next((path for name, path in secret_names(pod).items() if "master-key" in name), None)
    path = mounted or pod.environment(container).get("LITELLM_MASTER_KEY", (None,))[0]
    if path is not None:
        return pod.reading.known(path, value=True)
    place = found.setting("general_settings", "master_key")
    return found.unread or place.known(bool(place.value))


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
    return pod.reading.none(f"{container}.args")


def _in_a_row(command: Sequence[str], words: Sequence[str]) -> bool:
    size = len(words)
    return any(tuple(command[start : start + size]) == tuple(words) for start in range(len(command) - size + 1))


def _level(found: Configuration) -> Leaf[Level]:
    """LiteLLM hands whole prompts to its callbacks unless it is told not to; masked before they are those texts."""
    silent = found.setting("litellm_settings", "turn_off_message_logging")
    callbacks = _callbacks(found)
    stored = found.setting("general_settings", "store_prompts_in_spend_logs").value is True
    if (callbacks and silent.value is not True) or stored:
        redacted = _redacts(found)
        if isinstance(redacted, Unknown):
            return redacted
        return silent.known("redacted" if redacted.value else "full")
    recorded = found.setting("general_settings", "disable_spend_logs").value is not True
    return silent.known("metadata" if recorded or callbacks else "off")


def _callbacks(found: Configuration) -> frozenset[str]:
    """Callbacks that are given requests; prometheus counts and keeps no request."""
    named: set[str] = set()
    for key in ("callbacks", "success_callback", "failure_callback"):
        value = found.setting("litellm_settings", key).value
        named |= {str(each) for each in value} if isinstance(value, list) else set()
    return frozenset(named - {"prometheus"})


def _told_of(guardrail: Place) -> Document:
    told = guardrail.get("litellm_params")
    return told if isinstance(told, dict) else {}


def _before_call(guardrail: Place) -> bool:
    mode = _told_of(guardrail).get("mode")
    return "pre_call" in (mode if isinstance(mode, list) else [mode])


def _entities(guardrail: Place) -> Document:
    found = _told_of(guardrail).get("pii_entities_config")
    return found if isinstance(found, dict) else {}


def _redacts(found: Configuration) -> Leaf[bool]:
    """Whether a guardrail that always runs before the call masks or blocks personal data."""
    for guardrail in found.guardrails:
        entities = _entities(guardrail)
        if _before_call(guardrail) and entities.keys() - CARDS and set(entities.values()) <= _STOPS:
            return guardrail.known(value=True)
    return found.part("guardrails").known(value=False)


def _stops_cards(found: Configuration) -> Leaf[bool]:
    for guardrail in found.guardrails:
        patterns = _told_of(guardrail).get("patterns")
        stopped = {
            each.get("pattern_name")
            for each in (patterns if isinstance(patterns, list) else ())
            if isinstance(each, dict) and each.get("action") in _STOPS
        } | {name for name, action in _entities(guardrail).items() if action in _STOPS}
        if _before_call(guardrail) and stopped & CARDS:
            return guardrail.known(value=True)
    return found.part("guardrails").known(value=False)


def _names(found: Configuration) -> Leaf[frozenset[str]]:
    return found.part("guardrails").known(frozenset(str(each.get("guardrail_name")) for each in found.guardrails))


def _limited(found: Configuration, *keys: str) -> Leaf[bool]:
    """Whether every team has the limit; LiteLLM's own settings may give one to all."""
    teams = list(found.listed("budget_usd_month", "max_budget", "requests_per_minute", "rpm_limit"))
    if teams:
        return every(place.known(any(_positive(place.value, key) for key in keys)) for place in teams)
    return _nothing_listed(found)


def _nothing_listed(found: Configuration) -> Leaf[bool]:
    """No mounted list says it; where a file could not be read, it may say so."""
    where = f"{found.pod.spec}.volumes"
    if any(is_unknown(file.content) for file in found.files):
        return Unknown("not_read", found.pod.reading.origin(where))
    return found.unread or found.pod.reading.known(where, value=False)


def _positive(value: JsonValue, key: str) -> bool:
    number = value.get(key) if isinstance(value, dict) else None
    return isinstance(number, int | float) and not isinstance(number, bool) and number > 0


def _falls_back(found: Configuration) -> Leaf[bool]:
    named = found.setting("router_settings", "fallbacks")
    again = found.setting("router_settings", "num_retries")
    routes: list[Leaf[bool]] = [place.known(_positive(place.value, "retries")) for place in found.listed("retries")]
    own = (named.known(bool(named.value)), again.known(_positive({"n": again.value}, "n")))
    return some((*own, *(routes or [_nothing_listed(found)])))


def _tool_calls_recorded(found: Configuration) -> Leaf[bool]:
    """LiteLLM writes a call of a tool as it writes a request: into its spend logs, and to its callbacks."""
    kept = found.setting("general_settings", "disable_spend_logs")
    return kept.known(kept.value is not True and bool(_callbacks(found)))


def _private_models(found: Configuration) -> Leaf[bool]:
    models = list(found.listed("litellm_params"))
    if not models:
        return Unknown("not_read", found.pod.reading.origin(f"{found.pod.spec}.volumes"))
    return every(_private(found, place) for place in models)


def _private(found: Configuration, place: Place) -> Leaf[bool]:
    told = _told_of(place)
    base, model = told.get("api_base"), told.get("model")
    if base is None and str(model).startswith("bedrock/"):
        return private_endpoint(found.pod.reading)
    pieces = parts(base)
    if pieces is None:
        return Unknown("cloud_decides", place.reading.origin(place.path))
    host = (
        "".join(piece if isinstance(piece, str) else "name" for piece in pieces).partition("://")[2].partition("/")[0]
    )
    return place.known(host.partition(":")[0].endswith(_INSIDE))


ADAPTERS = (Adapter("kubernetes:apps/v1:Deployment", gateway),)
