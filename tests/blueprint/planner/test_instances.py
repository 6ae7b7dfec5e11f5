from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.instances import instance, instances, offered, offers_read


def test_the_table_says_what_the_source_says() -> None:
    found = instance("g6e.12xlarge")
    assert (found.accelerator, found.accelerators, found.memory_mib, found.vcpus) == ("l40s", 4, 45776, 48)
    assert (found.allocatable_mib, found.efa, found.nvme_gb, found.network_gbps) == (360157, 1, 3800, 100)
    assert instance("p5en.48xlarge").efa == 16


def test_every_type_is_named_by_its_family() -> None:
    assert len(instances()) == 67
    assert {each.family for each in instances().values()} >= {"g5", "g6e", "p5", "p6-b300", "trn2", "inf2"}


def test_accelerators_of_aws_are_told_from_those_of_nvidia() -> None:
    assert {each.vendor for each in instances().values() if each.family in {"inf2", "trn1", "trn1n", "trn2"}} == {"aws"}
    assert instance("g6f.xlarge").accelerators == 0


def test_an_unknown_type_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"did you mean .*g6e\.12xlarge"):
        instance("g6e.12xlarg")


@pytest.mark.parametrize(
    ("name", "region", "answer"),
    [
        ("g6e.12xlarge", "us-east-1", True),
        ("g6e.12xlarge", "us-gov-west-1", False),
        ("p5.48xlarge", "us-gov-west-1", True),
        ("g6e.12xlarge", "me-central-1", None),
        ("g4dn.xlarge", "us-east-1", None),
    ],
)
def test_what_the_table_does_not_cover_is_unknown_and_not_refused(name: str, region: str, answer: bool | None) -> None:
    assert offered(name, region) is answer


def test_the_table_carries_its_date() -> None:
    assert offers_read() == "2026-08-01"
