"""Log groups and alarms."""

from __future__ import annotations

from typing import Literal

from blueprint.graph import is_unknown
from blueprint.tags import Tag
from compliance.facts.base import Leaf, Unknown
from compliance.facts.leaf import every, mapped
from compliance.facts.logs import Alarm, LogGroup
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.reading import MISSING, Reading

TOPIC = "aws:sns/topic:Topic"


def log_group(group: Reading) -> LogGroup:
    """Fold a log group. Zero days is how CloudWatch writes that events never expire."""
    return LogGroup(
        id=group.id("LogGroup"),
        urns=(group.urn,),
        data_classes=group.classes(),
        retention=mapped(group.number("retentionInDays"), _retention),
        key=group.link("kmsKeyId"),
        audit_relevant=mapped(group.tag(Tag.AUDIT_RELEVANT), lambda text: text == "true"),
    )


def metric_alarm(alarm: Reading) -> Alarm:
    """Fold a metric alarm; one over several metrics is called as its resource."""
    single = alarm.raw("metricName") is not MISSING
    return _alarm(alarm, alarm.text("metricName") if single else alarm.known("metricQueries", alarm.resource.name))


def composite_alarm(alarm: Reading) -> Alarm:
    """Fold an alarm over other alarms."""
    return _alarm(alarm, alarm.known("alarmRule", alarm.resource.name))


def announcement(rule: Reading) -> Alarm | None:
    """Fold an event rule that tells a topic; rules that start something else are no alarm."""
    targets = rule.satellites("aws:cloudwatch/eventTarget:EventTarget", "rule")
    topics = [each for each in targets if (to := each.target("arn", TOPIC)) and to.resource.type == TOPIC]
    hidden = None if topics else next((each for each in map(_hidden, targets) if each), rule.doubt("(EventTarget)"))
    if not topics and hidden is None:
        return None
    return Alarm(
        id=rule.id("Alarm"),
        urns=(rule.urn, *(each.urn for each in topics)),
        data_classes=rule.classes(),
        watches=mapped(rule.document("eventPattern"), _source),
        actions=hidden or mapped(rule.text("state"), lambda state: state != "DISABLED"),
    )


def _hidden(target: Reading) -> Unknown | None:
    """Why it cannot be told whether a target is a topic."""
    depends = target.resource.property_dependencies.get("arn", ())
    may_be = not depends or any(f"${TOPIC}::" in urn or f"::{TOPIC}::" in urn for urn in depends)
    unknown = is_unknown(target.raw("arn"))  # type: ignore[arg-type]
    return Unknown("cloud_decides", target.origin("arn")) if unknown and may_be else None


def _alarm(alarm: Reading, watches: Leaf[str]) -> Alarm:
    return Alarm(
        id=alarm.id("Alarm"),
        urns=(alarm.urn,),
        data_classes=alarm.classes(),
        watches=watches,
        actions=every([alarm.present("alarmActions"), alarm.flag("actionsEnabled")]),
    )


def _retention(days: int) -> int | Literal["forever"]:
    return days or "forever"


def _source(pattern: object) -> str:
    """aws.guardduty → guardduty, as the class of what is announced."""
    sources = pattern.get("source", []) if isinstance(pattern, dict) else []
    return "+".join(sorted(str(each).removeprefix("aws.") for each in sources)) or "anything"


ADAPTERS = (
    Adapter("aws:cloudwatch/logGroup:LogGroup", log_group),
    Adapter("aws:cloudwatch/metricAlarm:MetricAlarm", metric_alarm),
    Adapter("aws:cloudwatch/compositeAlarm:CompositeAlarm", composite_alarm),
    Adapter("aws:cloudwatch/eventRule:EventRule", announcement),
)
