"""What PostgreSQL is asked; what it makes of it is shown by `test_pgvector_on_postgres.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from components.retrieval.programs.contract import Hit, UnavailableError
from components.retrieval.programs.pgvector import FAR_ENOUGH, PgVector, token
from components.retrieval.programs.postgres import Place, Row, Statement, StatementError


class Database:
    def __init__(self, rows: list[Row] | None = None, failure: str = "") -> None:
        self.rows, self.failure = rows or [], failure
        self.ran: list[tuple[Statement, ...]] = []

    def run(self, *statements: Statement) -> list[Row]:
        self.ran.append(statements)
        if self.failure:
            raise StatementError(self.failure)
        return self.rows


def test_every_search_says_the_groups_first_in_the_same_transaction() -> None:
    database = Database([("a", "text", "source")])
    store = PgVector(database, "cosine")
    assert store.near([1, 2.5], ["x", "y"], {"lang": "en"}, 7) == [Hit("a", "text", "source")]
    assert store.matching("words", ["x"], {}, 3) == [Hit("a", "text", "source")]
    assert store.fetch("a", ["x"]) == Hit("a", "text", "source")
    assert [each[0] for each in database.ran] == [
        ("SELECT set_config('blueprint.groups', $1, true)", ["x,y"]),
        ("SELECT set_config('blueprint.groups', $1, true)", ["x"]),
        ("SELECT set_config('blueprint.groups', $1, true)", ["x"]),
    ]
    assert database.ran[0][1] == (FAR_ENOUGH, [])
    assert database.ran[0][2][1] == ["[1.0,2.5]", '{"lang": "en"}', "7"]


@pytest.mark.parametrize(("distance", "operator"), [("cosine", "<=>"), ("euclidean", "<->"), ("inner_product", "<#>")])
def test_vectors_are_compared_as_the_index_compares_them(distance: str, operator: str) -> None:
    database = Database()
    PgVector(database, distance).near([1], ["x"], {}, 1)
    assert f"ORDER BY embedding {operator} $1::text::vector" in database.ran[0][-1][0]


def test_nothing_that_a_caller_says_becomes_part_of_a_statement() -> None:
    database = Database()
    hostile = "'; DROP TABLE documents; --"
    PgVector(database, "cosine").matching(hostile, [hostile], {hostile: hostile}, 1)
    PgVector(database, "cosine").fetch(hostile, [hostile])
    assert not [text for ran in database.ran for text, _ in ran if "DROP" in text]


def test_the_age_is_that_of_the_newest_row_and_an_empty_store_has_none() -> None:
    assert PgVector(Database([("1763596800.5",)]), "cosine").newest() == datetime(2025, 11, 20, 0, 0, 0, 500000, UTC)
    assert PgVector(Database([(None,)]), "cosine").newest() is None


def test_a_refusal_of_postgresql_is_trouble_of_the_store() -> None:
    with pytest.raises(UnavailableError, match="PostgreSQL refused: no such table"):
        PgVector(Database(failure="no such table"), "cosine").fetch("a", ["x"])


def test_the_password_is_a_signed_address_for_one_user_and_fifteen_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "of-a-test"), ("AWS_SECRET_ACCESS_KEY", "of-a-test")):
        monkeypatch.setenv(name, value)
    place = Place("database.example.org", 5432, "documents", "search")
    told = urlsplit(f"https://{token(place, 'us-east-1')}")
    query = parse_qs(told.query)
    assert told.netloc == "database.example.org:5432"
    assert (query["Action"], query["DBUser"], query["X-Amz-Expires"]) == (["connect"], ["search"], ["900"])
