from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.accelerators import accelerator, accelerators, accelerators_read, gpu_of
from blueprint.planner.instances import instances


@pytest.mark.parametrize(
    ("spoken", "name"),
    [
        ("h100-sxm-80gb", "h100-sxm-80gb"), ("NVIDIA H100 80GB HBM3", "h100-sxm-80gb"), ("h200", "h200-sxm-141gb"), ("a100-40gb", "a100-sxm-40gb"),
        ("NVIDIA A100-SXM4-80GB", "a100-sxm-80gb"), ("a10", "a10-24gb"), ("NVIDIA A10G", "a10g-24gb"), ("L4", "l4-24gb"), ("l40s", "l40s-48gb"),
        ("b200", "b200-180gb"),
    ],
)  # fmt: skip
def test_a_gpu_is_known_by_the_names_that_people_and_drivers_use(spoken: str, name: str) -> None:
    assert accelerator(spoken).name == name


def test_memory_is_what_a_driver_reports_and_says_how_that_is_known() -> None:
    assert {name: (accelerator(name).memory_gib, accelerator(name).known) for name in ("h100", "a10g", "h200", "gh200")} == {
        "h100": (79.19, "log"), "a10g": (22.06, "log"), "h200": (139.8, "log"), "gh200": (94.5, "derived"),
    }  # fmt: skip


def test_every_whole_gpu_of_the_instances_is_in_the_table() -> None:
    for each in instances().values():
        found = gpu_of(each)
        assert (found is not None) == (each.vendor == "nvidia" and each.accelerators > 0), each.name
        if found is not None and each.memory_mib is not None:
            assert found.memory_gib < each.memory_mib / 1024


def test_an_a100_has_defaults_of_its_own() -> None:
    classes = {name: accelerator(name).memory_class for name in ("a100-80gb", "h100", "h200", "b200", "l40s")}
    assert classes == {"a100-80gb": "a100", "h100": "70", "h200": "70", "b200": "160", "l40s": "other"}


def test_no_name_means_two_gpus() -> None:
    names = [name.lower() for each in accelerators().values() for name in {each.name, *each.names}]
    assert len(names) == len(set(names))


def test_an_unknown_gpu_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean h100"):
        accelerator("h1000")


def test_the_table_carries_its_date_and_sources() -> None:
    assert accelerators_read()[0] == "2026-11-30"
    assert accelerators_read()[1]
