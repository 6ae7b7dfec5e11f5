"""Event streaming: brokers, topics, schemas, connectors."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from blueprint.graph import is_secret, is_unknown
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, mapped, some
from compliance.facts.policy import open_to_anybody
from compliance.facts.streaming import StreamCluster, StreamConnector, StreamSchema, StreamTopic
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
CONFIGURATION = "aws:msk/configuration:Configuration"
CONNECTOR = "aws:mskconnect/connector:Connector"
DEAD_LETTERS = "errors.deadletterqueue.topic.name"
DEAD_LETTER_TOPIC = re.compile(r"^dead-letter\.|(^|[._-])(dlq|dead-?letters?)([._-]|$)", re.IGNORECASE)
"""Names that say what a topic is for, ours and those in common use."""
SCHEMA = "aws:glue/schema:Schema"
WORKERS = "aws:mskconnect/workerConfiguration:WorkerConfiguration"
_BY_TOPIC = frozenset({"PER_TOPIC_PER_BROKER", "PER_TOPIC_PER_PARTITION"})
_DAY = 24 * 60 * 60 * 1000
_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full", "required", "verify_ca", "verify_identity"})
"""Modes of PostgreSQL and of MySQL in which a connection without TLS is refused."""
_OF_TOPIC = re.compile(r"\bTopic\s*=\s*'([^']+)'")
_SECRET = re.compile(r"password|passwd|secret|token|credential|private.?key|api.?key|access.?key", re.IGNORECASE)
_REGISTERS = "AWSKafka"
"""In the class of a converter: it writes with schemas of the register."""


def cluster(brokers: Reading) -> StreamCluster:
    """Fold a cluster with its configuration and its policy."""
    configuration = brokers.target("configurationInfo.arn", CONFIGURATION)
    policy = brokers.satellite("aws:msk/clusterPolicy:ClusterPolicy", "clusterArn")
    properties = _Properties(brokers, configuration)
    signs, transit = "clientAuthentication", "encryptionInfo.encryptionInTransit"
    nodes = "brokerNodeGroupInfo"
    return StreamCluster(
        id=brokers.id("StreamCluster"),
        urns=(brokers.urn, *(each.urn for each in (configuration, policy) if each)),
        data_classes=brokers.classes(),
        roles_sign_in=brokers.flag(f"{signs}.sasl.iam"),
        anonymous=brokers.flag(f"{signs}.unauthenticated"),
        passwords=brokers.flag(f"{signs}.sasl.scram"),
        tls_clients=mapped(brokers.text(f"{transit}.clientBroker"), lambda mode: mode == "TLS"),
        tls_between=brokers.flag(f"{transit}.inCluster"),
        key=brokers.link("encryptionInfo.encryptionAtRestKmsKeyArn"),
        public=mapped(brokers.text(f"{nodes}.connectivityInfo.publicAccess.type"), lambda kind: kind != "DISABLED"),
        logs=_logged(brokers, "loggingInfo.brokerLogs"),
        open_policy=asked(policy, "policy", open_to_anybody, brokers.absent_flag("open policy")),
        several_zones=mapped(_count(brokers, f"{nodes}.clientSubnets"), lambda number: number > 1),
        copies_waited_for=properties.number("min.insync.replicas"),
        copies=properties.number("default.replication.factor"),
        unclean_leaders=properties.flag("unclean.leader.election.enable"),
        topics_by_accident=properties.flag("auto.create.topics.enable"),
        metrics_by_topic=mapped(brokers.text("enhancedMonitoring"), lambda level: level in _BY_TOPIC),
        version=brokers.text("kafkaVersion"),
    )


def topic(stream: Reading) -> StreamTopic:
    """Fold a topic. It carries no tags: its data classes are those of its brokers."""
    brokers, name = stream.target("clusterArn"), stream.text("name")
    return StreamTopic(
        id=stream.id("StreamTopic"),
        urns=(stream.urn,),
        data_classes=brokers.classes() if brokers else stream.account_classes(),
        kept_days=_kept(stream),
        copies=stream.number("replicationFactor"),
        copies_waited_for=_whole(_config(stream, "min.insync.replicas")),
        dead_letters=_holds_dead_letters(stream, name),
        alarmed=_of_name(stream, name, stream.links.derived(_alarms)),
        schema=_of_name(stream, name, stream.links.derived(_shapes)),
    )


def schema(entry: Reading) -> StreamSchema:
    """Fold a schema."""
    return StreamSchema(
        id=entry.id("StreamSchema"),
        urns=(entry.urn,),
        data_classes=entry.classes(),
        compatibility=entry.text("compatibility"),
    )


def connector(worker: Reading) -> StreamConnector:
    """Fold a connector with its plugins and the alarm on its dead letters."""
    plugins = [worker.target(f"{path}.customPlugin.arn") for path in worker.items("plugins")]
    letters = _setting(worker, DEAD_LETTERS, "")
    named = mapped(letters, bool)
    sink = _known(worker, any(name in _settings(worker) for name in ("topics", "topics.regex")))
    return StreamConnector(
        id=worker.id("StreamConnector"),
        urns=(worker.urn, *(each.urn for each in plugins if each)),
        data_classes=worker.classes(),
        tolerant=mapped(_setting(worker, "errors.tolerance", "none"), lambda text: text == "all"),
        keeps_failed=every((sink, named)),
        tells_why=every(
            (_yes(worker, "errors.deadletterqueue.context.headers.enable"), _yes(worker, "errors.log.enable"))
        ),
        failed_watched=every((named, _of_name(worker, letters, worker.links.derived(_alarms)))),
        logs_records=_yes(worker, "errors.log.include.messages"),
        role_signs_in=mapped(
            worker.text("kafkaClusterClientAuthentication.authenticationType"), lambda kind: kind == "IAM"
        ),
        tls_brokers=mapped(worker.text("kafkaClusterEncryptionInTransit.encryptionType"), lambda kind: kind == "TLS"),
        tls_database=_tls_database(worker),
        secrets_in_clear=_in_clear(worker),
        logs=_logged(worker, "logDelivery.workerLogDelivery"),
        plugins_pinned=every([_known(worker, bool(plugins)), *(_pinned(worker, each) for each in plugins)]),
    )


class _Properties(NamedTuple):
    """What brokers do, from the lines of their configuration; what it does not say is MSK's default, from the table."""

    brokers: Reading
    configuration: Reading | None

    def text(self, name: str) -> Leaf[str]:
        if self.configuration is None:
            given = self.brokers.raw("configurationInfo") is not MISSING
            unread = Unknown("not_read", self.brokers.origin("configurationInfo.arn"))
            return unread if given else mapped(self.brokers.absent(name), str)
        lines = mapped(self.configuration.text("serverProperties"), _lines)
        if isinstance(lines, Unknown):
            return lines
        found = lines.value.get(name)
        return mapped(self.brokers.absent(name), str) if found is None else Known(found, lines.origin)

    def number(self, name: str) -> Leaf[int]:
        return _whole(self.text(name))

    def flag(self, name: str) -> Leaf[bool]:
        return mapped(self.text(name), lambda text: text.lower() == "true")


