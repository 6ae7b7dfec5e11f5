"""The account's own image registry: pods pull from nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.versions import IMAGES

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort

UNTAGGED_DAYS = 30


class Registry(Component):
    """Creates a repository for every pinned image, and how the account scans them.

    Images are copied into it where both registries can be reached, by whoever may push. Scanning is a setting of the whole
    account and is made by the stack that owns the account; elsewhere each repository scans on push.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(self, *, platform: PlatformContext, keys: KeysPort, opts: pulumi.ResourceOptions) -> None:
        super().__init__("cluster/registry", platform=platform, opts=opts)
        for name in self._distinct():
            self._repository(name, keys)
        if platform.account_owner and platform.posture.image_scanning(platform.classes("cluster")) == "continuous":
            aws.ecr.RegistryScanningConfiguration(
                self.named("scanning"), scan_type="ENHANCED",
                rules=[{"scan_frequency": "CONTINUOUS_SCAN",
                        "repository_filters": [{"filter": f"{platform.label}/*", "filter_type": "WILDCARD"}]}],
                opts=self.inside,
            )  # fmt: skip
        self.finish()

    @staticmethod
    def _distinct() -> list[str]:
        """One image of each repository: some entries of the table are one image in several places."""
        first: dict[str, str] = {}
        for name in sorted(IMAGES):
            first.setdefault(IMAGES[name].repository, name)
        return sorted(first.values())

    def _repository(self, name: str, keys: KeysPort) -> None:
        repository = aws.ecr.Repository(
            self.named(name), name=f"{self.platform.label}/{IMAGES[name].repository}", image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": keys.arns[KeyPurpose.OBJECTS]}],
            tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        aws.ecr.LifecyclePolicy(
            self.named(name, "ageing"), repository=repository.name,
            policy=pulumi.Output.json_dumps({"rules": [{
                "rulePriority": 1, "description": "Images that no tag names any more",
                "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                              "countNumber": UNTAGGED_DAYS},
                "action": {"type": "expire"},
            }]}),
            opts=self.inside,
        )  # fmt: skip
