"""What a store of documents holds inside PostgreSQL, as SQL that may run again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.data.databases import Database

if TYPE_CHECKING:
    from components.retrieval.pgvector_spec import PgVectorSpec

NAME = "documents"
WRITER, READER = "index", "search"
"""Who owns the documents and writes them, and who searches them; both sign in by IAM."""
OPERATORS = {"cosine": "vector_cosine_ops", "euclidean": "vector_l2_ops", "inner_product": "vector_ip_ops"}
"""Distance -> how pgvector's index compares."""


def database(spec: PgVectorSpec) -> Database:
    """The database with its users, and everything in it."""
    return Database(name=NAME, user=WRITER, readers=(READER,), extensions=("vector",), statements=statements(spec))


def statements(spec: PgVectorSpec) -> str:
    """Table, indexes and row-level security. A store that holds vectors of another model is refused, not mixed up."""
    groups = f'"{spec.permission_field}"'
    return f"""
CREATE TABLE IF NOT EXISTS store (embedding_model text NOT NULL, dimensions int NOT NULL);
INSERT INTO store SELECT '{spec.embedding_model}', {spec.dimensions} WHERE NOT EXISTS (SELECT FROM store);
DO $$ DECLARE held store; BEGIN
  SELECT * INTO held FROM store;
  IF held <> ROW('{spec.embedding_model}', {spec.dimensions})::store THEN
    RAISE EXCEPTION 'the store holds vectors of % with % numbers; make a store of another name for another model',
      held.embedding_model, held.dimensions;
  END IF;
END $$;
CREATE TABLE IF NOT EXISTS documents (
  id text PRIMARY KEY,
  text text NOT NULL,
  source text NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{{}}',
  embedding vector({spec.dimensions}) NOT NULL,
  words tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED,
  {groups} text[] NOT NULL CHECK (cardinality({groups}) > 0),
  indexed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS documents_by_embedding ON documents USING hnsw (embedding {OPERATORS[spec.distance]});
CREATE INDEX IF NOT EXISTS documents_by_words ON documents USING gin (words);
CREATE INDEX IF NOT EXISTS documents_by_metadata ON documents USING gin (metadata jsonb_path_ops);
CREATE INDEX IF NOT EXISTS documents_by_groups ON documents USING gin ({groups});
CREATE INDEX IF NOT EXISTS documents_by_age ON documents (indexed_at);
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS by_group ON documents;
CREATE POLICY by_group ON documents FOR SELECT TO "{READER}"
  USING ({groups} && string_to_array(current_setting('blueprint.groups', true), ','));
GRANT SELECT ON documents TO "{READER}";
CREATE OR REPLACE FUNCTION newest_document() RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public AS 'SELECT max(indexed_at) FROM documents';
REVOKE ALL ON FUNCTION newest_document() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION newest_document() TO "{READER}";
"""  # noqa: S608  the document's values have patterns that leave no room for a quote
