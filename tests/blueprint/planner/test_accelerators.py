from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.errors import NotFound
from blueprint.planner.accelerators import accelerator, accelerators, accelerators_read, gpu_of, key_of
from blueprint.planner.instances import instances


@pytest.mark.parametrize(
    ("spoken", "name"),
    [
        ("h100-sxm-80gb", "h100-sxm-80gb"), ("NVIDIA H100 80GB HBM3", "h100-sxm-80gb"), ("h200", "h200-sxm-141gb"), ("a100-40gb", "a100-sxm-40gb"),
        ("NVIDIA A100-SXM4-80GB", "a100-sxm-80gb"), ("a10", "a10-24gb"), ("NVIDIA A10G", "a10g-24gb"), ("L4", "l4-24gb"), ("l40s", "l40s-48gb"),
        ("b200", "b200-180gb"), ("NVIDIA H100", "h100-sxm-80gb"), ("H100 80GB HBM3", "h100-sxm-80gb"), ("NVIDIA-H100-80GB-HBM3", "h100-sxm-80gb"),
        ("RTX 4090", "rtx-4090-24gb"), ("A100-PCIE-40GB", "a100-pcie-40gb"), ("NVIDIA-A100-80GB-PCIe", "a100-pcie-80gb"),
        ("NVIDIA A800-SXM4-80GB", "a800-sxm-80gb"), ("nvidia a800 80gb pcie", "a800-pcie-80gb"), ("NVIDIA H200 NVL", "h200-nvl-141gb"),
        ("Tesla V100-SXM2-16GB", "v100-sxm-16gb"), ("NVIDIA_RTX_6000_Ada_Generation", "rtx-6000-ada-48gb"), ("Tesla-T4", "t4-16gb"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "rtx-pro-6000-workstation-96gb"), ("NVIDIA GeForce RTX 5080", "rtx-5080-16gb"),
        ("NVIDIA GB10", "gb10-128gb"), ("GB300", "gb300-279gb"), ("NVIDIA RTX PRO 5000 72GB Blackwell", "rtx-pro-5000-72gb"),
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


def test_defaults_follow_memory_and_what_the_driver_calls_a_gpu() -> None:
    classes = {
        "a100-80gb": "a100", "a100-pcie-80gb": "a100", "a100-40gb": "other", "a800": "70", "h100": "70", "h200": "70", "b200": "160", "gb200": "160",
        "gb10": "gb10", "rtx-pro-5000-72gb": "70", "rtx-pro-5000-48gb": "other", "l40s": "other",
    }  # fmt: skip
    assert {name: accelerator(name).memory_class for name in classes} == classes


def test_no_name_means_two_gpus() -> None:
    names = [
        name for each in accelerators().values() for name in {key_of(spoken) for spoken in (each.name, *each.names)}
    ]
    assert len(names) == len(set(names))


def test_a_card_has_the_link_of_a_card() -> None:
    for name, link in (
        ("A100-PCIE-40GB", "PCIe"),
        ("A100-SXM4-40GB", "NVSwitch"),
        ("NVIDIA H100 PCIe", "PCIe"),
        ("Tesla V100-PCIE-32GB", "PCIe"),
    ):
        assert accelerator(name).link == link


@given(
    st.sampled_from(sorted({name for each in accelerators().values() for name in (each.name, *each.names)})),
    st.randoms(),
)
def test_no_spelling_of_a_name_is_unknown(name: str, random: Random) -> None:
    told = "".join(
        random.choice((each.lower(), each.upper())) if each.isalnum() else random.choice(" -_") for each in name
    )
    expected = accelerator(name)
    assert accelerator(told) == accelerator(f"NVIDIA {told}") == expected


@pytest.mark.parametrize(
    ("name", "near"),
    [("NVIDIA H100 80GB HBM2", "NVIDIA H100 80GB HBM3"), ("RTX4091", "rtx-4090"), ("A100-PCIe-41GB", "a100-pcie-40gb"), ("L4 S", "l4")],
)  # fmt: skip
def test_a_mistyped_gpu_is_answered_with_the_nearest_in_any_spelling(name: str, near: str) -> None:
    with pytest.raises(NotFound, match="did you mean") as refused:
        accelerator(name)
    assert near in str(refused.value)


def test_an_unknown_gpu_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean h100"):
        accelerator("h1000")


def test_the_table_carries_its_date_and_sources() -> None:
    assert accelerators_read()[0] == "2026-11-30"
    assert accelerators_read()[1]
