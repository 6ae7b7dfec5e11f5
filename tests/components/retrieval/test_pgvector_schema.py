"""What a store holds inside PostgreSQL, as text; `programs/test_pgvector_on_postgres.py` runs it."""

from __future__ import annotations

import pytest

from components.retrieval.pgvector_schema import database, statements
from components.retrieval.pgvector_spec import PgVectorSpec


def store(**more: object) -> PgVectorSpec:
    required = {"name": "knowledge", "embedding_model": "large", "dimensions": 3}
    return PgVectorSpec.model_validate({**required, **more})


def test_nobody_but_the_owner_writes_and_both_sign_in_by_iam() -> None:
    made = database(store())
    assert (made.name, made.user, made.readers, made.password_arn) == ("documents", "index", ("search",), None)
    assert made.extensions == ("vector",)


@pytest.mark.parametrize(
    ("distance", "operators"),
    [("cosine", "vector_cosine_ops"), ("euclidean", "vector_l2_ops"), ("inner_product", "vector_ip_ops")],
)
def test_the_index_compares_as_the_document_says(distance: str, operators: str) -> None:
    assert f"USING hnsw (embedding {operators})" in statements(store(distance=distance))


def test_the_field_of_permissions_is_quoted_wherever_it_stands() -> None:
    text = statements(store(permission_field="user"))
    assert '"user" text[] NOT NULL CHECK (cardinality("user") > 0)' in text
    assert "USING (\"user\" && string_to_array(current_setting('blueprint.groups', true), ','))" in text
    assert "allowed_groups" not in text
