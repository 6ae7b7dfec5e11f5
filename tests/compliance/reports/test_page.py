"""The page fetches nothing, escapes everything, and carries every row with its evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from blueprint.judgement import Judgement
from compliance.findings import Outcome
from compliance.matrix import Attested, Matrix
from compliance.reports.delimited import as_csv
from compliance.reports.markdown import as_markdown
from compliance.reports.page import _left, as_html
from compliance.reports.terminal import as_table

pytestmark = pytest.mark.xdist_group("stacks")

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def matrix(judged: Callable[[str], Judgement]) -> Matrix:
    return judged("regulated").matrix()


@pytest.fixture(scope="module")
def page(matrix: Matrix) -> str:
    return as_html(matrix)


class Tags(HTMLParser):
    """Every opening tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_nothing_is_fetched_from_anywhere(page: str) -> None:
    tags = Tags(page).seen
    assert not [tag for tag, _ in tags if tag in {"link", "img", "iframe", "object", "embed", "base"}]
    assert not [attributes for _, attributes in tags if attributes.get("src")]
    assert not [href for _, each in tags if (href := each.get("href")) is not None and not href.startswith("#")]
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", page)


def test_every_requirement_has_its_row_and_its_detail(page: str, matrix: Matrix) -> None:
    tags = Tags(page).seen
    rows = [attributes for tag, attributes in tags if tag == "tr" and (attributes.get("class") or "") == "row"]
    assert [row["id"] for row in rows] == [f"{row.framework}-{row.requirement}" for row in matrix.rows]
    assert len([1 for tag, attributes in tags if tag == "tr" and attributes.get("class") == "detail"]) == len(
        matrix.rows
    )


def test_the_evidence_behind_a_row_is_all_of_it(page: str, matrix: Matrix) -> None:
    found = re.search(r'<script type="application/json" id="evidence">(.*?)</script>', page, re.DOTALL)
    assert found
    evidence = json.loads(found.group(1))
    for row, (applied, left) in zip(matrix.rows, evidence["rows"], strict=True):
        reads = [evidence["reads"][place] for place in applied]
        assert [(evidence["urns"][read[0]], read[1], evidence["rules"][read[6]]) for read in reads] == [
            each.key for each in row.applied_by
        ]
        assert [evidence["findings"][place]["id"] for place in left] == [each.id for each in row.open]


def test_a_row_can_be_linked_to_and_opened_from_the_keyboard(page: str, matrix: Matrix) -> None:
    tags = Tags(page).seen
    ids = {f"{row.framework}-{row.requirement}" for row in matrix.rows}
    links = {(each["href"] or "")[1:] for tag, each in tags if tag == "a"}
    assert links - {"rows"} == ids
    openers = [each for tag, each in tags if tag == "button" and each.get("class") == "opener"]
    assert [each["aria-expanded"] for each in openers] == ["false"] * len(matrix.rows)


def test_every_open_finding_is_listed_once_with_what_mends_it(matrix: Matrix) -> None:
    left = _left(matrix)
    assert {(each.rule, subject) for each in left for subject in each.subjects} == {
        (each.rule, each.subject) for row in matrix.rows for each in row.open
    }
    assert all(each.remedy and each.rows for each in left)
    assert len({(each.outcome, each.rule) for each in left}) == len(left)


def test_a_failure_stands_before_what_is_not_known(matrix: Matrix) -> None:
    row = next(row for row in matrix.rows if len(row.open) > 1)
    failed = row.open[-1].model_copy(update={"outcome": Outcome.FAIL, "rule": "zz_fails"})
    first = _left(matrix.model_copy(update={"rows": (*matrix.rows, row.model_copy(update={"open": (failed,)}))}))[0]
    assert (first.outcome, first.rule, first.rows) == ("fail", "zz_fails", 1)


def test_what_somebody_signed_is_shown_with_its_end(matrix: Matrix) -> None:
    signature = Attested(
        id="AT-1",
        statement="the official is named",
        owner="jo@example.org",
        evidence="POL-7",
        until="2026-10-01",
        expired=True,
    )
    first = matrix.rows[0].model_copy(update={"attestation": signature})
    page = as_html(matrix.model_copy(update={"rows": (first, *matrix.rows[1:])}))
    assert 'data-signed="expired"' in page
    assert "expired on 2026-10-01" in page
    assert "evidence: POL-7" in page


def test_what_a_document_says_cannot_run_in_the_page(matrix: Matrix) -> None:
    first = matrix.rows[0].model_copy(update={"title": EVIL, "duty": EVIL, "remainder": EVIL})
    shown = as_html(matrix.model_copy(update={"rows": (first, *matrix.rows[1:])}))
    assert EVIL not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_the_page_is_small_enough_to_mail(page: str) -> None:
    assert len(page.encode()) < 4_000_000


def test_a_spreadsheet_cell_is_never_a_formula(matrix: Matrix) -> None:
    first = matrix.rows[0].model_copy(update={"title": "=HYPERLINK(1)"})
    assert "'=HYPERLINK(1)" in as_csv(matrix.model_copy(update={"rows": (first,)}))


def test_the_terminal_shows_totals_with_what_they_are_of(matrix: Matrix) -> None:
    shown = as_table(matrix)
    assert "671 requirements" in shown
    assert "applicable rule × subject pairs" in shown


def test_markdown_has_one_table_a_framework(matrix: Matrix) -> None:
    shown = as_markdown(matrix)
    assert [line for line in shown.splitlines() if line.startswith("## ")] == [
        f"## {name}" for name in matrix.header.frameworks
    ]
