"""Rows that somebody derived a second time without having seen our mapping: where ours differs still, the reason is written.

`rederived.yaml` holds the seed of each draw and the answers as they were given; docs/explanation/coverage.md says when a
row agrees, and that was written before the answers came.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from blueprint.types import Frozen
from compliance.catalogue import load
from compliance.requirements import Extent, Requirement

DRAWN, GOAL = 40, 36


class Answer(Frozen):
    """What the second reader wrote for one row; the main control comes first."""

    controls: tuple[str, ...]
    extent: Extent

    def agrees(self, row: Requirement) -> bool:
        """Equal extents, their main control in ours, and half of the shorter list in the other one."""
        common = set(self.controls) & set(row.controls)
        return (
            self.extent is row.extent
            and self.controls[0] in row.controls
            and 2 * len(common) >= min(len(self.controls), len(row.controls))
        )


class Draw(Frozen):
    """Forty rows, drawn with a seed and derived again."""

    seed: int
    agreed: int
    """Rows that agreed when the answers came."""
    mended: str = ""
    """The class of error that was mended then."""
    kept: Mapping[str, str]
    """Rows where our mapping still differs from the answer → why."""
    rows: Mapping[str, Answer]
    """framework@edition and id → the answer."""


DRAWS = tuple(
    Draw.model_validate(each)
    for each in yaml.safe_load((Path(__file__).parent / "rederived.yaml").read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: str(draw.seed))
def test_our_mapping_differs_from_an_answer_only_where_a_reason_is_written(draw: Draw) -> None:
    ours = {f"{reference} {row.id}": row for reference, row in load().rows(load().frameworks)}
    assert len(draw.rows) == DRAWN
    assert sorted(name for name, answer in draw.rows.items() if not answer.agrees(ours[name])) == sorted(draw.kept)


@pytest.mark.parametrize("draw", DRAWS, ids=lambda draw: str(draw.seed))
def test_an_answer_that_we_do_not_follow_leaves_part_to_somebody(draw: Draw) -> None:
    ours = {f"{reference} {row.id}": row for reference, row in load().rows(load().frameworks)}
    assert {name: ours[name].extent for name in draw.kept} == dict.fromkeys(draw.kept, Extent.PART)


def test_no_row_was_drawn_twice() -> None:
    drawn = [name for draw in DRAWS for name in draw.rows]
    assert len(set(drawn)) == len(drawn)


def test_a_draw_that_missed_the_goal_says_what_was_mended() -> None:
    assert [draw.seed for draw in DRAWS if draw.agreed < GOAL and not draw.mended] == []
