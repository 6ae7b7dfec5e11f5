"""A document over its preset."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from blueprint.overlay import Overlay
from blueprint.source import parse


def merged(preset: str, document: str) -> Overlay:
    return Overlay(parse(preset.encode(), Path("p")), parse(document.encode(), Path("d")))


def test_lists_of_named_things_merge_by_name_and_keep_their_order() -> None:
    found = merged(
        "gpu_pools: [{name: a, instance: x}, {name: b, instance: y}]\n",
        "gpu_pools: [{name: b, max_nodes: 2}, {name: c, instance: z}]\n",
    )
    assert found.source.data == {
        "gpu_pools": [
            {"name": "a", "instance": "x"},
            {"name": "b", "instance": "y", "max_nodes": 2},
            {"name": "c", "instance": "z"},
        ]
    }


def test_another_kind_replaces_the_preset_s_component_as_a_whole() -> None:
    found = merged("network: {kind: managed, cidr: 10.0.0.0/16}\n", "network: {kind: existing, vpc_id: vpc-1}\n")
    assert found.source.data == {"network": {"kind": "existing", "vpc_id": "vpc-1"}}


def test_every_merged_value_leads_to_the_file_that_said_it() -> None:
    found = merged("network: {zones: 3, cidr: 10.0.0.0/16}\n", "network:\n  zones: 2\n")
    assert str(found.source.position(("network", "zones"))) == "d:2:10"
    assert str(found.source.position(("network", "cidr"))) == "p:1:27"
    assert (found.origins["network", "zones"], found.origins["network", "cidr"]) == ("document", "preset")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text("abc", max_size=3),
        lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3) | st.lists(inner, max_size=3),
    )
)
def test_a_value_of_the_document_always_wins_also_when_it_is_false_or_empty(value: object) -> None:
    preset = parse(b"k: {a: 1, b: {c: 2}}\nj: 7\n", Path("p"))
    document = parse(yaml.safe_dump({"j": value}).encode(), Path("d"))
    assert Overlay(preset, document).source.data == {"k": {"a": 1, "b": {"c": 2}}, "j": value}


def test_an_empty_list_of_the_document_empties_the_preset_s() -> None:
    assert merged("gpu_pools: [{name: a}]\n", "gpu_pools: []\n").source.data == {"gpu_pools": []}
