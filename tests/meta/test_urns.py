"""What a reader of the project may rely on: the names of resources, and what the matrix says of each requirement.

`make golden` writes the files again; their difference is reviewed like code. A URN that is renamed without an alias
makes the engine destroy what it names.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from blueprint.judgement import Judgement
from tests.conftest import GOLDEN, STACKS, graph_of

pytestmark = pytest.mark.xdist_group("stacks")

Compare = Callable[[str, str], None]
every_stack = pytest.mark.parametrize("stack", STACKS)


@every_stack
def test_the_urns_of_a_stack_are_those_that_are_written_down(stack: str, golden: Compare) -> None:
    golden(f"urns/{stack}.txt", "".join(f"{each.urn}\n" for each in graph_of(stack).resources))


@every_stack
def test_the_matrix_of_a_stack_says_what_is_written_down(
    stack: str, golden: Compare, judged: Callable[[str], Judgement]
) -> None:
    matrix = judged(stack).matrix()
    rows = [
        [
            f"{row.framework}@{row.edition} {row.requirement}",
            row.mapping,
            row.status,
            row.assessment,
            dict(row.verdicts),
        ]
        for row in matrix.rows
    ]
    lines = ",\n  ".join(json.dumps(row, sort_keys=True) for row in rows)
    summary = json.dumps(matrix.summary.model_dump(mode="json"), indent=1, sort_keys=True)
    golden(f"matrix/{stack}.json", f'{{"summary": {summary},\n"rows": [\n  {lines}\n]}}\n')


def test_every_golden_file_has_a_stack() -> None:
    files = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*") if path.is_file()}
    assert files == {
        f"{kind}/{stack}.{suffix}"
        for kind, suffix in (("urns", "txt"), ("matrix", "json"), ("edges", "txt"))
        for stack in STACKS
    }
