"""A store of documents in PostgreSQL, as it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.ports import PostgresPort
from tests.components.builders import names, only
from tests.components.retrieval.conftest import made, spec
from tests.components.retrieval.test_document_store import POLICY, statements

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph


def test_the_server_signs_in_as_a_reader_and_whoever_brings_documents_as_the_owner(pgvector: ResourceGraph) -> None:
    signs_in = {
        name: [str(each["Resource"]).rpartition("/")[2] for each in statements(only(pgvector, POLICY, name))]
        for name in ("vector-stores-knowledge-server-searches",
                     "vector-stores-knowledge-admits-pipelines-loader-documents-grant")
    }  # fmt: skip
    assert list(signs_in.values()) == [["search"], ["index"]]
    port = made(spec("pgvector"))[1]["native"]
    assert isinstance(port, PostgresPort)
    assert (port.port, port.database, port.user) == (5432, "documents", "index")


def test_the_job_makes_rows_that_show_themselves_to_their_groups(pgvector: ResourceGraph) -> None:
    data = only(pgvector, "kubernetes:core/v1:ConfigMap", "vector-stores-knowledge-databases-script").inputs["data"]
    inside = data["0-documents.inside.sql"]
    for part in ('CREATE EXTENSION IF NOT EXISTS "vector"', "embedding vector(1024)", "vector_cosine_ops",
                 "ENABLE ROW LEVEL SECURITY", 'FOR SELECT TO "search"', "blueprint.groups"):  # fmt: skip
        assert part in inside
    assert 'GRANT rds_iam TO "search"' in data["0-documents.outside.sql"]


def test_searches_wait_for_the_job(pgvector: ResourceGraph) -> None:
    job = only(pgvector, "kubernetes:batch/v1:Job")
    assert job.urn in only(pgvector, "kubernetes:apps/v1:Deployment").dependencies


def test_no_bucket_and_no_domain_is_made(pgvector: ResourceGraph) -> None:
    assert names(pgvector, "aws:s3/bucket:Bucket") == names(pgvector, "aws:opensearch/domain:Domain") == []


def test_the_size_is_the_documents(pgvector: ResourceGraph) -> None:
    graph = made(spec("pgvector", database={"min_units": 2, "max_units": 64, "instances": 3}))[0]
    assert len(names(graph, "aws:rds/clusterInstance:ClusterInstance")) == 3
    scaling = only(graph, "aws:rds/cluster:Cluster").inputs["serverlessv2ScalingConfiguration"]
    assert (scaling["minCapacity"], scaling["maxCapacity"]) == (2, 64)
