"""A store of documents inside Aurora PostgreSQL."""

from __future__ import annotations

from blueprint.ports import PostgresPort
from blueprint.types import KeyPurpose
from components.data.aurora import PORT, Aurora
from components.data.databases import WORKLOAD, Databases, signs_in
from components.foundation.admission import ToNetwork
from components.retrieval import pgvector_schema as schema
from components.retrieval.document_store import DocumentStore, Native
from components.retrieval.pgvector_spec import PgVectorSpec


class PgVector(DocumentStore[PgVectorSpec]):
    """Creates an Aurora cluster whose rows show themselves to the groups that may see them, and what every store has.

    The database holds the groups against each row itself: a fault in the tools server shows nobody another's document.
    """

    PROGRAMS = ("pgvector", "postgres")

    def made(self) -> Native:
        """The cluster, with the database and its users."""
        spec, size = self.spec, self.spec.database
        aurora = Aurora(
            f"{self.noun}/database", platform=self.platform, network=self.network, keys=self.keys, backup=self.backup,
            classes=self.classes, database=schema.NAME, units=(size.min_units, size.max_units), instances=size.instances,
            admits=self.cluster.security_group_id, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        databases = Databases(
            f"{self.noun}/databases", platform=self.platform, network=self.network, cluster=self.cluster,
            who=self.who(WORKLOAD), space=self.space, aurora=aurora, wanted=[schema.database(spec)],
            secrets_key_arn=self.keys.arns[KeyPurpose.SECRETS], opts=self.inside,
        )  # fmt: skip
        host = aurora.cluster.endpoint
        return Native(
            port=PostgresPort(
                provider=self.noun, host=host, port=PORT, database=schema.NAME, user=schema.WRITER
            ),
            told={
                "DATABASE_HOST": host, "DATABASE_NAME": schema.NAME, "DATABASE_PORT": str(PORT),
                "DATABASE_USER": schema.READER,
            },
            way=ToNetwork((self.network.vpc_cidr,), PORT), reads=[signs_in(aurora, schema.READER)],
            writes=[signs_in(aurora, schema.WRITER)], after=[databases.job],
        )  # fmt: skip
