"""Make the collection of a store, with its indexes. A collection of vectors of another model is refused, not mixed up."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from components.retrieval.programs.calls import MISSING, Calls, expected
from components.retrieval.programs.contract import RefusedError, UnavailableError, mapping
from components.retrieval.programs.qdrant import COLLECTION, calls

DISTANCES = {"cosine": "Cosine", "euclidean": "Euclid", "inner_product": "Dot"}
PATH = f"/collections/{COLLECTION}"


def collection(told: Mapping[str, str]) -> dict[str, object]:
    """The collection as a stack document describes it; every member holds every document."""
    members = int(told["MEMBERS"])
    return {
        "vectors": {"embedding": {"size": int(told["DIMENSIONS"]), "distance": DISTANCES[told["DISTANCE"]]}},
        "sparse_vectors": {"words": {"modifier": "idf"}},
        "shard_number": 1, "replication_factor": members, "write_consistency_factor": members // 2 + 1,
        "metadata": {"embedding_model": told["EMBEDDING_MODEL"]},
        "strict_mode_config": {"enabled": True, "max_query_limit": 1000, "unindexed_filtering_update": False},
    }  # fmt: skip


def bring_in_order(call: Calls, told: Mapping[str, str]) -> None:
    """Collection and indexes. Raises RefusedError, UnavailableError."""
    wanted = collection(told)
    status, answer = call("GET", PATH)
    if status == MISSING:
        expected(call, "PUT", PATH, wanted)
    elif status == 200:
        _same(mapping(mapping(answer.get("result")).get("config")), wanted)
    else:
        raise UnavailableError(f"GET {PATH} answered {status}")
    indexes = {told["PERMISSION_FIELD"]: "keyword", "id": "keyword", "indexed_at": "datetime"}
    for field, schema in indexes.items():
        expected(call, "PUT", f"{PATH}/index?wait=true", {"field_name": field, "field_schema": schema})


def _same(config: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    parameters = mapping(config.get("params"))
    held = {
        "metadata": mapping(config.get("metadata")),
        "vectors": {
            name: {key: mapping(each).get(key) for key in ("size", "distance")}
            for name, each in mapping(parameters.get("vectors")).items()
        },
    }
    for part, value in held.items():
        if value != wanted[part]:
            raise RefusedError(
                f"the collection's {part} are {value}, not {wanted[part]}; make a store of another name for another model"
            )


def main() -> int:
    """One pass."""
    try:
        bring_in_order(calls("api-key"), dict(os.environ))
    except (RefusedError, UnavailableError) as trouble:
        sys.stderr.write(f"the collection is not in order: {trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
