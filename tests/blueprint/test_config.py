"""Stack files: found, unwrapped, laid over their preset, compared with what the engine parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from blueprint.config import compare, find, load, project_root, stacks
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


def test_a_project_is_found_from_any_folder_inside_it() -> None:
    assert project_root(ROOT / "components" / "foundation") == ROOT


def test_outside_of_a_project_the_way_in_is_named(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="--root"):
        project_root(tmp_path)


def test_an_unknown_stack_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(NotFound, match="did you mean regulated"):
        find("regulatd", ROOT)


def test_the_five_stacks_are_there() -> None:
    assert set(stacks(ROOT)) == {"brownfield", "dev", "prod", "regulated", "seed", "staging"}


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
    [
        "AKIA" + "Q" * 16,
        "-----BEGIN RSA PRIVATE KEY-----",
        "postgres://user:" + "pw@host/db",
        "ghp_" + "a" * 36,
        "sk-" + "a" * 32,
    ],
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
