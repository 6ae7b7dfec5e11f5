"""Trail, recorder, detectors, scanners."""

from typing import Any

import pytest

from blueprint.graph import Resource
from compliance.facts.audit import (
    ConfigRecorder,
    DataDiscovery,
    PostureHub,
    ThreatDetector,
    Trail,
    VulnerabilityScanner,
)
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, origin, value


def selector(category: Any, *more: str) -> Any:
    fields = [
        {"field": "eventCategory", "equals": [category]},
        *({"field": field, "equals": ["true"]} for field in more),
    ]
    return {"fieldSelectors": fields}


@pytest.mark.parametrize(
    ("inputs", "management", "data"),
    [
        ({}, True, False),
        ({"advancedEventSelectors": [selector("Management")]}, True, False),
        ({"advancedEventSelectors": [selector("Management", "readOnly")]}, False, False),
        ({"advancedEventSelectors": [selector("Management"), selector("Data")]}, True, True),
        ({"advancedEventSelectors": [selector("Data")]}, False, True),
        ({"advancedEventSelectors": [selector(UNKNOWN)]}, "<cloud_decides>", "<cloud_decides>"),
        ({"eventSelectors": [{"dataResources": [{"type": "AWS::S3::Object"}]}]}, True, True),
        ({"eventSelectors": [{"includeManagementEvents": False}]}, False, False),
    ],
)
def test_a_trail_records_what_its_selectors_select(inputs: dict[str, Any], management: object, data: object) -> None:
    trail = only(Trail, drawn("aws:cloudtrail/trail:Trail", "trail", s3BucketName="archive", **inputs))
    assert (value(trail.management_events), value(trail.data_events)) == (management, data)


def test_a_trail_with_nothing_set_is_what_the_provider_makes_of_it() -> None:
    trail = only(Trail, drawn("aws:cloudtrail/trail:Trail", "trail", s3BucketName="archive"))
    assert (value(trail.multi_region), value(trail.validation), value(trail.logging), value(trail.key), value(trail.log_group)) == (
        False, False, True, None, None,
    )  # fmt: skip
    assert origin(trail.validation) == ("trail", "enableLogFileValidation", "default")
    assert value(trail.record_fields) == frozenset(
        {"identity", "type", "time", "place", "origin", "outcome", "resource"}
    )


def test_a_recorder_is_on_when_its_switch_is() -> None:
    recorder = drawn(
        "aws:cfg/recorder:Recorder", "recorder", name="main", recordingGroup={"includeGlobalResourceTypes": True}
    )
    switch = drawn("aws:cfg/recorderStatus:RecorderStatus", "on", name=link(recorder, "name"), isEnabled=True)
    on, off = only(ConfigRecorder, recorder, switch), only(ConfigRecorder, recorder)
    assert (value(on.recording), value(on.all_supported), value(on.global_types)) == (True, True, True)
    assert value(off.recording) is False


def feature(name: str, status: Any = "ENABLED", **more: Any) -> Resource:
    return drawn("aws:guardduty/detectorFeature:DetectorFeature", name.lower(), detectorId=link(DETECTOR, "id"), name=name,
                 status=status, **more)  # fmt: skip


DETECTOR = drawn("aws:guardduty/detector:Detector", "watch", enable=True)


def test_a_detector_has_the_features_that_are_on() -> None:
    runtime = feature(
        "RUNTIME_MONITORING", additionalConfigurations=[{"name": "EKS_ADDON_MANAGEMENT", "status": "ENABLED"}]
    )
    watch = only(ThreatDetector, DETECTOR, runtime, feature("S3_DATA_EVENTS"), feature("RDS_LOGIN_EVENTS", "DISABLED"))
    assert value(watch.features) == frozenset(
        {"RUNTIME_MONITORING", "RUNTIME_MONITORING/EKS_ADDON_MANAGEMENT", "S3_DATA_EVENTS"}
    )
    assert value(watch.file_integrity_days) == 0
    bare = only(ThreatDetector, DETECTOR)
    assert (value(bare.enabled), value(bare.features), value(bare.file_integrity_days)) == (True, frozenset(), None)
    hidden = only(ThreatDetector, DETECTOR, feature("S3_DATA_EVENTS", UNKNOWN))
    assert value(hidden.features) == "<cloud_decides>"


@pytest.mark.parametrize(
    ("arn", "name"),
    [("arn:aws:securityhub:us-east-1::standards/pci-dss/v/4.0.1", "pci-dss"),
     ("arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0", "cis-aws-foundations-benchmark")],
)  # fmt: skip
def test_a_standard_is_known_by_its_short_name(arn: str, name: str) -> None:
    hub = drawn("aws:securityhub/account:Account", "hub")
    standard = drawn("aws:securityhub/standardsSubscription:StandardsSubscription", "standard", standardsArn=arn)
    assert value(only(PostureHub, hub, standard).standards) == frozenset({name})


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, frozenset({"aws-foundational-security-best-practices", "cis-aws-foundations-benchmark"})),
        ({"enableDefaultStandards": False}, frozenset()),
        ({"enableDefaultStandards": UNKNOWN}, "<cloud_decides>"),
    ],
)
def test_a_hub_without_a_subscription_has_the_standards_that_aws_switches_on(
    inputs: dict[str, Any], expected: object
) -> None:
    assert value(only(PostureHub, drawn("aws:securityhub/account:Account", "hub", **inputs)).standards) == expected


def test_a_standard_that_is_subscribed_to_decides_whatever_is_switched_on_by_itself() -> None:
    hub = drawn("aws:securityhub/account:Account", "hub", enableDefaultStandards=UNKNOWN)
    standard = drawn(
        "aws:securityhub/standardsSubscription:StandardsSubscription",
        "standard",
        standardsArn="x:standards/pci-dss/v/4",
    )
    found = only(PostureHub, hub, standard)
    assert value(found.standards) == frozenset({"pci-dss"})
    assert origin(found.enabled)[1] == "(resource)"


def test_a_scanner_that_scans_hosts_scans_without_pause() -> None:
    enabler = drawn("aws:inspector2/enabler:Enabler", "scan", resourceTypes=["EC2", "ECR"])
    assert value(only(VulnerabilityScanner, enabler).interval_days) == 0
    images = drawn("aws:inspector2/enabler:Enabler", "scan", resourceTypes=["ECR"])
    assert value(only(VulnerabilityScanner, images).interval_days) is None


@pytest.mark.parametrize(
    ("inputs", "expected"), [({}, True), ({"status": "PAUSED"}, False), ({"status": UNKNOWN}, "<cloud_decides>")]
)
def test_discovery_is_on_unless_it_is_paused(inputs: dict[str, Any], expected: object) -> None:
    assert value(only(DataDiscovery, drawn("aws:macie2/account:Account", "macie", **inputs)).enabled) == expected
