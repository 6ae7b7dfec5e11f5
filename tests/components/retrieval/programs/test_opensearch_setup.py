"""What brings a domain in order."""

from __future__ import annotations

from typing import Any

import pytest

from components.retrieval.programs.contract import RefusedError, UnavailableError
from components.retrieval.programs.opensearch_setup import bring_in_order, index
from tests.components.retrieval.programs.apis import Answer, Api

TOLD = {
    "AWS_REGION": "us-east-1", "DIMENSIONS": "3", "DISTANCE": "cosine", "EMBEDDING_MODEL": "large",
    "PERMISSION_FIELD": "allowed_groups", "REPLICAS": "2", "SNAPSHOT_BUCKET": "snapshots", "SNAPSHOT_DAYS": "35",
    "SNAPSHOT_ROLE": "arn:aws:iam::111122223333:role/snapshots",
}  # fmt: skip
MISSING: Answer = (404, {})
POLICY = "/_plugins/_sm/policies/daily-documents"
READERS, WRITERS = ["arn:aws:iam::111122223333:role/server"], ["arn:aws:iam::111122223333:role/loader"]


def meta(**held: object) -> Answer:
    return 200, {"documents": {"mappings": {"_meta": held}}}


def run(**answers: Answer) -> Api:
    api = Api({"GET /documents/_mapping": MISSING, f"GET {POLICY}": MISSING, **answers})
    bring_in_order(api, TOLD, READERS, WRITERS)
    return api


def test_a_new_domain_gets_its_index_its_rights_and_its_snapshots() -> None:
    api = run()
    assert [key for key, _ in api.asked] == [
        "GET /documents/_mapping", "PUT /documents",
        "PUT /_plugins/_security/api/roles/documents_reader", "PUT /_plugins/_security/api/rolesmapping/documents_reader",
        "PUT /_plugins/_security/api/roles/documents_writer", "PUT /_plugins/_security/api/rolesmapping/documents_writer",
        "PUT /_plugins/_security/api/audit/config", "PUT /_snapshot/own-bucket", f"GET {POLICY}", f"POST {POLICY}",
    ]  # fmt: skip


def test_whoever_reads_sees_documents_that_name_a_group_and_changes_nothing() -> None:
    rights: Any = run().body("PUT /_plugins/_security/api/roles/documents_reader")
    (own,) = rights["index_permissions"]
    assert own["dls"] == '{"exists": {"field": "allowed_groups"}}'
    assert not [action for action in own["allowed_actions"] if not action.startswith("indices:data/read/")]
    assert rights["cluster_permissions"] == ["cluster_composite_ops_ro"]
    assert run().body("PUT /_plugins/_security/api/rolesmapping/documents_reader") == {"backend_roles": READERS}
    assert run().body("PUT /_plugins/_security/api/rolesmapping/documents_writer") == {"backend_roles": WRITERS}


def test_the_index_refuses_fields_that_it_does_not_know_and_keeps_permissions_as_words() -> None:
    told: Any = index(TOLD)
    assert told["mappings"]["dynamic"] == "strict"
    fields = told["mappings"]["properties"]
    assert fields["allowed_groups"] == {"type": "keyword"}
    assert fields["embedding"]["dimension"] == 3
    assert fields["embedding"]["method"] == {"name": "hnsw", "engine": "faiss", "space_type": "cosinesimil"}


def test_who_read_and_who_changed_is_recorded_and_no_words_of_it() -> None:
    told: Any = run().body("PUT /_plugins/_security/api/audit/config")
    assert told["enabled"] is told["compliance"]["enabled"] is True
    assert "GRANTED_PRIVILEGES" not in told["audit"]["disabled_rest_categories"]
    assert told["audit"]["log_request_body"] is told["compliance"]["write_log_diffs"] is False
    assert told["compliance"]["write_watched_indices"] == ["documents"]


def test_an_index_of_the_same_model_stays_and_gets_its_replicas() -> None:
    api = run(**{"GET /documents/_mapping": meta(embedding_model="large", dimensions=3)})
    changed: Any = api.body("PUT /documents/_settings")
    assert changed["index"]["number_of_replicas"] == 2
    assert changed["index"].keys() <= index(TOLD)["settings"]["index"].keys()  # type: ignore[index]
    assert "PUT /documents" not in [key for key, _ in api.asked]


def test_an_index_of_another_model_is_refused_before_anything_changes() -> None:
    api = Api({"GET /documents/_mapping": meta(embedding_model="small", dimensions=3)})
    with pytest.raises(RefusedError, match="make a store of another name for another model"):
        bring_in_order(api, TOLD, READERS, WRITERS)
    assert len(api.asked) == 1


def test_a_schedule_that_is_there_is_brought_up_to_date_in_its_turn() -> None:
    api = run(**{f"GET {POLICY}": (200, {"_seq_no": 7, "_primary_term": 2})})
    policy: Any = api.body(f"PUT {POLICY}?if_seq_no=7&if_primary_term=2")
    assert policy["deletion"]["condition"]["max_age"] == "35d"
    assert policy["snapshot_config"]["repository"] == "own-bucket"


def test_a_domain_that_does_not_answer_is_trouble() -> None:
    with pytest.raises(UnavailableError, match="answered 503"):
        run(**{"GET /documents/_mapping": (503, {})})
