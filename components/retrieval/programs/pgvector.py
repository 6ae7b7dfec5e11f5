"""Documents in PostgreSQL. The database shows a transaction the rows of the groups that it was told, and no others."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import botocore.session  # type: ignore[import-untyped]

from components.retrieval.programs.contract import Filters, Hit, UnavailableError
from components.retrieval.programs.postgres import Place, Pool, Row, Statement, StatementError

ORDERS = {"cosine": "<=>", "euclidean": "<->", "inner_product": "<#>"}
"""Distance -> pgvector's operator."""
GROUPS = "SELECT set_config('blueprint.groups', $1, true)"
FAR_ENOUGH = "SELECT set_config('hnsw.iterative_scan', 'strict_order', true)"
"""The index goes on until enough rows are found that the caller may see; without it, hidden rows would use up the list."""
NEAR = (
    "SELECT id, text, source FROM documents WHERE metadata @> $2::text::jsonb "
    "ORDER BY embedding {order} $1::text::vector LIMIT $3::text::int"
)
MATCHING = (
    "SELECT id, text, source FROM documents, websearch_to_tsquery('simple', $1) AS wanted "
    "WHERE words @@ wanted AND metadata @> $2::text::jsonb "
    "ORDER BY ts_rank_cd(words, wanted) DESC, id LIMIT $3::text::int"
)
FETCH = "SELECT id, text, source FROM documents WHERE id = $1"
NEWEST = "SELECT extract(epoch FROM newest_document())::text"


class Runs(Protocol):
    """What runs statements in one transaction; the rows of the last one."""

    def run(self, *statements: Statement) -> list[Row]:
        """Raises StatementError, UnavailableError."""


@dataclass(frozen=True)
class PgVector:
    """The store over one database."""

    database: Runs
    distance: str

    def near(self, vector: Sequence[float], groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by the distance of their vectors, nearest first."""
        written = "[" + ",".join(repr(float(number)) for number in vector) + "]"
        wanted = NEAR.format(order=ORDERS[self.distance])
        return self._found(groups, (FAR_ENOUGH, []), (wanted, [written, json.dumps(filters), str(count)]))

    def matching(self, text: str, groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by their words, best first."""
        return self._found(groups, (MATCHING, [text, json.dumps(filters), str(count)]))

    def fetch(self, id_: str, groups: Sequence[str]) -> Hit | None:
        """One document."""
        return next(iter(self._found(groups, (FETCH, [id_]))), None)

    def newest(self) -> datetime | None:
        """When the newest document was indexed, by a function that tells nothing else of rows that are hidden."""
        ((seconds,),) = self._run((NEWEST, []))
        return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)

    def _found(self, groups: Sequence[str], *statements: Statement) -> list[Hit]:
        rows = self._run((GROUPS, [",".join(groups)]), *statements)
        return [Hit(*(value or "" for value in row)) for row in rows]  # type: ignore[arg-type]  # three texts

    def _run(self, *statements: Statement) -> list[Row]:
        try:
            return self.database.run(*statements)
        except StatementError as error:
            raise UnavailableError(f"PostgreSQL refused: {error}") from error


def token(place: Place, region: str) -> str:
    """A signed address, which RDS takes as password for fifteen minutes."""
    client = botocore.session.get_session().create_client("rds", region_name=region)
    return str(client.generate_db_auth_token(place.host, place.port, place.user, Region=region))


def store() -> PgVector:
    """The store that the pod is told."""
    place = Place(
        os.environ["DATABASE_HOST"], int(os.environ["DATABASE_PORT"]), os.environ["DATABASE_NAME"],
        os.environ["DATABASE_USER"],
    )  # fmt: skip
    pool = Pool(place, lambda: token(place, os.environ["AWS_REGION"]), encrypted())
    return PgVector(pool, os.environ["DISTANCE"])


def encrypted() -> ssl.SSLContext:
    """TLS as psql's `require`: RDS signs with an authority of its own, which no image of ours holds a copy of."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