def _lines(text: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _whole(text: Leaf[str]) -> Leaf[int]:
    if isinstance(text, Unknown):
        return text
    return Known(int(text.value), text.origin) if text.value.lstrip("-").isdigit() else Unknown("not_read", text.origin)


def _count(brokers: Reading, path: str) -> Leaf[int]:
    subnets = brokers.raw(path)
    return (
        brokers.known(path, len(subnets))
        if isinstance(subnets, list)
        else Unknown("cloud_decides", brokers.origin(path))
    )


def _logged(holder: Reading, path: str) -> Leaf[bool]:
    places = (f"{path}.{kind}" for kind in ("cloudwatchLogs", "firehose", "s3"))
    told = [holder.flag(f"{place}.enabled") for place in places if holder.raw(place) is not MISSING]
    return some([*told, holder.known(path, value=False)])


def _config(stream: Reading, name: str) -> Leaf[str]:
    """What a topic says of itself, else the default of the table: that of the brokers is theirs to tell."""
    configs = stream.document("configs")
    if isinstance(configs, Unknown) and configs.reason != "no_default":
        return configs
    told = (
        configs.value.get(name, MISSING) if isinstance(configs, Known) and isinstance(configs.value, dict) else MISSING
    )
    if told is MISSING:
        return mapped(stream.absent(name), str)
    return Known(str(told), stream.origin("configs"))


def _kept(stream: Reading) -> Leaf[int | None]:
    """Whole days, rounded up; a compacted topic keeps the last record of each key for ever."""
    policy, time = _config(stream, "cleanup.policy"), _whole(_config(stream, "retention.ms"))
    if isinstance(policy, Known) and "delete" not in policy.value:
        return Known(None, policy.origin)
    if isinstance(policy, Unknown):
        return policy
    return mapped(time, lambda milliseconds: None if milliseconds < 0 else -(-milliseconds // _DAY))


def _holds_dead_letters(stream: Reading, name: Leaf[str]) -> Leaf[bool]:
    named = stream.links.derived(_dead_letters)
    return mapped(name, lambda text: text in named or bool(DEAD_LETTER_TOPIC.search(text)))


def _dead_letters(links: Links) -> frozenset[str]:
    """Topics that connectors name for what they cannot write."""
    names = (_setting(Reading(each, links), DEAD_LETTERS, "") for each in links.graph.of(CONNECTOR))
    return frozenset(each.value for each in names if isinstance(each, Known) and each.value)


def _alarms(links: Links) -> Mapping[str, list[Leaf[bool]]]:
    """Topic -> the alarms on what arrives in it, each with whether any record raises it and somebody hears."""
    found: dict[str, list[Leaf[bool]]] = defaultdict(list)
    for each in links.graph.of(ALARM):
        alarm = Reading(each, links)
        for name in _watched(alarm):
            any_record = every((
                mapped(alarm.number("threshold"), lambda records: records == 0),
                mapped(alarm.text("comparisonOperator"), lambda operator: operator == "GreaterThanThreshold"),
            ))  # fmt: skip
            found[name].append(every((any_record, alarm.present("alarmActions"), alarm.flag("actionsEnabled"))))
    return found


def _watched(alarm: Reading) -> set[str]:
    dimensions = [
        alarm.raw("dimensions"),
        *(alarm.raw(f"{path}.metric.dimensions") for path in alarm.items("metricQueries")),
    ]
    names = {str(each["Topic"]) for each in dimensions if isinstance(each, dict) and isinstance(each.get("Topic"), str)}
    for path in alarm.items("metricQueries"):
        expression = alarm.raw(f"{path}.expression")
        names |= set(_OF_TOPIC.findall(expression)) if isinstance(expression, str) else set()
    return names


def _shapes(links: Links) -> Mapping[str, list[Leaf[bool]]]:
    """Topic -> whether the shape of its records is registered: by a schema of its name, or by the connector that writes it."""
    found: dict[str, list[Leaf[bool]]] = defaultdict(list)
    for each in links.graph.of(SCHEMA):
        entry = Reading(each, links)
        if isinstance(name := entry.text("schemaName"), Known):
            found[name.value].append(entry.known("schemaName", value=True))
    for each in links.graph.of(CONNECTOR):
        worker = Reading(each, links)
        prefix, tables = _setting(worker, "topic.prefix", ""), _setting(worker, "table.include.list", "")
        if isinstance(prefix, Known) and isinstance(tables, Known) and prefix.value:
            for table in tables.value.split(","):
                found[f"{prefix.value}.{table.strip()}"].append(_registers(worker))
    return found


def _registers(worker: Reading) -> Leaf[bool]:
    """Whether the converter of values, the connector's own or that of its workers, writes with registered schemas."""
    own = _setting(worker, "value.converter", "")
    if isinstance(own, Unknown) or own.value:
        return mapped(own, lambda name: _REGISTERS in name)
    shared = worker.target("workerConfiguration.arn", WORKERS)
    if shared is None:
        return Unknown("not_read", worker.origin("workerConfiguration.arn"))
    return mapped(
        shared.text("propertiesFileContent"), lambda text: _REGISTERS in _lines(text).get("value.converter", "")
    )


def _of_name(holder: Reading, name: Leaf[str], told: Mapping[str, list[Leaf[bool]]]) -> Leaf[bool]:
    if isinstance(name, Unknown):
        return name
    return some([*told.get(name.value, ()), holder.none("(beside it)")])


def _settings(worker: Reading) -> Mapping[str, JsonValue]:
    found = worker.raw("connectorConfiguration")
    return found if isinstance(found, dict) else {}


def _setting(worker: Reading, name: str, otherwise: str) -> Leaf[str]:
    """One setting; `otherwise` is what Kafka Connect takes where it is left out."""
    path = "connectorConfiguration"
    whole, origin = worker.raw(path), worker.origin(f"{path}.{name}")
    if worker.resource.external:
        return Unknown("existing", origin)
    value = whole if is_unknown(whole) or is_secret(whole) else _settings(worker).get(name, otherwise)  # type: ignore[arg-type]
    if is_secret(value):  # type: ignore[arg-type]
        return Unknown("secret", origin)
    return Known(value, origin) if isinstance(value, str) else Unknown("cloud_decides", origin)


def _yes(worker: Reading, name: str) -> Leaf[bool]:
    return mapped(_setting(worker, name, "false"), lambda text: text.lower() == "true")


def _known(worker: Reading, value: bool) -> Leaf[bool]:
    return every((mapped(_setting(worker, "connector.class", ""), lambda _: value),))


def _tls_database(worker: Reading) -> Leaf[bool]:
    """Debezium writes the mode in one of two settings; a connector that captures nothing has no database to speak to."""
    if "database.hostname" not in _settings(worker):
        return _known(worker, value=True)
    modes = [_setting(worker, name, "prefer") for name in ("database.sslmode", "database.ssl.mode")]
    return some(mapped(mode, lambda text: text.lower() in _ENCRYPTED) for mode in modes)


def _in_clear(worker: Reading) -> Leaf[bool]:
    """Whether a setting that is a secret by its name holds anything but a reference to one."""
    told = [_setting(worker, name, "") for name in sorted(_settings(worker)) if _SECRET.search(name)]
    held = [mapped(each, lambda text: bool(text) and not text.startswith("${")) for each in told]
    return some([*held, _known(worker, value=False)])


def _pinned(worker: Reading, plugin: Reading | None) -> Leaf[bool]:
    return (
        Unknown("not_read", worker.origin("plugins")) if plugin is None else plugin.present("location.s3.objectVersion")
    )


ADAPTERS = (
    Adapter("aws:msk/cluster:Cluster", cluster),
    Adapter("aws:msk/topic:Topic", topic),
    Adapter(SCHEMA, schema),
    Adapter(CONNECTOR, connector),
)
