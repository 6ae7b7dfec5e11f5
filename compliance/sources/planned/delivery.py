"""Streams of records, and what delivers them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from blueprint.graph import Ref, is_unknown, parts
from compliance.facts.base import Leaf, Unknown
from compliance.facts.delivery import DataStream, DeliveryStream
from compliance.facts.leaf import every, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.reading import MISSING, Reading

STREAM = "aws:kinesis/stream:Stream"
FIREHOSE = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
SOURCE = "kinesisSourceConfiguration.kinesisStreamArn"
LATE_OR_LOST = frozenset({"DeliveryToS3.DataFreshness", "DeliveryToS3.Success"})
UNTOLD = ""
"""The stream that an alarm watches, or a delivery reads, where only the cloud knows it."""


def data_stream(stream: Reading) -> DataStream:
    """Fold a data stream."""
    return DataStream(
        id=stream.id("DataStream"), urns=(stream.urn,), data_classes=stream.classes(), key=_stream_key(stream)
    )


def delivery_stream(delivery: Reading) -> DeliveryStream:
    """Fold a delivery stream with the alarms on it."""
    return DeliveryStream(
        id=delivery.id("DeliveryStream"),
        urns=(delivery.urn,),
        data_classes=delivery.classes(),
        key=_key(delivery),
        errors_logged=delivery.flag("extendedS3Configuration.cloudwatchLoggingOptions.enabled"),
        loss_alarmed=_alarmed(delivery),
    )


def delivered(stream: Reading) -> Leaf[bool]:
    """Whether something delivers what is in a data stream to a bucket."""
    readers = stream.links.derived(_readers)
    found = next(iter(readers.get(stream.urn, ())), None)
    if found is not None:
        return found.present("extendedS3Configuration.bucketArn")
    hidden = next(iter(readers.get(UNTOLD, ())), None)
    return Unknown("cloud_decides", hidden.origin(SOURCE)) if hidden else stream.none("(FirehoseDeliveryStream)")


def _stream_key(stream: Reading) -> Leaf[Ref | None]:
    encryption = stream.text("encryptionType")
    if isinstance(encryption, Unknown):
        return encryption
    return stream.link("kmsKeyId") if encryption.value == "KMS" else mapped(encryption, lambda _: None)


def _key(delivery: Reading) -> Leaf[Ref | None]:
    if delivery.raw("kinesisSourceConfiguration") is not MISSING:
        source = delivery.target(SOURCE, STREAM)
        return _stream_key(source) if source else Unknown("existing", delivery.origin(SOURCE))
    on, kind = delivery.flag("serverSideEncryption.enabled"), delivery.text("serverSideEncryption.keyType")
    own = every([on, mapped(kind, lambda name: name == "CUSTOMER_MANAGED_CMK")])
    if isinstance(own, Unknown):
        return own
    return delivery.link("serverSideEncryption.keyArn") if own.value else mapped(own, lambda _: None)


def _alarmed(delivery: Reading) -> Leaf[bool]:
    watching = delivery.links.derived(_alarms)
    name = delivery.resource.inputs.get("name")
    own = [*watching.get(delivery.urn, ()), *(watching.get(name, ()) if isinstance(name, str) else ())]
    hidden = [Unknown("cloud_decides", alarm.origin("dimensions")) for alarm in watching.get(UNTOLD, ())]
    return some([*(heard(alarm, LATE_OR_LOST) for alarm in own), *hidden, delivery.none("(MetricAlarm)")])


def _alarms(links: Links) -> Mapping[str, tuple[Reading, ...]]:
    return alarms_by(links, "AWS/Firehose", "dimensions.DeliveryStreamName")


def heard(alarm: Reading, metrics: frozenset[str]) -> Leaf[bool]:
    """Whether an alarm watches one of these metrics and tells somebody."""
    watches = mapped(alarm.text("metricName"), lambda metric: metric in metrics)
    return every([watches, alarm.present("alarmActions"), alarm.flag("actionsEnabled")])


def alarms_by(links: Links, namespace: str, path: str) -> Mapping[str, tuple[Reading, ...]]:
    """URN or name of what is watched, as a dimension names it -> alarms on metrics of that namespace."""
    found: dict[str, list[Reading]] = defaultdict(list)
    for alarm in (Reading(each, links) for each in links.graph.of(ALARM)):
        if alarm.raw("namespace") == namespace or is_unknown(alarm.raw("namespace")):  # type: ignore[arg-type]
            found[_named(alarm, path)].append(alarm)
    return {key: tuple(group) for key, group in found.items()}


def _named(alarm: Reading, path: str) -> str:
    pieces = parts(alarm.raw(path)) or ()  # type: ignore[arg-type]
    return next((piece.urn if isinstance(piece, Ref) else piece for piece in pieces), UNTOLD)


def _readers(links: Links) -> Mapping[str, tuple[Reading, ...]]:
    """URN of a data stream -> what delivers its records."""
    found: dict[str, list[Reading]] = defaultdict(list)
    for delivery in (Reading(each, links) for each in links.graph.of(FIREHOSE)):
        if delivery.raw("kinesisSourceConfiguration") is not MISSING:
            source = delivery.target(SOURCE, STREAM)
            found[source.urn if source else UNTOLD].append(delivery)
    return {key: tuple(group) for key, group in found.items()}


ADAPTERS = (Adapter(STREAM, data_stream), Adapter(FIREHOSE, delivery_stream))
