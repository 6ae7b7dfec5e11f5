"""Trail, recorder, detectors, scanners."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from compliance.facts.audit import (
    ConfigRecorder,
    DataDiscovery,
    PostureHub,
    ThreatDetector,
    Trail,
    VulnerabilityScanner,
)
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, joined, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.event_classes import RUNTIME_FEATURE
from compliance.sources.planned.reading import Reading

DEFAULT_STANDARDS = frozenset({"aws-foundational-security-best-practices", "cis-aws-foundations-benchmark"})
"""What Security Hub subscribes to by itself unless told not to."""


def trail(record: Reading) -> Trail:
    """Fold a trail; without selectors it records management events and no data events."""
    return Trail(
        id=record.id("Trail"),
        urns=(record.urn,),
        data_classes=record.classes(),
        multi_region=record.flag("isMultiRegionTrail"),
        global_events=record.flag("includeGlobalServiceEvents"),
        validation=record.flag("enableLogFileValidation"),
        logging=record.flag("enableLogging"),
        management_events=_selected(record, "Management"),
        data_events=_selected(record, "Data"),
        key=record.link("kmsKeyId"),
        log_group=record.link("cloudWatchLogsGroupArn"),
        bucket=record.link("s3BucketName"),
        record_fields=mapped(record.absent("record fields"), _words),
    )


def recorder(config: Reading) -> ConfigRecorder:
    """Fold a recorder with the switch that starts it."""
    switch = config.satellite("aws:cfg/recorderStatus:RecorderStatus", "name")
    return ConfigRecorder(
        id=config.id("ConfigRecorder"),
        urns=(config.urn, *((switch.urn,) if switch else ())),
        data_classes=config.account_classes(),
        recording=switch.flag("isEnabled") if switch else config.absent_flag("recorderStatus"),
        all_supported=config.flag("recordingGroup.allSupported"),
        global_types=config.flag("recordingGroup.includeGlobalResourceTypes"),
    )


def detector(watch: Reading) -> ThreatDetector:
    """Fold a detector with its features; a feature's own parts are written FEATURE/PART."""
    features = watch.satellites("aws:guardduty/detectorFeature:DetectorFeature", "detectorId")
    return ThreatDetector(
        id=watch.id("ThreatDetector"),
        urns=(watch.urn, *(feature.urn for feature in features)),
        data_classes=watch.classes(),
        enabled=watch.flag("enable"),
        features=(found := _features(watch, features)),
        file_integrity_days=mapped(found, lambda on: 0 if RUNTIME_FEATURE in on else None),
    )


def hub(account: Reading) -> PostureHub:
    """Fold Security Hub with its standards; each names itself through the ARN of the subscription."""
    graph = account.links.graph
    subscriptions = [
        account.of(each) for each in graph.of("aws:securityhub/standardsSubscription:StandardsSubscription")
    ]
    return PostureHub(
        id=account.id("PostureHub"),
        urns=(account.urn, *(each.urn for each in subscriptions)),
        data_classes=account.account_classes(),
        enabled=account.known("(resource)", value=True)
        if not account.resource.external
        else Unknown("existing", account.origin("")),
        standards=_standards(account, subscriptions),
    )


def scanner(enabler: Reading) -> VulnerabilityScanner:
    """Fold an Inspector enabler."""
    return VulnerabilityScanner(
        id=enabler.id("VulnerabilityScanner"),
        urns=(enabler.urn,),
        data_classes=enabler.account_classes(),
        resource_types=enabler.words("resourceTypes"),
        interval_days=mapped(enabler.words("resourceTypes"), lambda scanned: 0 if "EC2" in scanned else None),
    )


def discovery(account: Reading) -> DataDiscovery:
    """Fold Macie."""
    return DataDiscovery(
        id=account.id("DataDiscovery"),
        urns=(account.urn,),
        data_classes=account.account_classes(),
        enabled=mapped(account.text("status"), lambda status: status == "ENABLED"),
    )


def _selected(record: Reading, category: str) -> Leaf[bool]:
    if record.items("advancedEventSelectors"):
        return some(_selects(record, path, category) for path in record.items("advancedEventSelectors"))
    basic = record.items("eventSelectors")
    if category == "Management":
        return (
            some(record.flag(f"{path}.includeManagementEvents") for path in basic)
            if basic
            else record.absent_flag("management events")
        )
    return some([*(record.present(f"{path}.dataResources") for path in basic), record.absent_flag("data events")])


def _selects(record: Reading, selector: str, category: str) -> Leaf[bool]:
    """A selector of management events counts when it selects all of them: no field narrows it."""
    fields = record.items(f"{selector}.fieldSelectors")
    chosen = [path for path in fields if record.raw(f"{path}.field") == "eventCategory"]
    if not chosen:
        return record.known(f"{selector}.fieldSelectors", value=False)
    leaf = mapped(record.words(f"{chosen[0]}.equals"), lambda words: category in words)
    if category == "Management" and len(fields) > 1:
        return every([leaf, record.known(f"{selector}.fieldSelectors", value=False)])
    return leaf


def _features(watch: Reading, features: tuple[Reading, ...]) -> Leaf[frozenset[str]]:
    doubt = watch.doubt("(detectorFeature)")
    if doubt:
        return doubt
    on: set[str] = set()
    for feature in features:
        for name, status in _switches(feature):
            if isinstance(name, Unknown):
                return name
            if isinstance(status, Unknown):
                return status
            if status.value == "ENABLED":
                on.add(name.value)
    if not features:
        return mapped(watch.absent("detectorFeature"), lambda _: frozenset())
    return Known(frozenset(on), features[0].origin("status"))


def _switches(feature: Reading) -> Iterator[tuple[Leaf[str], Leaf[str]]]:
    name = feature.text("name")
    yield name, feature.text("status")
    for path in feature.items("additionalConfigurations"):
        part = feature.text(f"{path}.name")
        yield joined(name, part, "{}/{}".format), feature.text(f"{path}.status")


def _standards(account: Reading, subscriptions: list[Reading]) -> Leaf[frozenset[str]]:
    """Those that the stack subscribes to; where it names none, those that AWS switches on by itself."""
    names = [mapped(each.text("standardsArn"), _standard) for each in subscriptions]
    unknown = next((leaf for leaf in names if isinstance(leaf, Unknown)), account.doubt("(standardsSubscription)"))
    if unknown:
        return unknown
    if not names:
        return mapped(account.flag("enableDefaultStandards"), lambda on: DEFAULT_STANDARDS if on else frozenset())
    return Known(frozenset(leaf.value for leaf in names if isinstance(leaf, Known)), names[0].origin)


def _standard(arn: str) -> str:
    """…:standards/pci-dss/v/4.0.1 and …:ruleset/pci-dss/v/… → pci-dss."""
    return arn.rpartition(":")[2].split("/")[1] if "/" in arn else arn


def _words(value: JsonValue) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


ADAPTERS = (
    Adapter("aws:cloudtrail/trail:Trail", trail),
    Adapter("aws:cfg/recorder:Recorder", recorder),
    Adapter("aws:guardduty/detector:Detector", detector),
    Adapter("aws:securityhub/account:Account", hub),
    Adapter("aws:inspector2/enabler:Enabler", scanner),
    Adapter("aws:macie2/account:Account", discovery),
)
