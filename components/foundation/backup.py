"""Backups of everything that carries the plan's tag: locked, copied elsewhere, and tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.errors import DocumentError, Problem
from blueprint.ports import BackupPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.foundation.backup_sites import PARTNERS, backup_schedule, restore_schedule, sites
from components.foundation.key_policy import administrators, policy, users_through

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort, Port
    from blueprint.types import Noun
    from components.foundation.backup_sites import Site
    from components.foundation.backup_spec import BackupVaultSpec

FOREVER_DAYS = 36500
COOLING_DAYS = 3
"""Shortest time in which a compliance lock can still be taken back."""
START_MINUTES, COMPLETE_MINUTES = 60, 720
RESTORED = ("Aurora", "S3")
EVENTS = ("BACKUP_JOB_COMPLETED", "COPY_JOB_FAILED", "RECOVERY_POINT_MODIFIED", "RESTORE_JOB_COMPLETED")
SERVICES = ("backup", "rds", "ec2", "s3")
ROLE_POLICIES = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "AWSBackupServiceRolePolicyForS3Backup",
    "AWSBackupServiceRolePolicyForS3Restore",
)


class BackupVault(Component):
    """Creates vault, lock, plan, copies in other places, restore tests, and an alarm for what failed.

    Raises DocumentError when copies need another region and none may be used.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: BackupVaultSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        audit: AuditPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._keys = spec, keys
        self._classes = platform.classes(noun)
        asked = spec.retention_days or platform.posture.backup_retention_days(self._classes)
        self._days = FOREVER_DAYS if asked == "forever" else asked
        vault = self._vault("vault", keys.arns[KeyPurpose.BACKUP], self.inside, region=None)
        copies = [self._copy(site) for site in self._sites()]
        role = self._role()
        plan = self._plan(vault, copies)
        tag = (Tag.BACKUP.value, platform.label)
        aws.backup.Selection(
            self.named("selection"), name=platform.label, plan_id=plan.id, iam_role_arn=role.arn,
            selection_tags=[{"type": "STRINGEQUALS", "key": tag[0], "value": tag[1]}], opts=self.inside,
        )  # fmt: skip
        self._try_restoring(vault, role, tag)
        self._announce(vault, audit)
        self.ports = {"backup": BackupPort(provider=noun, vault_arn=vault.arn, tag=tag)}
        self.finish(vault_arn=vault.arn)

    def _sites(self) -> tuple[Site, ...]:
        platform, posture = self.platform, self.platform.posture
        alternate = self._spec.alternate_region or PARTNERS.get(platform.region, "")
        found = sites(
            copies=posture.backup_copies(self._classes) or 1, elsewhere=posture.backup_alternate_site(self._classes),
            region=platform.region, alternate=alternate, other_account="backup" in platform.providers,
        )  # fmt: skip
        if found:
            _refuse_region(self.noun, alternate, platform.region, posture.allowed_regions(self._classes))
        return found

    def _vault(
        self, part: str, key_arn: pulumi.Input[str], there: pulumi.ResourceOptions, *, region: str | None
    ) -> aws.backup.Vault:
        kept = pulumi.ResourceOptions(protect=self._spec.keep, retain_on_delete=self._spec.keep)
        vault = aws.backup.Vault(
            self.named(part), name=f"{self.platform.label}-{part}", kms_key_arn=key_arn, region=region, tags=self.tags(),
            opts=pulumi.ResourceOptions.merge(there, kept),
        )  # fmt: skip
        lock = self._spec.lock or self.platform.posture.backup_vault_lock(self._classes)
        if lock != "none":
            aws.backup.VaultLockConfiguration(
                self.named(part, "lock"), backup_vault_name=vault.name, min_retention_days=self._days, region=region,
                changeable_for_days=COOLING_DAYS if lock == "compliance" else None, opts=there,
            )  # fmt: skip
        return vault

    def _copy(self, site: Site) -> aws.backup.Vault:
        """A vault with a key of its own place: a key of another region or account cannot be used there."""
        platform = self.platform
        there = self.within(provider=platform.providers["backup"]) if site.other_account else self.inside
        account = platform.accounts.get("backup", platform.account) if site.other_account else platform.account
        region = None if site.region == platform.region else site.region
        key = aws.kms.Key(
            self.named(site.name, "key"), description=f"{platform.label}: copies of backups", enable_key_rotation=True,
            rotation_period_in_days=platform.posture.kms_rotation_days(self._classes), deletion_window_in_days=30,
            policy=policy(
                administrators(platform.partition, account),
                *users_through(SERVICES, platform.partition, account, site.region),
            ),
            region=region, tags=self.tags(more={Tag.PURPOSE: "backup-copies"}),
            opts=pulumi.ResourceOptions.merge(there, pulumi.ResourceOptions(protect=self._spec.keep)),
        )  # fmt: skip
        vault = self._vault(site.name, key.arn, there, region=region)
        if site.other_account:
            aws.backup.VaultPolicy(
                self.named(site.name, "policy"), backup_vault_name=vault.name,
                policy=pulumi.Output.json_dumps({
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Sid": "CopiesOfThePlatform", "Effect": "Allow", "Action": "backup:CopyIntoBackupVault",
                        "Principal": {"AWS": f"arn:{platform.partition}:iam::{platform.account}:root"}, "Resource": "*",
                    }],
                }),
                opts=there,
            )  # fmt: skip
        return vault

    def _plan(self, vault: aws.backup.Vault, copies: Sequence[aws.backup.Vault]) -> aws.backup.Plan:
        hours = self._spec.interval_hours or self.platform.posture.backup_interval_hours(self._classes)
        kept: aws.backup.PlanRuleLifecycleArgsDict = {"delete_after": self._days}
        return aws.backup.Plan(
            self.named("plan"), name=self.platform.label,
            rules=[{
                "rule_name": "all", "target_vault_name": vault.name, "schedule": backup_schedule(hours),
                "start_window": START_MINUTES, "completion_window": COMPLETE_MINUTES, "lifecycle": kept,
                "recovery_point_tags": self.tags(),
                "copy_actions": [
                    {"destination_vault_arn": copy.arn, "lifecycle": {"delete_after": self._days}} for copy in copies
                ],
            }],
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _role(self) -> aws.iam.Role:
        platform = self.platform
        role = aws.iam.Role(
            self.named("role"), name=f"{platform.label}-backup", description="Makes, copies and restores backups",
            assume_role_policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
                }],
            }),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        for name in ROLE_POLICIES:
            aws.iam.RolePolicyAttachment(
                self.named(name.rpartition("/")[2]), role=role.name,
                policy_arn=f"arn:{platform.partition}:iam::aws:policy/{name}", opts=self.inside,
            )  # fmt: skip
        return role

    def _try_restoring(self, vault: aws.backup.Vault, role: aws.iam.Role, tag: tuple[str, str]) -> None:
        days = self._spec.restore_test_days or self.platform.posture.restore_test_days(self._classes)
        name = self.platform.label.replace("-", "_")
        plan = aws.backup.RestoreTestingPlan(
            self.named("restore-tests"), name=name, schedule_expression=restore_schedule(days),
            recovery_point_selection={
                "algorithm": "LATEST_WITHIN_WINDOW", "include_vaults": [vault.arn],
                "recovery_point_types": ["SNAPSHOT", "CONTINUOUS"], "selection_window_days": min(days, self._days),
            },
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        for kind in RESTORED:
            aws.backup.RestoreTestingSelection(
                self.named("restore-tests", kind.lower()), name=f"{name}_{kind}", restore_testing_plan_name=plan.name,
                protected_resource_type=kind, protected_resource_arns=["*"], iam_role_arn=role.arn,
                protected_resource_conditions={
                    "string_equals": [{"key": f"aws:ResourceTag/{tag[0]}", "value": tag[1]}],
                },
                validation_window_hours=4, opts=self.inside,
            )  # fmt: skip

    def _announce(self, vault: aws.backup.Vault, audit: AuditPort) -> None:
        aws.backup.VaultNotifications(
            self.named("notifications"), backup_vault_name=vault.name, sns_topic_arn=audit.alert_topic_arn,
            backup_vault_events=list(EVENTS), opts=self.inside,
        )  # fmt: skip
        for job in ("Backup", "Copy", "Restore"):
            aws.cloudwatch.MetricAlarm(
                self.named(job.lower(), "failed"), name=f"{self.platform.label}-{job.lower()}-failed",
                alarm_description=f"A {job.lower()} job of AWS Backup failed", namespace="AWS/Backup",
                metric_name=f"NumberOf{job}JobsFailed", statistic="Sum", period=3600, evaluation_periods=1,
                comparison_operator="GreaterThanOrEqualToThreshold", threshold=1, treat_missing_data="notBreaching",
                alarm_actions=[audit.alert_topic_arn], tags=self.tags(), opts=self.inside,
            )  # fmt: skip


def _refuse_region(noun: Noun, alternate: str, home: str, allowed: frozenset[str] | None) -> None:
    choices = ", ".join(sorted((allowed or frozenset(PARTNERS)) - {home}))
    if alternate and alternate != home and (allowed is None or alternate in allowed):
        return
    raise DocumentError([
        Problem(
            what="copies of backups have no region that they may go to" if not alternate or alternate == home
            else f"copies of backups may not go to {alternate}",
            why="the posture asks for copies at another site, inside the regions that it allows",
            path=(noun, "alternate_region"), value=alternate, allowed=choices or "none",
            fix=f"set {noun}.alternate_region",
        )
    ])  # fmt: skip
