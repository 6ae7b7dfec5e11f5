"""A store of documents in Qdrant."""

from __future__ import annotations

import pulumi

from blueprint.ports import QdrantPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose
from components.certified import AUTHORITIES
from components.foundation.admission import ToPods
from components.foundation.private_bucket import Ageing, PrivateBucket
from components.foundation.secret_access import reads_secrets
from components.retrieval.document_store import DocumentStore, Native
from components.retrieval.programs.qdrant import COLLECTION
from components.retrieval.qdrant_cluster import DOOR, HTTP, QdrantCluster
from components.retrieval.qdrant_spec import (
    API_KEY,
    PEERS_KEY,
    READ_KEY,
    SETUP,
    SNAPSHOTS,
    STORE,
    QdrantSpec,
)
from components.retrieval.store_spec import FRESHNESS, SERVER

NIGHTLY = "30 1 * * *"


class Qdrant(DocumentStore[QdrantSpec]):
    """Creates a Qdrant cluster with its keys, its collection and a nightly copy in a bucket, and what every store has.

    The tools server holds the key that reads; the key that writes is for those who bring documents in.
    """

    PROGRAMS = ("calls", "qdrant", "qdrant_setup", "qdrant_snapshots")

    def made(self) -> Native:
        """The cluster, and the bucket for its snapshots."""
        at = {name: self.secrets.arns[f"{self.noun}/{name}"] for name in (API_KEY, READ_KEY, PEERS_KEY)}
        self._write_key = {API_KEY: at[API_KEY]}
        self._qdrant = QdrantCluster(
            f"{self.noun}/{STORE}", platform=self.platform, network=self.network, cluster=self.cluster,
            who=self.who(STORE), space=self.space, classes=self.classes, size=self.spec.cluster,
            secrets=self.mounted(STORE, at), keep=self.spec.keep, opts=self.inside,
            callers=[self.who(each).labels for each in (SERVER, FRESHNESS, SETUP, SNAPSHOTS)],
        )  # fmt: skip
        self._bucket = PrivateBucket(
            f"{self.noun}/snapshots", platform=self.platform, key_arn=self.keys.arns[KeyPurpose.OBJECTS],
            access_log_bucket=self.audit.access_log_bucket, classes=self.classes, keep=self.spec.keep,
            ageing=Ageing(noncurrent_days=30), more={Tag.AUDIT_RELEVANT: "false"}, opts=self.inside,
        )  # fmt: skip
        url = f"https://{self._qdrant.host}:{HTTP}"
        store = self.who(STORE)
        self._native = Native(
            port=QdrantPort(
                provider=self.noun, url=url, collection=COLLECTION, secret_arn=at[API_KEY], authorities=AUTHORITIES
            ),
            told={"STORE_URL": url}, way=ToPods(store.namespace, store.labels, DOOR),
            writes=[reads_secrets([at[API_KEY]]), self.decrypts_secrets()], reader_secrets={READ_KEY: at[READ_KEY]},
        )  # fmt: skip
        return self._native

    def brought_in_order(self) -> None:
        """The collection once, and its snapshots every night."""
        after = self.within(provider=self.cluster.provider_resource, depends_on=[self._qdrant.members])
        self.opened(SETUP, self._native)
        self.pods.once(
            self.who(SETUP), "qdrant_setup", told={"MEMBERS": str(self.spec.cluster.members)},
            secrets=self.mounted(SETUP, self._write_key), opts=after,
        )  # fmt: skip
        through = {"StringEquals": {"kms:ViaService": f"s3.{self.platform.region}.amazonaws.com"}}
        self.grant(SNAPSHOTS, "copies", [
            {"Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
             "Resource": pulumi.Output.concat(self._bucket.arn, f"/{COLLECTION}/*")},
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Condition": through,
             "Resource": self.keys.arns[KeyPurpose.OBJECTS]},
        ])  # fmt: skip
        self.opened(SNAPSHOTS, self._native)
        self.pods.often(
            self.who(SNAPSHOTS), "qdrant_snapshots", NIGHTLY, told={"BUCKET": self._bucket.name},
            secrets=self.mounted(SNAPSHOTS, self._write_key), opts=after,
        )  # fmt: skip
