"""What a document may say about the lakehouse."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.types import Dialect, KeyPurpose
from components.data.lakehouse_spec import LakehouseSpec

ADMINISTRATOR = "arn:aws:iam::111122223333:role/deployer"
CLAIMS: dict[str, Any] = {
    "name": "claims", "zone": "curated", "owner": "claims@example.org", "origin": "validated/claims",
    "columns": [{"name": "id", "type": "long", "required": True}, {"name": "at", "type": "timestamptz"}],
    "partitions": [{"column": "at", "transform": "month"}],
}  # fmt: skip


def spec(*datasets: dict[str, Any], **more: Any) -> LakehouseSpec:
    return LakehouseSpec.model_validate({"administrators": [ADMINISTRATOR], "datasets": datasets, **more})


def test_it_needs_an_administrator_and_nothing_else() -> None:
    with pytest.raises(ValidationError) as refused:
        LakehouseSpec.model_validate({})
    assert [error["loc"] for error in refused.value.errors()] == [("administrators",)]
    assert LakehouseSpec.model_validate({"administrators": [ADMINISTRATOR]}).datasets == ()


def test_it_offers_tables_and_asks_for_endpoints_and_keys_but_no_workload() -> None:
    needs = spec(CLAIMS).needs()
    assert [offer.dialect for offer in needs.offers] == [Dialect.ICEBERG]
    assert needs.services == {"athena", "glue", "lakeformation", "s3", "sts"}
    assert needs.keys == {KeyPurpose.LOGS, KeyPurpose.OBJECTS}
    assert (needs.workloads, needs.wants, needs.egress) == (frozenset(), (), frozenset())


def test_all_mistakes_of_datasets_are_told_at_once() -> None:
    twice = {**CLAIMS, "columns": [{"name": "id", "type": "long"}, {"name": "id", "type": "string"}], "partitions": []}
    strange = {
        **CLAIMS,
        "name": "visits",
        "zone": "curatd",
        "partitions": [{"column": "att"}, {"column": "id"}, {"column": "id"}],
    }
    with pytest.raises(ValidationError) as refused:
        spec(CLAIMS, twice, strange)
    message = refused.value.errors()[0]["msg"]
    assert message.removeprefix("Value error, ").split("; ") == [
        "dataset curated.claims is named twice",
        "dataset 'claims' names column 'id' twice",
        "dataset 'visits' is partitioned by identity of id twice",
        "dataset 'visits' is in zone 'curatd', which is none of raw, validated, curated",
        "did you mean curated?",
        "dataset 'visits' is partitioned by 'att', which is no column",
        "did you mean at?",
    ]


def test_one_name_may_stand_in_several_zones() -> None:
    both = spec(CLAIMS, {**CLAIMS, "zone": "raw"})
    assert [each.zone for zone in ("raw", "curated") for each in both.within(zone)] == ["raw", "curated"]


@pytest.mark.parametrize("kind", ["decimal(12,2)", "fixed[16]", "timestamptz", "uuid"])
def test_a_column_has_a_type_of_iceberg(kind: str) -> None:
    assert spec({**CLAIMS, "columns": [{"name": "at", "type": kind}]}).datasets[0].columns[0].type == kind


@pytest.mark.parametrize("kind", ["varchar", "decimal", "decimal(40,2)", "list<string>", "TIMESTAMP"])
def test_another_type_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError):
        spec({**CLAIMS, "columns": [{"name": "at", "type": kind}]})


def test_an_administrator_is_a_role_and_no_account() -> None:
    with pytest.raises(ValidationError):
        spec(administrators=["arn:aws:iam::111122223333:root"])
