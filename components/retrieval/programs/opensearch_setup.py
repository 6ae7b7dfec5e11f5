"""Bring a domain in order: the index, who may do what in it, what is recorded, and daily snapshots into the store's bucket.

May run again and again. An index of vectors of another model is refused, not mixed up.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence

from components.retrieval.programs.calls import MISSING, Calls, expected
from components.retrieval.programs.contract import RefusedError, UnavailableError, mapping
from components.retrieval.programs.opensearch import INDEX, calls

SPACES = {"cosine": "cosinesimil", "euclidean": "l2", "inner_product": "innerproduct"}
READER, WRITER = "documents_reader", "documents_writer"
SNAPSHOTS = "own-bucket"
READS = ["indices:data/read/search", "indices:data/read/get", "indices:data/read/msearch"]
WRITES = ["indices:data/write/*", "indices:data/read/*", "indices:admin/mappings/get"]

AUDIT: Mapping[str, object] = {
    "enabled": True,
    "audit": {
        "enable_rest": True, "disabled_rest_categories": ["AUTHENTICATED"], "enable_transport": True,
        "disabled_transport_categories": ["AUTHENTICATED", "GRANTED_PRIVILEGES"], "resolve_bulk_requests": False,
        "log_request_body": False, "resolve_indices": True, "exclude_sensitive_headers": True, "ignore_users": [],
        "ignore_requests": [],
    },
    "compliance": {
        "enabled": True, "internal_config": True, "external_config": False, "read_metadata_only": True,
        "read_watched_fields": {INDEX: ["id"]}, "read_ignore_users": [], "write_metadata_only": True,
        "write_log_diffs": False, "write_watched_indices": [INDEX], "write_ignore_users": [],
    },
}  # fmt: skip
"""Who asked for what, who read and who changed documents; neither the words of a search nor the text of a document."""

Json = Mapping[str, object]


def settings(told: Mapping[str, str]) -> dict[str, object]:
    """What of an index may change: its copies, and from when on it calls something slow."""
    return {
        "number_of_replicas": int(told["REPLICAS"]), "search.slowlog.threshold.query.warn": "2s",
        "indexing.slowlog.threshold.index.warn": "5s", "indexing.slowlog.source": "false",
    }  # fmt: skip


def index(told: Mapping[str, str]) -> Json:
    """The index as a stack document describes it; documents with other fields are refused."""
    keyword: Json = {"type": "keyword"}
    return {
        "settings": {"index": {"knn": True, "number_of_shards": 1, **settings(told)}},
        "mappings": {
            "dynamic": "strict",
            "_meta": {"embedding_model": told["EMBEDDING_MODEL"], "dimensions": int(told["DIMENSIONS"])},
            "properties": {
                "id": keyword, "text": {"type": "text"}, "source": keyword, "metadata": {"type": "flat_object"},
                "indexed_at": {"type": "date"}, told["PERMISSION_FIELD"]: keyword,
                "embedding": {
                    "type": "knn_vector", "dimension": int(told["DIMENSIONS"]),
                    "method": {"name": "hnsw", "engine": "faiss", "space_type": SPACES[told["DISTANCE"]]},
                },
            },
        },
    }  # fmt: skip


def bring_in_order(call: Calls, told: Mapping[str, str], readers: Sequence[str], writers: Sequence[str]) -> None:
    """All steps. Raises RefusedError, UnavailableError."""
    _index(call, told)
    security = "/_plugins/_security/api"
    seen = json.dumps({"exists": {"field": told["PERMISSION_FIELD"]}})
    reading: Json = {"index_patterns": [INDEX], "dls": seen, "allowed_actions": READS}
    writing: Json = {"index_patterns": [INDEX], "allowed_actions": WRITES}
    rights: tuple[tuple[str, Json, Sequence[str], Sequence[str]], ...] = (
        (READER, reading, ["cluster_composite_ops_ro"], readers),
        (WRITER, writing, ["cluster_composite_ops"], writers),
    )
    for role, index_rights, cluster_rights, members in rights:
        body = {"cluster_permissions": cluster_rights, "index_permissions": [index_rights]}
        expected(call, "PUT", f"{security}/roles/{role}", body)
        expected(call, "PUT", f"{security}/rolesmapping/{role}", {"backend_roles": list(members)})
    expected(call, "PUT", f"{security}/audit/config", AUDIT)
    _snapshots(call, told)


def _index(call: Calls, told: Mapping[str, str]) -> None:
    status, answer = call("GET", f"/{INDEX}/_mapping")
    if status == MISSING:
        expected(call, "PUT", f"/{INDEX}", index(told))
        return
    if status != 200:
        raise UnavailableError(f"GET /{INDEX}/_mapping answered {status}")
    held = mapping(mapping(mapping(answer.get(INDEX)).get("mappings")).get("_meta"))
    wanted = mapping(mapping(index(told)["mappings"])["_meta"])
    if held != wanted:
        raise RefusedError(f"the index holds {held}, not {wanted}; make a store of another name for another model")
    expected(call, "PUT", f"/{INDEX}/_settings", {"index": settings(told)})


def _snapshots(call: Calls, told: Mapping[str, str]) -> None:
    place = {"bucket": told["SNAPSHOT_BUCKET"], "region": told["AWS_REGION"], "role_arn": told["SNAPSHOT_ROLE"],
             "server_side_encryption": True}  # fmt: skip
    expected(call, "PUT", f"/_snapshot/{SNAPSHOTS}", {"type": "s3", "settings": place})
    daily = {"schedule": {"cron": {"expression": "0 2 * * *", "timezone": "UTC"}}, "time_limit": "2h"}
    policy = {
        "description": "daily, into the store's own bucket", "enabled": True, "creation": daily,
        "deletion": {"schedule": {"cron": {"expression": "0 6 * * *", "timezone": "UTC"}}, "time_limit": "1h",
                     "condition": {"max_age": f"{told['SNAPSHOT_DAYS']}d", "min_count": 7}},
        "snapshot_config": {"repository": SNAPSHOTS, "indices": INDEX, "include_global_state": False},
    }  # fmt: skip
    path = f"/_plugins/_sm/policies/daily-{INDEX}"
    status, answer = call("GET", path)
    if status == MISSING:
        expected(call, "POST", path, policy)
        return
    turn = f"if_seq_no={answer.get('_seq_no')}&if_primary_term={answer.get('_primary_term')}"
    expected(call, "PUT", f"{path}?{turn}", policy)


def main() -> int:
    """One pass as the domain's administrator."""
    told = dict(os.environ)
    try:
        bring_in_order(calls(), told, json.loads(told["READERS"]), json.loads(told["WRITERS"]))
    except (RefusedError, UnavailableError) as trouble:
        sys.stderr.write(f"the domain is not in order: {trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
