"""Lakehouses drawn by hand: what each thing has beside it, and what cannot be told."""

from dataclasses import replace
from typing import Any

import pytest

from blueprint.graph import ResourceGraph
from blueprint.types import DataClass
from compliance.facts.lakehouse import LakeGrant, LakeSettings, LakeTable, LakeZone, QueryWorkgroup
from compliance.sources.planned.source import subjects
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, text, value

BUCKET = drawn("aws:s3/bucket:Bucket", "raw")
EVERYBODY: Any = [{"principal": "IAM_ALLOWED_PRINCIPALS", "permissions": ["ALL"]}]


def database(**inputs: Any) -> Any:
    place = {"locationUri": text("s3://", {"$ref": {"urn": BUCKET.urn, "property": "bucket"}})}
    return drawn(
        "aws:glue/catalogDatabase:CatalogDatabase", "raw", **{**place, "createTableDefaultPermissions": [], **inputs}
    )


def settings(**inputs: Any) -> Any:
    closed: Any = {"createDatabaseDefaultPermissions": [], "createTableDefaultPermissions": [], **inputs}
    return drawn("aws:lakeformation/dataLakeSettings:DataLakeSettings", "settings", **closed)


def grant(name: str, principal: Any, database_name: Any, *rights: str) -> Any:
    table = {"databaseName": database_name, "wildcard": True}
    return drawn(
        "aws:lakeformation/permissions:Permissions", name, principal=principal, permissions=list(rights), table=table
    )


