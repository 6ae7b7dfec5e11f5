"""YAML with positions: read as the pulumi CLI reads it, and refused where the two would differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.errors import DocumentError, Problem
from blueprint.source import MAX_BYTES, Source, parse, read

FILE = Path("stack.yaml")


def source(text: str) -> Source:
    return parse(text.encode(), FILE)


def refusal(raw: bytes) -> Problem:
    with pytest.raises(DocumentError) as caught:
        parse(raw, FILE)
    (problem,) = caught.value.problems
    return problem


def test_words_that_yaml_1_1_takes_for_booleans_stay_words() -> None:
    assert source("a: yes\nb: on\nc: True\nd: 12:30:45\n").data == {"a": "yes", "b": "on", "c": True, "d": "12:30:45"}


def test_every_value_and_key_has_its_position() -> None:
    found = source("one:\n  - {two: 3}\n")
    assert str(found.position(("one", 0, "two"))) == "stack.yaml:2:11"
    assert str(found.position(("one", 0, "two"), key=True)) == "stack.yaml:2:6"


def test_a_path_that_is_not_there_has_the_position_of_the_nearest_that_is() -> None:
    assert source("one: {two: 3}\n").position(("one", "three")) == source("one: {two: 3}\n").position(("one",))


def test_aliases_and_merge_keys_work_and_point_to_the_original() -> None:
    found = source("base: &b {k: 1, z: 2}\nuse:\n  <<: *b\n  k: 3\nsame: *b\n")
    assert found.data == {"base": {"k": 1, "z": 2}, "use": {"k": 3, "z": 2}, "same": {"k": 1, "z": 2}}
    assert found.problems == ()
    assert found.position(("use", "z")).line == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: 2026-01-01", "an unquoted date"),
        ("a: 2026-01-01T10:00:00Z", "an unquoted date"),
        ("a: 0o10", "an unquoted octal or hexadecimal number"),
        ("a: 010", "an unquoted octal or hexadecimal number"),
        ("a: 0x1F", "an unquoted octal or hexadecimal number"),
        ("a: 1e3", "an unquoted number with an exponent"),
        ("a: 1.10", "an unquoted number that ends in zero after the point"),
        ("a: 1_000", "an unquoted number with underscores"),
    ],
)
def test_what_the_cli_would_change_in_silence_is_refused_with_its_repair(text: str, what: str) -> None:
    (problem,) = source(text).problems
    assert problem.what == what
    assert problem.value == text[3:]
    assert f'"{text[3:]}"' in problem.fix


def test_quoted_text_is_never_taken_for_anything_else() -> None:
    assert source('a: "2026-01-01"\nb: "010"\n').problems == ()


def test_a_key_that_stands_twice_names_the_line_of_the_first() -> None:
    (problem,) = source("a: 1\nb: 2\na: 3\n").problems
    assert (str(problem.position), problem.what) == ("stack.yaml:3:1", "key 'a' stands twice")
    assert "line 1" in problem.why


def test_a_syntax_error_has_its_place() -> None:
    assert str(refusal(b"a: 1\nb: [1, 2\n").position) == "stack.yaml:3:1"


def test_an_empty_document_says_how_to_start() -> None:
    assert "blueprint new stack" in refusal(b"# nothing\n").fix


def test_bytes_that_are_not_utf_8_are_shown_where_they_stand() -> None:
    problem = refusal(b"a: 1\nb: \xff\n")
    assert (str(problem.position), problem.what) == ("stack.yaml:2:4", "byte 0xff is not UTF-8")


def test_a_control_character_is_refused() -> None:
    assert "not YAML" in refusal(b"a: \x07").what


def test_an_alias_that_contains_itself_is_refused() -> None:
    assert "contains itself" in refusal(b"a: &r [*r]").what


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 100,000 values" in refusal("\n".join(lines).encode()).what


def test_a_tag_is_refused_and_makes_no_object() -> None:
    found = source("a: !!python/object/apply:os.system [ls]")
    assert found.data == {"a": ["ls"]}


def test_a_document_of_ten_megabytes_is_refused_with_its_size_and_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"a: 1\n" * 2_000_000)
    with pytest.raises(DocumentError) as caught:
        read(file)
    (problem,) = caught.value.problems
    assert "10,000,000 bytes" in problem.what
    assert f"{MAX_BYTES:,}" in problem.allowed


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        read(tmp_path / "none.yaml")
