"""A problem says where, what, against which bound, why, and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.errors import DocumentError, NotFound, Position, Problem, nearest


def test_a_problem_is_printed_with_everything_it_knows() -> None:
    problem = Problem(
        what="is too small", why="four subnets must fit", fix="use a /20 or larger", path=("network", "cidr"), value="10.0.0.0/27",
        allowed="/16 to /20", position=Position(Path("stack.yaml"), 4, 11),
    )  # fmt: skip
    assert str(problem) == (
        "stack.yaml:4:11: network.cidr: is too small\n"
        "    value: 10.0.0.0/27\n    allowed: /16 to /20\n    why: four subnets must fit\n    fix: use a /20 or larger"
    )


def test_a_path_is_written_as_people_write_it() -> None:
    assert Problem(what="x", path=("serving", 0, "pool")).key == "serving[0].pool"


def test_all_problems_are_in_one_error() -> None:
    assert str(DocumentError([Problem(what="a"), Problem(what="b")])) == "a\nb"


def test_what_is_not_found_is_answered_with_the_nearest_names() -> None:
    assert str(NotFound("rule", "ekz", ["eks", "s3"])) == "no rule is called 'ekz'; did you mean eks?"


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        ([], "known: none"),
        (["alpha", "beta"], "known: alpha, beta"),
        (
            [f"name{n}" for n in range(20)],
            "20 names are known, among them name0, name1, name10, name11, name12, name13, name14, name15",
        ),
    ],
)
def test_without_a_near_name_the_known_ones_are_listed_as_far_as_they_are_few(known: list[str], answer: str) -> None:
    assert nearest("zzzzzz", known) == answer


def test_a_problem_is_told_once() -> None:
    told = DocumentError([Problem("is missing", path=("a",)), Problem("is odd", path=("b",)), Problem("is missing", path=("a",))])  # fmt: skip
    assert [each.key for each in told.problems] == ["a", "b"]
    assert str(told).count("is missing") == 1
