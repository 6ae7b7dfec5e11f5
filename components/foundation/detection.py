"""What watches the account without being asked: recorder, threat detection, posture, vulnerabilities, sensitive data."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import DataClass, Layer

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.types import Noun
    from components.foundation.private_bucket import PrivateBucket

THREAT_SOURCES = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
RUNTIME_AGENTS = ("EKS_ADDON_MANAGEMENT", "EC2_AGENT_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT")
STANDARDS = ("aws-foundational-security-best-practices/v/1.0.0", "nist-800-53/v/5.0.0")
CARD_STANDARD = "pci-dss/v/4.0.1"
SCANNED = ("EC2", "ECR", "LAMBDA")


class Detection(Component):
    """Creates what exists once an account and region; made only by the stack that owns the account."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        config_bucket: PrivateBucket,
        config_key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        posture, self._classes = platform.posture, platform.classes(noun)
        if posture.config_recorder(self._classes):
            self._recorder(config_bucket, config_key_arn)
        if posture.intrusion_detection(self._classes):
            self._threats()
        if posture.posture_management(self._classes):
            self._posture()
        if posture.sensitive_data_discovery(self._classes):
            aws.macie2.Account(
                self.named("sensitive-data"), finding_publishing_frequency="FIFTEEN_MINUTES", status="ENABLED",
                opts=self.inside,
            )  # fmt: skip
        aws.inspector2.Enabler(
            self.named("vulnerabilities"),
            account_ids=[platform.account],
            resource_types=list(SCANNED),
            opts=self.inside,
        )
        self.finish()

    def _recorder(self, bucket: PrivateBucket, key_arn: pulumi.Input[str]) -> None:
        """Config acts by its service-linked role, which AWS allows once an account, like the recorder itself."""
        role = aws.iam.ServiceLinkedRole(
            self.named("recorder-role"), aws_service_name="config.amazonaws.com", tags=self.tags(),
            opts=self.within(retain_on_delete=True),
        )  # fmt: skip
        recorder = aws.cfg.Recorder(
            self.named("recorder"), name=self.platform.label, role_arn=role.arn,
            recording_group={"all_supported": True, "include_global_resource_types": True},
            recording_mode={"recording_frequency": "CONTINUOUS"}, opts=self.inside,
        )  # fmt: skip
        channel = aws.cfg.DeliveryChannel(
            self.named("recorder-channel"), name=self.platform.label, s3_bucket_name=bucket.name, s3_kms_key_arn=key_arn,
            snapshot_delivery_properties=aws.cfg.DeliveryChannelSnapshotDeliveryPropertiesArgs(
                delivery_frequency="TwentyFour_Hours"
            ),
            opts=self.within(depends_on=[recorder, bucket]),
        )  # fmt: skip
        aws.cfg.RecorderStatus(
            self.named("recorder-on"), name=recorder.name, is_enabled=True, opts=self.within(depends_on=[channel])
        )

    def _threats(self) -> None:
        detector = aws.guardduty.Detector(
            self.named("threats"), enable=True, finding_publishing_frequency="FIFTEEN_MINUTES", tags=self.tags(),
            opts=self.inside,
        )  # fmt: skip
        malware = self.platform.posture.malware_protection(self._classes)
        for name in (*THREAT_SOURCES, *(("EBS_MALWARE_PROTECTION",) if malware else ())):
            aws.guardduty.DetectorFeature(
                self.named("threats", name.lower().replace("_", "-")), detector_id=detector.id, name=name,
                status="ENABLED", opts=self.inside,
            )  # fmt: skip
        aws.guardduty.DetectorFeature(
            self.named("threats-runtime-monitoring"), detector_id=detector.id, name="RUNTIME_MONITORING", status="ENABLED",
            additional_configurations=[{"name": agent, "status": "ENABLED"} for agent in RUNTIME_AGENTS], opts=self.inside,
        )  # fmt: skip

    def _posture(self) -> None:
        hub = aws.securityhub.Account(
            self.named("posture"), enable_default_standards=False, auto_enable_controls=True,
            control_finding_generator="SECURITY_CONTROL", opts=self.inside,
        )  # fmt: skip
        cards = (CARD_STANDARD,) if DataClass.CARDHOLDER in self._classes else ()
        for standard in (*STANDARDS, *cards):
            name, _, _ = standard.partition("/")
            aws.securityhub.StandardsSubscription(
                self.named("posture", name),
                standards_arn=f"arn:{self.platform.partition}:securityhub:{self.platform.region}::standards/{standard}",
                opts=self.within(depends_on=[hub]),
            )  # fmt: skip
