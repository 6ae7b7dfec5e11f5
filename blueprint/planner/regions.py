"""Regions and their zones, as far as a plan has to know them without asking AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from blueprint.types import Partition


class Region(NamedTuple):
    """One region: its partition and the letters of its zones."""

    partition: Partition
    zones: str

    def zone_names(self, region: str, count: int) -> tuple[str, ...]:
        """The first so many zones, by full name."""
        return tuple(f"{region}{letter}" for letter in self.zones[:count])


REGIONS: Mapping[str, Region] = {
    "af-south-1": Region(Partition.AWS, "abc"),
    "ap-east-1": Region(Partition.AWS, "abc"),
    "ap-east-2": Region(Partition.AWS, "abc"),
    "ap-northeast-1": Region(Partition.AWS, "acd"),
    "ap-northeast-2": Region(Partition.AWS, "abcd"),
    "ap-northeast-3": Region(Partition.AWS, "abc"),
    "ap-south-1": Region(Partition.AWS, "abc"),
    "ap-south-2": Region(Partition.AWS, "abc"),
    "ap-southeast-1": Region(Partition.AWS, "abc"),
    "ap-southeast-2": Region(Partition.AWS, "abc"),
    "ap-southeast-3": Region(Partition.AWS, "abc"),
    "ap-southeast-4": Region(Partition.AWS, "abc"),
    "ap-southeast-5": Region(Partition.AWS, "abc"),
    "ap-southeast-6": Region(Partition.AWS, "abc"),
    "ap-southeast-7": Region(Partition.AWS, "abc"),
    "ca-central-1": Region(Partition.AWS, "abd"),
    "ca-west-1": Region(Partition.AWS, "abc"),
    "cn-north-1": Region(Partition.CHINA, "ab"),
    "cn-northwest-1": Region(Partition.CHINA, "abc"),
    "eu-central-1": Region(Partition.AWS, "abc"),
    "eu-central-2": Region(Partition.AWS, "abc"),
    "eu-north-1": Region(Partition.AWS, "abc"),
    "eu-south-1": Region(Partition.AWS, "abc"),
    "eu-south-2": Region(Partition.AWS, "abc"),
    "eu-west-1": Region(Partition.AWS, "abc"),
    "eu-west-2": Region(Partition.AWS, "abc"),
    "eu-west-3": Region(Partition.AWS, "abc"),
    "il-central-1": Region(Partition.AWS, "abc"),
    "me-central-1": Region(Partition.AWS, "abc"),
    "me-south-1": Region(Partition.AWS, "abc"),
    "mx-central-1": Region(Partition.AWS, "abc"),
    "sa-east-1": Region(Partition.AWS, "abc"),
    "us-east-1": Region(Partition.AWS, "abcdef"),
    "us-east-2": Region(Partition.AWS, "abc"),
    "us-gov-east-1": Region(Partition.GOVCLOUD, "abc"),
    "us-gov-west-1": Region(Partition.GOVCLOUD, "abc"),
    "us-west-1": Region(Partition.AWS, "ab"),
    "us-west-2": Region(Partition.AWS, "abcd"),
}
"""Zones as the EC2 API lists them, from the data that moto 5.2.5 keeps (read 2026-11-20).

Which letters an account sees can differ, most of all in us-east-1 and us-west-1: `verify` asks the account.
"""
