"""Settings that exist once an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.foundation.posture_facts import posture_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort, Port
    from blueprint.types import Noun
    from components.foundation.account_spec import AccountBaselineSpec


class AccountBaseline(Component):
    """Creates password policy, analyzers, encrypted disks by default, no public storage, and registry scanning.

    Creates nothing of it when another stack owns the account.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: AccountBaselineSpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec = spec
        self._classes = platform.classes(noun)
        posture_facts(self, {"production_account": spec.production_apart})
        if platform.account_owner:
            self._passwords()
            self._analyzers()
            self._disks(keys.arns[KeyPurpose.DISKS])
            self._no_public_storage()
            self._instances()
            self._images()
        self.finish()

    def _passwords(self) -> None:
        """Symbols are not forced and passwords do not expire unless a framework sets an age (NIST SP 800-63B)."""
        posture, classes = self.platform.posture, self._classes
        kinds = posture.password_complexity(classes)
        letters = "letters" in kinds
        aws.iam.AccountPasswordPolicy(
            self.named("passwords"),
            minimum_password_length=self._spec.password_min_length or posture.password_min_length(classes),
            password_reuse_prevention=self._spec.password_history or posture.password_history(classes),
            require_lowercase_characters=letters, require_uppercase_characters=letters,
            require_numbers="digits" in kinds, require_symbols="symbols" in kinds,
            max_password_age=posture.password_max_age_days(classes), allow_users_to_change_password=True,
            opts=self.inside,
        )  # fmt: skip

    def _analyzers(self) -> None:
        days = self._spec.unused_access_days or self.platform.posture.inactive_account_days(self._classes)
        aws.accessanalyzer.Analyzer(
            self.named("outside-access"), analyzer_name=f"{self.platform.label}-outside-access", type="ACCOUNT",
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.accessanalyzer.Analyzer(
            self.named("unused-access"), analyzer_name=f"{self.platform.label}-unused-access",
            type="ACCOUNT_UNUSED_ACCESS", configuration={"unused_access": {"unused_access_age": days}},
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _disks(self, key_arn: pulumi.Input[str]) -> None:
        aws.ebs.EncryptionByDefault(self.named("disks"), enabled=True, opts=self.inside)
        aws.ebs.DefaultKmsKey(self.named("disks-key"), key_arn=key_arn, opts=self.inside)

    def _no_public_storage(self) -> None:
        aws.s3.AccountPublicAccessBlock(
            self.named("buckets"), block_public_acls=True, block_public_policy=True, ignore_public_acls=True,
            restrict_public_buckets=True, opts=self.inside,
        )  # fmt: skip
        aws.ebs.SnapshotBlockPublicAccess(self.named("snapshots"), state="block-all-sharing", opts=self.inside)
        aws.ec2.ImageBlockPublicAccess(self.named("machine-images"), state="block-new-sharing", opts=self.inside)

    def _instances(self) -> None:
        """Session tokens for instance metadata, one hop, so that a pod cannot reach it."""
        aws.ec2.InstanceMetadataDefaults(
            self.named("instance-metadata"), http_tokens="required", http_put_response_hop_limit=1, http_endpoint="enabled",
            instance_metadata_tags="disabled", opts=self.inside,
        )  # fmt: skip

    def _images(self) -> None:
        """Scanning without pause is Inspector's; the basic scanner looks when an image is pushed."""
        continuous = self.platform.posture.image_scanning(self._classes) == "continuous"
        aws.ecr.RegistryScanningConfiguration(
            self.named("image-scanning"), scan_type="ENHANCED" if continuous else "BASIC",
            rules=[{
                "scan_frequency": "CONTINUOUS_SCAN" if continuous else "SCAN_ON_PUSH",
                "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
            }],
            opts=self.inside,
        )  # fmt: skip
