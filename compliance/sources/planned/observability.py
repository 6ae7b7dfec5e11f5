"""Collectors and metrics workspaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Literal, TypeAlias

import yaml
from pydantic import JsonValue

from blueprint.graph import Ref, parts
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, joined, mapped, some
from compliance.facts.observability import Collector, MetricsWorkspace
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.mounts import File, files
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import Reading
from compliance.sources.planned.serving import runs

COLLECTORS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:DaemonSet", "kubernetes:apps/v1:StatefulSet")
IMAGES = ("opentelemetry-collector", "aws-otel-collector", "otelcol")
PROMPTS = ("gen_ai.prompt", "gen_ai.input.messages")
ANSWERS = ("gen_ai.completion", "gen_ai.output.messages")
"""Attributes in which the semantic conventions for language models, old and new, put text."""
Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]

_DELETES = re.compile(r'delete_matching_keys\(\w+, "((?:[^"\\]|\\.)*)"\)')
_STRIKES = re.compile(r"replace_all_patterns\(")
_SIGNED = ("aws", "sigv4")
"""Exporters of AWS speak TLS and cannot be told otherwise."""
_GRPC = frozenset({"otlp", "otlp_grpc"})
"""Exporters whose address has no scheme; all others say it there, and speak no TLS where it is http."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_WINDOWS = re.compile(r"slo:\w+:bad_ratio_\w+ > ")
_VARIABLE = re.compile(r"^\$\{env:(\w+)\}$")


@dataclass(frozen=True)
class Configuration:
    """A collector's configuration file."""

    pod: Pod
    container: str
    file: File
    document: Mapping[str, JsonValue]

    def known(self, path: str, value: bool) -> Leaf[bool]:
        """A yes or no that follows from a part of the file."""
        return self.file.config_map.known(f"{self.file.path}.{path}", value)

    def part(self, *path: str) -> Mapping[str, JsonValue]:
        """A mapping within the file; empty where there is none."""
        here: JsonValue = dict(self.document)
        for key in path:
            here = here.get(key) if isinstance(here, dict) else None
        return here if isinstance(here, dict) else {}

    @cached_property
    def pipelines(self) -> Mapping[str, Mapping[str, JsonValue]]:
        """Pipelines by name."""
        return {name: each for name, each in self.part("service", "pipelines").items() if isinstance(each, dict)}

    def used(self, kind: str) -> tuple[str, ...]:
        """Receivers, processors or exporters that some pipeline names."""
        return tuple(sorted({name for each in self.pipelines.values() for name in _listed(each, kind)}))


def collector(reading: Reading) -> Collector | None:
    """Fold a workload whose main container is an OpenTelemetry collector."""
    pod = Pod(reading)
    container = next((each for each in pod.containers if any(runs(reading, each, image) for image in IMAGES)), None)
    if container is None:
        return None
    found = _configuration(pod, container)
    unread = Unknown("not_read", reading.origin(f"{pod.spec}.volumes"))
    return Collector(
        id=reading.id("Collector"),
        urns=(reading.urn, *((found.file.config_map.urn,) if found else ())),
        data_classes=reading.classes(),
        prompt_content=_content(found) if found else unread,
        encrypted_out=every(_sends(found)) if found else unread,
        encrypted_in=every(_receives(found)) if found else unread,
        memory_limited=_in_each(found, "memory_limiter") if found else unread,
        batched=_in_each(found, "batch") if found else unread,
        health_checked=_health(found) if found else unread,
        signals=_signals(found) if found else unread,
    )


def workspace(reading: Reading) -> MetricsWorkspace:
    """Fold a workspace with its rules and its alert manager."""
    rules = reading.satellites("aws:amp/ruleGroupNamespace:RuleGroupNamespace", "workspaceId")
    manager = reading.satellite("aws:amp/alertManagerDefinition:AlertManagerDefinition", "workspaceId")
    return MetricsWorkspace(
        id=reading.id("MetricsWorkspace"),
        urns=(reading.urn, *(each.urn for each in rules), *((manager.urn,) if manager else ())),
        data_classes=reading.classes(),
        key=reading.link("kmsKeyArn"),
        logged=_logged(reading),
        alerts=every(
            (
                some(_has_alert(each) for each in rules) if rules else reading.absent_flag("RuleGroupNamespace"),
                manager.present("definition") if manager else reading.absent_flag("AlertManagerDefinition"),
            )
        ),
        objectives=_objectives(reading, rules),
    )


def _configuration(pod: Pod, container: str) -> Configuration | None:
    for file in files(pod):
        document = file.document
        if isinstance(document, dict) and {"exporters", "service"} <= document.keys():
            return Configuration(pod, container, file, document)
    return None


def _content(found: Configuration) -> Leaf[Level]:
    """What the most talkative pipeline of traces or logs passes on."""
    order: tuple[Level, ...] = ("off", "metadata", "redacted", "full")
    levels: list[Level] = [
        _passed_on(found, pipeline)
        for name, pipeline in found.pipelines.items()
        if name.partition("/")[0] in {"traces", "logs"}
    ]
    path = f"{found.file.path}.service.pipelines"
    return found.file.config_map.known(path, max(levels, key=order.index, default="off"))


def _passed_on(found: Configuration, pipeline: Mapping[str, JsonValue]) -> Level:
    """Text that is deleted leaves the facts of the request; prompts that stay are redacted only where patterns are struck out."""
    statements = [text for name in _listed(pipeline, "processors") for text in _texts(found.part("processors", name))]
    deleted = [match[1].replace("\\\\", "\\") for text in statements for match in _DELETES.finditer(text)]
    gone = {key for key in (*PROMPTS, *ANSWERS) if any(re.search(pattern, key) for pattern in deleted)}
    if gone.issuperset((*PROMPTS, *ANSWERS)):
        return "metadata"
    struck = any(_STRIKES.search(text) for text in statements)
    return "redacted" if struck and gone.issuperset(ANSWERS) else "full"