def test_a_database_is_as_open_as_it_says_or_else_as_the_settings_of_the_account() -> None:
    assert value(only(LakeZone, database(), settings()).open_by_default) is False
    assert value(only(LakeZone, database(), settings(createTableDefaultPermissions=EVERYBODY)).open_by_default) is True
    own = [{"principal": {"dataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "permissions": ["ALL"]}]
    assert value(only(LakeZone, database(createTableDefaultPermissions=own), settings()).open_by_default) is True
    assert value(only(LakeZone, database()).open_by_default) == "<not_read>"


def test_settings_that_say_nothing_of_defaults_cannot_be_told() -> None:
    bare = drawn(
        "aws:lakeformation/dataLakeSettings:DataLakeSettings", "settings", admins=["arn:aws:iam::111122223333:role/a"]
    )
    found = only(LakeSettings, bare)
    assert (value(found.open_by_default), value(found.administered), value(found.outside_engines)) == (
        "<no_default>",
        True,
        False,
    )


def test_a_zone_is_registered_by_what_leads_to_its_bucket() -> None:
    place = drawn("aws:lakeformation/resource:Resource", "place", arn=link(BUCKET))
    elsewhere = drawn("aws:lakeformation/resource:Resource", "place", arn="arn:aws:s3:::another")
    assert value(only(LakeZone, BUCKET, database(), place).registered) is True
    assert value(only(LakeZone, BUCKET, database(), elsewhere).registered) is False
    assert value(only(LakeZone, database(), place).registered) == "<not_read>"


@pytest.mark.parametrize(
    "definition",
    [
        {"bucketDefinitions": [{"buckets": [UNKNOWN]}]}, {"bucketDefinitions": [{"buckets": UNKNOWN}]},
        {"bucketDefinitions": UNKNOWN}, UNKNOWN,
    ],
)  # fmt: skip
def test_a_job_that_may_search_any_bucket_leaves_untold_what_is_searched(definition: Any) -> None:
    job = drawn(
        "aws:macie2/classificationJob:ClassificationJob", "job", jobType="SCHEDULED", s3JobDefinition=definition
    )
    assert value(only(LakeZone, BUCKET, database(), job).searched) == "<cloud_decides>"
    found = replace(job, property_dependencies={"s3JobDefinition": (BUCKET.urn,)})
    assert value(only(LakeZone, BUCKET, database(), found).searched) is True
    assert value(only(LakeZone, BUCKET, database()).searched) is False


def test_in_a_state_file_the_bucket_is_known_by_what_the_database_depends_on() -> None:
    clear = replace(database(locationUri="s3://claims-raw-0a1b"), property_dependencies={"locationUri": (BUCKET.urn,)})
    place = replace(
        drawn("aws:lakeformation/resource:Resource", "place", arn="arn:aws:s3:::claims-raw-0a1b"),
        property_dependencies={"arn": (BUCKET.urn,)},
    )
    job = replace(
        drawn("aws:macie2/classificationJob:ClassificationJob", "job", jobType="SCHEDULED",
              s3JobDefinition={"bucketDefinitions": [{"buckets": ["claims-raw-0a1b"]}]}),
        property_dependencies={"s3JobDefinition": (BUCKET.urn,)},
    )  # fmt: skip
    found = only(LakeZone, BUCKET, clear, place, job)
    assert (value(found.registered), value(found.searched)) == (True, True)


@pytest.mark.parametrize(
    ("principal", "named"),
    [("IAM_ALLOWED_PRINCIPALS", False), ("111122223333", False), ("111122223333:IAMPrincipals", False),
     ("arn:aws:iam::111122223333:role/reader", True), (UNKNOWN, "<cloud_decides>")],
)  # fmt: skip
def test_a_principal_is_somebody(principal: Any, named: object) -> None:
    assert value(only(LakeGrant, grant("g", principal, "raw", "SELECT")).principal_named) == named


def test_zones_are_counted_over_all_grants_of_a_writer() -> None:
    role = "arn:aws:iam::111122223333:role/writer"
    one = grant("one", role, "raw", "INSERT")
    reads, writes = grant("two", role, "curated", "SELECT"), grant("two", role, "curated", "DELETE")
    other = grant("two", "arn:aws:iam::111122223333:role/other", "curated", "INSERT")

    def counted(*grants: Any) -> list[object]:
        return [value(each.zones_written) for each in subjects(ResourceGraph("test", grants)).all(LakeGrant)]

    assert counted(one, reads) == [1, 1]
    assert counted(one, writes) == [2, 2]
    assert counted(one, other) == [1, 1]
    assert counted(one, grant("two", role, UNKNOWN, "INSERT")) == ["<not_read>", "<not_read>"]


def test_a_table_says_what_it_holds_in_its_properties() -> None:
    properties = {"data-class": "phi", "origin": "claims system", "owner": "o@example.org"}
    iceberg = {"icebergInput": {"icebergTableInput": {"properties": properties}}}
    table = only(
        LakeTable, drawn("aws:glue/catalogTable:CatalogTable", "claims", name="claims", openTableFormatInput=iceberg)
    )
    assert value(table.data_classes) == frozenset({DataClass.PHI})
    assert (value(table.origin_told), value(table.owned), value(table.classified)) == (True, True, True)
    assert (value(table.compacted), value(table.history_limited)) == (False, False)
    bare = only(LakeTable, drawn("aws:glue/catalogTable:CatalogTable", "claims", name="claims"))
    assert (value(bare.data_classes), value(bare.open_format), value(bare.classified)) == ("<untagged>", False, False)


def test_a_workgroup_that_says_nothing_keeps_its_settings_and_limits_nothing() -> None:
    group = only(
        QueryWorkgroup, drawn("aws:athena/workgroup:Workgroup", "queries", configuration={"executionRole": "r"})
    )
    assert (value(group.enforced), value(group.limit_bytes), value(group.results_encrypted)) == (True, None, False)
    assert (value(group.results_key), value(group.engine)) == (None, "AUTO")


def test_a_bucket_under_a_key_of_ours_is_legible_to_whom_its_policy_admits() -> None:
    admits: Any = {"Statement": [{
        "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"},
    }]}  # fmt: skip

    def legible(algorithm: str, *key: Any) -> object:
        named = {"kmsMasterKeyId": link(key[0]) if key else "arn:aws:kms:us-east-1:111122223333:key/another"}
        rule = {
            "applyServerSideEncryptionByDefault": {
                "sseAlgorithm": algorithm,
                **(named if algorithm == "aws:kms" else {}),
            }
        }
        kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
        beside = drawn(kind, "encryption", bucket=link(BUCKET, "bucket"), rules=[rule])
        return value(only(LakeZone, BUCKET, database(), beside, *key).legible)

    assert legible("aws:kms", drawn("aws:kms/key:Key", "objects", policy=admits)) is True
    assert legible("aws:kms", drawn("aws:kms/key:Key", "objects", policy={"Statement": []})) is False
    assert legible("aws:kms") == "<not_read>"
    assert legible("AES256") is True
