"""What makes a collection."""

from __future__ import annotations

import pytest

from components.retrieval.programs.contract import RefusedError, UnavailableError
from components.retrieval.programs.qdrant_setup import bring_in_order, collection
from tests.components.retrieval.programs.apis import Answer, Api

TOLD = {
    "DIMENSIONS": "3",
    "DISTANCE": "cosine",
    "EMBEDDING_MODEL": "large",
    "MEMBERS": "3",
    "PERMISSION_FIELD": "allowed_groups",
}
GET = "GET /collections/documents"
INDEX = "PUT /collections/documents/index?wait=true"


def held(model: str = "large", size: int = 3) -> Answer:
    vectors = {"embedding": {"size": size, "distance": "Cosine", "on_disk": None}}
    return 200, {"result": {"config": {"params": {"vectors": vectors}, "metadata": {"embedding_model": model}}}}


def test_a_new_collection_is_held_by_every_member_and_written_to_most_of_them() -> None:
    made = collection(TOLD)
    assert (made["replication_factor"], made["write_consistency_factor"]) == (3, 2)
    assert made["vectors"] == {"embedding": {"size": 3, "distance": "Cosine"}}
    assert made["sparse_vectors"] == {"words": {"modifier": "idf"}}


def test_permissions_are_indexed_so_that_the_filter_comes_first() -> None:
    api = Api({GET: (404, {})})
    bring_in_order(api, TOLD)
    assert api.asked[1] == ("PUT /collections/documents", collection(TOLD))
    assert [body for key, body in api.asked if key == INDEX] == [
        {"field_name": "allowed_groups", "field_schema": "keyword"},
        {"field_name": "id", "field_schema": "keyword"},
        {"field_name": "indexed_at", "field_schema": "datetime"},
    ]


def test_a_collection_of_the_same_model_stays() -> None:
    api = Api({GET: held()})
    bring_in_order(api, TOLD)
    assert [key for key, _ in api.asked] == [GET, INDEX, INDEX, INDEX]


@pytest.mark.parametrize(("answer", "part"), [(held(model="small"), "metadata"), (held(size=4), "vectors")])
def test_a_collection_of_another_model_is_refused_before_anything_changes(answer: Answer, part: str) -> None:
    api = Api({GET: answer})
    with pytest.raises(RefusedError, match=f"the collection's {part} are"):
        bring_in_order(api, TOLD)
    assert len(api.asked) == 1


def test_a_cluster_that_does_not_answer_is_trouble() -> None:
    with pytest.raises(UnavailableError, match="answered 503"):
        bring_in_order(Api({GET: (503, {})}), TOLD)