def _sends(found: Configuration) -> Iterator[Leaf[bool]]:
    for name in found.used("exporters"):
        settings = found.part("exporters", name)
        path = f"exporters.{name}"
        tls = settings.get("tls")
        told = tls if isinstance(tls, dict) else {}
        if name.startswith(_SIGNED) or name.partition("/")[0] in {"debug", "nop"}:
            yield found.known(path, value=True)
        elif told.get("insecure_skip_verify") is True:
            yield found.known(f"{path}.tls", value=False)
        elif name.partition("/")[0] in _GRPC:
            yield found.known(f"{path}.tls", told.get("insecure") is not True)
        else:
            yield _secure(found, path, settings.get("endpoint"))
    yield found.known("exporters", value=True)


def _secure(found: Configuration, path: str, endpoint: JsonValue) -> Leaf[bool]:
    """An address in clear, or one that the environment brings; that of a workspace of AWS is over TLS."""
    variable = _VARIABLE.match(endpoint) if isinstance(endpoint, str) else None
    if variable is None:
        return found.known(f"{path}.endpoint", str(endpoint).startswith("https://"))
    where, value = found.pod.environment(found.container).get(variable[1], ("", None))
    pieces = parts(value)
    if not pieces:
        return Unknown("cloud_decides", found.pod.reading.origin(where or path))
    first = pieces[0]
    secure = first.property == "prometheusEndpoint" if isinstance(first, Ref) else first.startswith("https://")
    return found.pod.reading.known(where, secure)


def _receives(found: Configuration) -> Iterator[Leaf[bool]]:
    """What listens must speak TLS or listen to its own pod; a receiver that fetches listens to nobody."""
    for name in found.used("receivers"):
        protocols = found.part("receivers", name, "protocols")
        for protocol, settings in protocols.items():
            told = settings if isinstance(settings, dict) else {}
            tls = told.get("tls")
            own = str(told.get("endpoint", "")).startswith(_LOOPBACK)
            certified = isinstance(tls, dict) and bool(tls.get("cert_file") or tls.get("cert_pem"))
            yield found.known(f"receivers.{name}.protocols.{protocol}", own or certified)
    yield found.known("receivers", value=True)


def _in_each(found: Configuration, processor: str) -> Leaf[bool]:
    every_one = all(
        any(name.partition("/")[0] == processor for name in _listed(each, "processors"))
        for each in found.pipelines.values()
    )
    return found.known("service.pipelines", bool(found.pipelines) and every_one)


def _health(found: Configuration) -> Leaf[bool]:
    named = found.part("service").get("extensions")
    return found.known(
        "service.extensions", isinstance(named, list) and any(str(x).startswith("health_check") for x in named)
    )


def _signals(found: Configuration) -> Leaf[frozenset[str]]:
    names = frozenset(name.partition("/")[0] for name, each in found.pipelines.items() if _listed(each, "exporters"))
    return found.file.config_map.known(f"{found.file.path}.service.pipelines", names)


def _listed(pipeline: Mapping[str, JsonValue], kind: str) -> Sequence[str]:
    found = pipeline.get(kind)
    return [str(each) for each in found] if isinstance(found, list) else []


def _texts(node: JsonValue | Mapping[str, JsonValue]) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for each in node.values():
            yield from _texts(each)
    elif isinstance(node, list):
        for each in node:
            yield from _texts(each)


def _logged(reading: Reading) -> Leaf[bool]:
    """The log of rules and alert manager is what tells that one of them failed; that of queries tells who looked."""
    if reading.items("loggingConfiguration"):
        return reading.present("loggingConfiguration.logGroupArn")
    queries = reading.satellite("aws:amp/queryLoggingConfiguration:QueryLoggingConfiguration", "workspaceId")
    return queries.present("destinations") if queries else reading.absent_flag("QueryLoggingConfiguration")


def _objectives(reading: Reading, rules: Sequence[Reading]) -> Leaf[frozenset[str]]:
    """An alert says by its label `slo` which promise it watches; two of them, with two windows each, make several rates."""
    if not rules:
        return mapped(reading.none("(RuleGroupNamespace)"), lambda _: frozenset[str]())
    return reduce(
        lambda one, other: joined(one, other, frozenset.union), (mapped(each.text("data"), _watched) for each in rules)
    )


def _watched(data: str) -> frozenset[str]:
    try:
        document: JsonValue = yaml.load(data, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return frozenset()
    alerts = [rule for rule in _rules(document) if "alert" in rule and len(_WINDOWS.findall(str(rule.get("expr")))) > 1]
    named = [
        str(labels["slo"]) for rule in alerts if isinstance(labels := rule.get("labels"), dict) and "slo" in labels
    ]
    return frozenset(name for name in named if named.count(name) > 1)


def _rules(document: JsonValue) -> Iterator[Mapping[str, JsonValue]]:
    groups = document.get("groups") if isinstance(document, dict) else None
    for group in groups if isinstance(groups, list) else ():
        rules = group.get("rules") if isinstance(group, dict) else None
        yield from (rule for rule in (rules if isinstance(rules, list) else ()) if isinstance(rule, dict))


def _has_alert(rules: Reading) -> Leaf[bool]:
    data = rules.text("data")
    return Known("alert:" in data.value, data.origin) if isinstance(data, Known) else data


ADAPTERS = (
    *(Adapter(token, collector) for token in COLLECTORS),
    Adapter("aws:amp/workspace:Workspace", workspace),
)
