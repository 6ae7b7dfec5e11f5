"""The lakehouse, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.errors import DocumentError
from blueprint.graph import embedded_json
from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from compliance.findings import Outcome
from components.data.lakehouse import Lakehouse
from tests.components import builders, manifests
from tests.components.builders import names, only, types
from tests.components.data.test_lakehouse_spec import ADMINISTRATOR, CLAIMS, spec
from tests.components.data.weakened import GONE, UNKNOWN, changed, judged, outcomes, without

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.graph import ResourceGraph
    from components.data.lakehouse_spec import LakehouseSpec

AGENT = "agents/intake"
GRANT, PERMISSIONS = "aws:iam/rolePolicy:RolePolicy", "aws:lakeformation/permissions:Permissions"
BUCKET = "aws:s3/bucket:Bucket"
READS = Want(name="lake", dialect=Dialect.ICEBERG)
BRINGS = Want(name="inbox", dialect=Dialect.ICEBERG, access="write")


def context(document: LakehouseSpec, *wants: Want, account_owner: bool = True) -> PlatformContext:
    consumer = Needs(workloads=frozenset({"agent"}), wants=wants)
    return builders.platform({"lakehouse": document.needs(), AGENT: consumer}, account_owner=account_owner)


def graph(document: LakehouseSpec, *wants: Want, account_owner: bool = True) -> ResourceGraph:
    platform = context(document, *wants, account_owner=account_owner)

    def program() -> None:
        Lakehouse(
            "lakehouse", document, platform=platform, network=builders.network(), keys=builders.keys(),
            audit=builders.audit(), backup=builders.backup(), identity=builders.identity(platform),
            cluster=builders.cluster(platform), ports={},
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="module")
def made() -> ResourceGraph:
    return graph(spec(CLAIMS), READS, BRINGS)


def statements(found: ResourceGraph, name: str) -> Any:
    document: Any = embedded_json(only(found, GRANT, name).inputs["policy"])
    return document["Statement"]


def test_each_zone_has_a_bucket_a_database_a_role_and_a_registration_of_its_own(made: ResourceGraph) -> None:
    assert names(made, BUCKET) == [
        "lakehouse-curated-bucket", "lakehouse-raw-bucket", "lakehouse-results-bucket", "lakehouse-validated-bucket",
    ]  # fmt: skip
    databases = {each.inputs["name"]: each.inputs for each in made.of("aws:glue/catalogDatabase:CatalogDatabase")}
    assert databases.keys() == {"claims_prod_raw", "claims_prod_validated", "claims_prod_curated"}
    assert all(each["createTableDefaultPermissions"] == [] for each in databases.values())
    for zone in ("raw", "validated", "curated"):
        place = only(made, "aws:lakeformation/resource:Resource", f"lakehouse-{zone}-location")
        assert (place.inputs["hybridAccessEnabled"], place.inputs["useServiceLinkedRole"]) == (False, False)
        assert any(f"lakehouse-{zone}-role" in urn for urn in place.property_dependencies["roleArn"])
        reach = statements(made, f"lakehouse-{zone}-role-reaches")
        assert f"lakehouse-{zone}-bucket" in json.dumps(reach[0]["Resource"])


def test_zones_are_kept_when_the_stack_goes_and_results_are_not(made: ResourceGraph) -> None:
    kept = {each.name for each in made.of(BUCKET) if each.protect and each.retain_on_delete}
    assert kept == {"lakehouse-curated-bucket", "lakehouse-raw-bucket", "lakehouse-validated-bucket"}
    assert only(made, "aws:glue/catalogTable:CatalogTable").protect


def test_the_account_opens_nothing_by_default(made: ResourceGraph) -> None:
    settings = only(made, "aws:lakeformation/dataLakeSettings:DataLakeSettings").inputs
    asked = {
        "admins": [ADMINISTRATOR], "createDatabaseDefaultPermissions": [], "createTableDefaultPermissions": [],
        "allowExternalDataFiltering": False, "allowFullTableExternalDataAccess": False,
    }  # fmt: skip
    assert {name: settings[name] for name in asked} == asked
    encryption = only(made, "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings").inputs
    key = "arn:aws:kms:us-east-1:111122223333:key/objects"
    assert encryption["dataCatalogEncryptionSettings"] == {
        "encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": key},
        "connectionPasswordEncryption": {"returnConnectionPasswordEncrypted": True, "awsKmsKeyId": key},
    }


def test_a_stack_that_does_not_own_the_account_leaves_its_settings_alone() -> None:
    guest = graph(spec(), account_owner=False)
    assert not types(guest) & {
        "aws:lakeformation/dataLakeSettings:DataLakeSettings",
        "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
        "aws:cloudwatch/logGroup:LogGroup",
    }


def test_a_dataset_is_an_iceberg_table_that_says_what_it_is(made: ResourceGraph) -> None:
    table = only(made, "aws:glue/catalogTable:CatalogTable")
    iceberg = table.inputs["openTableFormatInput"]["icebergInput"]
    assert iceberg["icebergTableInput"]["schema"]["fields"] == [
        {"id": 1, "name": "id", "type": '"long"', "required": True},
        {"id": 2, "name": "at", "type": '"timestamptz"', "required": False},
    ]
    assert iceberg["icebergTableInput"]["partitionSpec"]["fields"] == [
        {"name": "at_month", "sourceId": 2, "transform": "month"}
    ]
    assert iceberg["icebergTableInput"]["properties"] == {
        "dataset": "claims", "owner": "claims@example.org", "origin": "validated/claims",
        "data-class": "cardholder.phi", "write.format.default": "parquet",
    }  # fmt: skip
    assert {"openTableFormatInput", "parameters"} <= set(table.ignore_changes)


def test_a_table_is_compacted_and_forgets(made: ResourceGraph) -> None:
    upkeep: Any = {
        each.inputs["type"]: each.inputs["configuration"]
        for each in made.of("aws:glue/catalogTableOptimizer:CatalogTableOptimizer")
    }
    assert upkeep.keys() == {"compaction", "retention", "orphan_file_deletion"}
    assert all(each["enabled"] for each in upkeep.values())
    history = upkeep["retention"]["retentionConfiguration"]["icebergConfiguration"]
    assert (history["snapshotRetentionPeriodInDays"], history["cleanExpiredFiles"]) == (7, True)


def test_what_the_posture_limits_is_removed_in_time_and_else_kept(made: ResourceGraph) -> None:
    def days(found: ResourceGraph, zone: str) -> Any:
        kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
        return only(found, kind, f"lakehouse-{zone}-ageing").inputs["rules"][0].get("expiration", {}).get("days")

    assert [days(made, zone) for zone in ("raw", "validated", "curated", "results")] == [None, None, None, 7]
    short = graph(spec(raw={"retention_days": 30}, results_days=1))
    assert [days(short, zone) for zone in ("raw", "curated", "results")] == [30, None, 1]


def test_without_datasets_there_is_no_table_and_no_upkeep() -> None:
    bare = graph(spec())
    assert not types(bare) & {
        "aws:glue/catalogTable:CatalogTable",
        "aws:glue/catalogTableOptimizer:CatalogTableOptimizer",
    }
    assert [name for name in names(bare, PERMISSIONS) if name.endswith("upkeep")] == []


def test_queries_run_under_settings_that_callers_cannot_change(made: ResourceGraph) -> None:
    group = only(made, "aws:athena/workgroup:Workgroup").inputs["configuration"]
    assert group["enforceWorkgroupConfiguration"] is True
    assert group["bytesScannedCutoffPerQuery"] == 100 * 2**30
    results = group["resultConfiguration"]
    assert results["encryptionConfiguration"] == {
        "encryptionOption": "SSE_KMS", "kmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/objects",
    }  # fmt: skip
    assert results["expectedBucketOwner"] == "111122223333"


def test_a_reader_gets_the_curated_zone_and_no_object_of_any_table(made: ResourceGraph) -> None:
    granted = {
        each.name: each.inputs
        for each in made.of(PERMISSIONS)
        if each.name.startswith("lakehouse-opens-agents-intake-agent-lake")
    }
    assert {name.removeprefix("lakehouse-opens-agents-intake-agent-lake-"): each["permissions"] for name, each in granted.items()} == {
        "curated": ["DESCRIBE"], "curated-tables": ["DESCRIBE", "SELECT"],
    }  # fmt: skip
    allowed = statements(made, "lakehouse-admits-agents-intake-agent-lake-grant")
    s3 = [each["Resource"] for each in allowed if "s3:" in json.dumps(each["Action"])]
    assert len(s3) == 2
    assert all("lakehouse-results-bucket" in json.dumps(place) for place in s3)
    assert [each["Action"] for each in allowed if each["Resource"] == "*"] == ["lakeformation:GetDataAccess"]
    assert "glue:UpdateTable" not in json.dumps(allowed)


def test_a_writer_brings_into_the_raw_zone_and_does_not_read_files_back(made: ResourceGraph) -> None:
    granted = [
        each.inputs
        for each in made.of(PERMISSIONS)
        if each.name.startswith("lakehouse-opens-agents-intake-agent-inbox")
    ]
    assert {str(each.get("table", each.get("database"))).count("raw") for each in granted} == {1}
    landing = statements(made, "lakehouse-admits-agents-intake-agent-inbox-grant")[-1]
    assert landing["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert json.dumps(landing["Resource"]).endswith('/landing/*"]}')


def test_a_consumer_that_names_a_table_gets_that_table_only() -> None:
    found = graph(spec(CLAIMS), READS.model_copy(update={"allows": frozenset({"curated/claims"})}))
    tables: Any = [
        each.inputs["table"] for each in found.of(PERMISSIONS) if "opens" in each.name and "table" in each.inputs
    ]
    assert [(each["databaseName"], each["name"], "wildcard" in each) for each in tables] == [
        ("claims_prod_curated", "claims", False)
    ]
    catalogue = statements(found, "lakehouse-admits-agents-intake-agent-lake-grant")[1]["Resource"]
    assert catalogue[-1] == "arn:aws:glue:us-east-1:111122223333:table/claims_prod_curated/claims"


def test_a_name_that_the_lakehouse_does_not_have_is_refused_with_the_nearest() -> None:
    with pytest.raises(DocumentError) as refused:
        graph(spec(CLAIMS), READS.model_copy(update={"allows": frozenset({"curated/claim", "gold"})}))
    assert [(each.value, each.fix) for each in refused.value.problems] == [
        ("curated/claim", "did you mean curated/claims or curated?"), ("gold", "known: curated, curated/claims, raw, validated"),
    ]  # fmt: skip


def test_without_an_edge_its_permissions_and_its_ways_are_gone_and_nothing_else(made: ResourceGraph) -> None:
    left = graph(spec(CLAIMS), BRINGS)
    gone = {each.name for each in made.resources} - {each.name for each in left.resources}
    assert gone == {
        "lakehouse-opens-agents-intake-agent-lake", "lakehouse-opens-agents-intake-agent-lake-curated",
        "lakehouse-opens-agents-intake-agent-lake-curated-tables", "lakehouse-admits-agents-intake-agent-lake",
        "lakehouse-admits-agents-intake-agent-lake-grant", "lakehouse-admits-agents-intake-agent-lake-egress",
    }  # fmt: skip


def test_what_arrives_is_searched_each_day_and_findings_reach_the_topic(made: ResourceGraph) -> None:
    job = only(made, "aws:macie2/classificationJob:ClassificationJob")
    assert (job.inputs["jobType"], job.inputs["scheduleFrequency"]) == ("SCHEDULED", {"dailySchedule": True})
    assert any("lakehouse-raw-bucket" in urn for urn in job.property_dependencies["s3JobDefinition"])
    target = only(made, "aws:cloudwatch/eventTarget:EventTarget").inputs
    assert target["arn"] == "arn:aws:sns:us-east-1:111122223333:claims-alerts"


def test_with_required_fields_alone_nothing_fails_under_the_strictest_posture(made: ResourceGraph) -> None:
    for found in (made, graph(spec(), READS)):
        own = judged(found)
        assert [each for each in own if each.verdict.outcome is Outcome.FAIL] == []
        assert {each.rule for each in own if each.verdict.outcome is Outcome.PASS} >= {
            "glue_database_closed_by_default", "glue_database_location_registered",
            "lakeformation_grant_named", "lakeformation_writer_one_zone", "athena_workgroup_settings_enforced",
        }  # fmt: skip


def test_every_kubernetes_object_fits_the_api(made: ResourceGraph) -> None:
    assert len(manifests.check(made)) == 2


DATABASE, TABLE = "aws:glue/catalogDatabase:CatalogDatabase", "aws:glue/catalogTable:CatalogTable"
CATALOGUE = "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"
SETTINGS = "aws:lakeformation/dataLakeSettings:DataLakeSettings"
LOCATION, OPTIMIZER = "aws:lakeformation/resource:Resource", "aws:glue/catalogTableOptimizer:CatalogTableOptimizer"
JOB, WORKGROUP = "aws:macie2/classificationJob:ClassificationJob", "aws:athena/workgroup:Workgroup"
EVERYBODY = [{"principal": "IAM_ALLOWED_PRINCIPALS", "permissions": ["ALL"]}]
WEAKENINGS: list[tuple[str, str, str | None, str, Any]] = [
    ("glue_catalogue_encrypted", CATALOGUE, None, "dataCatalogEncryptionSettings/encryptionAtRest/catalogEncryptionMode", "DISABLED"),
    ("glue_catalogue_key_own", CATALOGUE, None, "dataCatalogEncryptionSettings/encryptionAtRest/sseAwsKmsKeyId", GONE),
    ("glue_catalogue_key_own", CATALOGUE, None, "dataCatalogEncryptionSettings/connectionPasswordEncryption/awsKmsKeyId", GONE),
    ("glue_catalogue_passwords_encrypted", CATALOGUE, None,
     "dataCatalogEncryptionSettings/connectionPasswordEncryption/returnConnectionPasswordEncrypted", False),
    ("lakeformation_settings_closed_by_default", SETTINGS, None, "createTableDefaultPermissions", EVERYBODY),
    ("lakeformation_settings_closed_by_default", SETTINGS, None, "createDatabaseDefaultPermissions", EVERYBODY),
    ("lakeformation_settings_closed_by_default", SETTINGS, None, "allowExternalDataFiltering", True),
    ("lakeformation_settings_closed_by_default", SETTINGS, None, "allowFullTableExternalDataAccess", True),
    ("lakeformation_settings_administrators_named", SETTINGS, None, "admins", []),
    ("glue_database_closed_by_default", SETTINGS, None, "createTableDefaultPermissions", EVERYBODY),
    ("glue_database_closed_by_default", DATABASE, "lakehouse-curated-database", "createTableDefaultPermissions",
     [{"principal": {"dataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "permissions": ["SELECT"]}]),
    ("lakeformation_location_own_role", LOCATION, "lakehouse-raw-location", "useServiceLinkedRole", True),
    ("lakeformation_location_own_role", LOCATION, "lakehouse-raw-location", "roleArn", GONE),
    ("lakeformation_location_own_role", LOCATION, "lakehouse-raw-location", "hybridAccessEnabled", True),
    ("lakeformation_grant_named", PERMISSIONS, "lakehouse-raw-administrator-0", "principal", "IAM_ALLOWED_PRINCIPALS"),
    ("lakeformation_grant_named", PERMISSIONS, "lakehouse-raw-administrator-0", "principal", "111122223333:IAMPrincipals"),
    ("lakeformation_grant_named", PERMISSIONS, "lakehouse-curated-upkeep", "permissions", ["ALL"]),
    ("lakeformation_grant_named", PERMISSIONS, "lakehouse-curated-upkeep", "permissionsWithGrantOptions", ["SELECT"]),
    ("lakeformation_writer_one_zone", PERMISSIONS, "lakehouse-opens-agents-intake-agent-lake-curated-tables", "permissions",
     ["INSERT", "SELECT"]),
    ("glue_table_maintained", OPTIMIZER, "lakehouse-curated-claims-retention", "configuration/enabled", False),
    ("glue_table_maintained", OPTIMIZER, "lakehouse-curated-claims-compaction", "configuration/enabled", False),
    ("glue_table_maintained", OPTIMIZER, "lakehouse-curated-claims-orphan-file-deletion", "configuration/enabled", False),
    ("glue_table_origin_told", TABLE, None, "openTableFormatInput/icebergInput/icebergTableInput/properties/origin", GONE),
    ("glue_table_classified", TABLE, None, "openTableFormatInput/icebergInput/icebergTableInput/properties/data-class", GONE),
    ("athena_workgroup_settings_enforced", WORKGROUP, None, "configuration/enforceWorkgroupConfiguration", False),
    ("athena_workgroup_results_encrypted", WORKGROUP, None, "configuration/resultConfiguration/encryptionConfiguration", GONE),
    ("athena_workgroup_results_key_own", WORKGROUP, None,
     "configuration/resultConfiguration/encryptionConfiguration/kmsKeyArn", GONE),
    ("athena_workgroup_results_owner_checked", WORKGROUP, None, "configuration/resultConfiguration/expectedBucketOwner", GONE),
    ("athena_workgroup_reading_limited", WORKGROUP, None, "configuration/bytesScannedCutoffPerQuery", GONE),
    ("athena_workgroup_metered", WORKGROUP, None, "configuration/publishCloudwatchMetricsEnabled", False),
    ("athena_workgroup_engine_current", WORKGROUP, None, "configuration/engineVersion/selectedEngineVersion",
     "Athena engine version 2"),
    ("macie_job_looks_at_everything", JOB, None, "samplingPercentage", 10),
    ("macie_job_looks_at_everything", JOB, None, "jobStatus", "USER_PAUSED"),
    ("macie_raw_zone_searched", JOB, None, "jobType", "ONE_TIME"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "token", "name", "path", "value"), WEAKENINGS)
def test_each_weakening_of_what_passes_turns_a_rule(
    made: ResourceGraph, rule: str, token: str, name: str | None, path: str, value: Any
) -> None:
    assert Outcome.FAIL in outcomes(changed(made, token, path, value, name), rule)


@pytest.mark.parametrize(
    ("rule", "token", "name"),
    [("glue_database_location_registered", LOCATION, "lakehouse-raw-location"), ("macie_raw_zone_searched", JOB, None),
     ("glue_table_maintained", OPTIMIZER, "lakehouse-curated-claims-retention")],
)  # fmt: skip
def test_what_is_missing_turns_a_rule(made: ResourceGraph, rule: str, token: str, name: str | None) -> None:
    assert Outcome.FAIL in outcomes(without(made, token, name), rule)


@pytest.mark.parametrize(
    ("rule", "token", "name", "path"),
    [(rule, token, name, path) for rule, token, name, path, _ in WEAKENINGS
     if name is None and token != TABLE and rule != "lakeformation_settings_administrators_named"
     and path != "createDatabaseDefaultPermissions"],
)  # fmt: skip
def test_what_is_not_known_is_not_passed(
    made: ResourceGraph, rule: str, token: str, name: str | None, path: str
) -> None:
    assert Outcome.UNKNOWN in outcomes(changed(made, token, path, UNKNOWN, name), rule)


def test_a_stack_that_does_not_own_the_account_cannot_tell_what_is_open_by_default() -> None:
    guest = graph(spec(CLAIMS), account_owner=False)
    assert outcomes(guest, "glue_database_closed_by_default") == {Outcome.UNKNOWN}
