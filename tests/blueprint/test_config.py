"""Stack files: found, unwrapped, laid over their preset, compared with what the engine parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blueprint.config import StackFile, compare, find, lay_over, load, project_root, stacks
from blueprint.errors import BlueprintError, DocumentError, NotFound
from blueprint.source import parse

ROOT = Path(__file__).parents[2]


def stack(tmp_path: Path, platform: object, **config: object) -> Path:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": {"aws:region": "us-east-1", **config, "blueprint:platform": platform}}))
    return file


def problems(file: Path) -> list[str]:
    try:
        return [problem.what for problem in load(file, "test").source.problems]
    except DocumentError as error:
        return [problem.what for problem in error.problems]


def merged(preset: str, document: str) -> StackFile:
    origins: dict[tuple[str | int, ...], object] = {}
    source = lay_over(parse(preset.encode(), Path("p")), parse(document.encode(), Path("d")), origins)  # type: ignore[arg-type]
    return StackFile("t", Path("d"), "us-east-1", source, origins)  # type: ignore[arg-type]


def test_a_project_is_found_from_any_folder_inside_it() -> None:
    assert project_root(ROOT / "components" / "foundation") == ROOT


def test_outside_of_a_project_the_way_in_is_named(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="--root"):
        project_root(tmp_path)


def test_an_unknown_stack_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(NotFound, match="did you mean regulated"):
        find("regulatd", ROOT)


def test_the_five_stacks_are_there() -> None:
    assert set(stacks(ROOT)) == {"brownfield", "dev", "prod", "regulated", "seed"}


def test_lists_of_named_things_merge_by_name_and_keep_their_order() -> None:
    found = merged(
        "gpu_pools: [{name: a, instance: x}, {name: b, instance: y}]\n",
        "gpu_pools: [{name: b, max_nodes: 2}, {name: c, instance: z}]\n",
    )
    assert found.source.data == {
        "gpu_pools": [{"name": "a", "instance": "x"}, {"name": "b", "instance": "y", "max_nodes": 2}, {"name": "c", "instance": "z"}]
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
    merged_source = lay_over(preset, document, {})
    assert merged_source.data == {"k": {"a": 1, "b": {"c": 2}}, "j": value}


def test_a_file_without_config_says_what_belongs_there(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("runtime: python\n")
    assert problems(file) == ["has no `config`"]


def test_a_missing_region_and_a_missing_platform_are_both_said(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config: {a: 1}\n")
    assert problems(file) == ["has no `blueprint:platform`", "has no region"]


def test_an_unknown_preset_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    assert problems(stack(tmp_path, {"preset": "regulatd"})) == ["no such preset"]


@pytest.mark.parametrize(
    "secret",
    ["AKIA" + "Q" * 16, "-----BEGIN RSA PRIVATE KEY-----", "postgres://user:" + "pw@host/db", "ghp_" + "a" * 36, "sk-" + "a" * 32],
)
def test_a_secret_in_clear_is_refused_and_not_repeated(tmp_path: Path, secret: str) -> None:
    file = stack(tmp_path, {"owner": secret})
    found = load(file, "test").source.problems
    assert [problem.what for problem in found] == ["looks like a secret in clear text"]
    assert secret not in str(found[0])


def test_an_encrypted_value_inside_the_document_is_refused(tmp_path: Path) -> None:
    assert "an encrypted value inside the document" in problems(stack(tmp_path, {"owner": {"secure": "v1:abc"}}))


def test_what_the_engine_reads_otherwise_is_named_by_its_key() -> None:
    source = parse(b"a: {b: [1, yes]}\n", Path("d"))
    assert compare(source, {"a": {"b": [1, "yes"]}}) == ()
    (problem,) = compare(source, {"a": {"b": [1, True]}})
    assert problem.key == "a.b[1]"
    assert str(problem.position) == "d:1:12"


def test_one_is_not_true_to_the_comparison() -> None:
    assert [each.key for each in compare(parse(b"a: 1\n", Path("d")), {"a": True})] == ["a"]
