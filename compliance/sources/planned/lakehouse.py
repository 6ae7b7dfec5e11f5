"""Lakehouses: catalogue, permissions, tables, queries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from blueprint.graph import Ref, Resource, is_unknown, parts
from blueprint.tags import Tag
from blueprint.types import DataClass
from compliance.facts.base import Known, Leaf, Origin, Unknown
from compliance.facts.lakehouse import (
    Catalogue,
    DiscoveryJob,
    LakeGrant,
    LakeLocation,
    LakeSettings,
    LakeTable,
    LakeZone,
    QueryWorkgroup,
)
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.facts.policy import Statement
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links, readable
from compliance.sources.planned.objects import UNTOLD
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
DATABASE = "aws:glue/catalogDatabase:CatalogDatabase"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
KEY = "aws:kms/key:Key"
JOB = "aws:macie2/classificationJob:ClassificationJob"
SEARCHED = "s3JobDefinition.bucketDefinitions"
LOCATION = "aws:lakeformation/resource:Resource"
OPTIMIZER = "aws:glue/catalogTableOptimizer:CatalogTableOptimizer"
PERMISSIONS = "aws:lakeformation/permissions:Permissions"
SETTINGS = "aws:lakeformation/dataLakeSettings:DataLakeSettings"
EVERYBODY = frozenset({"IAM_ALLOWED_PRINCIPALS", "EVERYONE"})
"""Names of the permission service for whoever IAM lets."""
SEARCHER = ":role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
WRITES = frozenset({"ALL", "SUPER", "DELETE", "INSERT", "SUPER_USER"})
_PROPERTIES = "openTableFormatInput.icebergInput.icebergTableInput.properties"
_WHOLE_ACCOUNT = re.compile(r"\d{12}(:IAMPrincipals)?")
_RESULTS = "configuration.resultConfiguration"
_SECRETS = "dataCatalogEncryptionSettings"


def catalogue(settings: Reading) -> Catalogue:
    """Fold the encryption of a catalogue."""
    at_rest, passwords = f"{_SECRETS}.encryptionAtRest", f"{_SECRETS}.connectionPasswordEncryption"
    return Catalogue(
        id=settings.id("Catalogue"),
        urns=(settings.urn,),
        data_classes=settings.account_classes(),
        at_rest=mapped(settings.text(f"{at_rest}.catalogEncryptionMode"), lambda mode: mode.startswith("SSE-KMS")),
        key=settings.link(f"{at_rest}.sseAwsKmsKeyId"),
        passwords_encrypted=settings.flag(f"{passwords}.returnConnectionPasswordEncrypted"),
        passwords_key=settings.link(f"{passwords}.awsKmsKeyId"),
    )


def lake_settings(settings: Reading) -> LakeSettings:
    """Fold what the permission service does by default."""
    engines = (settings.flag("allowExternalDataFiltering"), settings.flag("allowFullTableExternalDataAccess"))
    return LakeSettings(
        id=settings.id("LakeSettings"),
        urns=(settings.urn,),
        data_classes=settings.account_classes(),
        open_by_default=_open_settings(settings),
        administered=settings.present("admins"),
        outside_engines=some(engines),
    )


def location(place: Reading) -> LakeLocation:
    """Fold a registered location."""
    return LakeLocation(
        id=place.id("LakeLocation"),
        urns=(place.urn,),
        data_classes=bucket.classes() if (bucket := _bucket(place, "arn")) else place.account_classes(),
        own_role=every((place.present("roleArn"), inverted(place.flag("useServiceLinkedRole")))),
        around_permissions=place.flag("hybridAccessEnabled"),
    )


def zone(database: Reading) -> LakeZone:
    """Fold a database with the bucket that it lies in, its registration, and the search for sensitive data."""
    bucket = _bucket(database, "locationUri")
    registrations = bucket.satellites(LOCATION, "arn") if bucket else ()
    searches = database.links.derived(_jobs)
    jobs = [database.of(each) for each in searches.get(bucket.urn, ())] if bucket else []
    perhaps = [Unknown("cloud_decides", Origin(urn=each.urn, path=SEARCHED)) for each in searches.get(UNTOLD, ())]
    return LakeZone(
        id=database.id("LakeZone"),
        urns=(database.urn, *(each.urn for each in (*registrations, *jobs))),
        data_classes=database.classes(),
        zone=database.tag(Tag.PURPOSE),
        open_by_default=_open_database(database),
        registered=_found(database, bucket, [each.known("arn", value=True) for each in registrations]),
        searched=_found(database, bucket, [*(every((_running(job), _scheduled(job))) for job in jobs), *perhaps]),
        legible=_legible(database, bucket),
    )


def grant(permission: Reading) -> LakeGrant:
    """Fold one grant."""
    rights = permission.words("permissions")
    return LakeGrant(
        id=permission.id("LakeGrant"),
        urns=(permission.urn,),
        data_classes=permission.account_classes(),
        principal_named=_named(permission),
        passed_on=permission.present("permissionsWithGrantOptions"),
        named_rights=mapped(rights, lambda words: not words & {"ALL", "SUPER", "SUPER_USER"}),
        zones_written=_zones_written(permission, rights),
    )


def table(entry: Reading) -> LakeTable:
    """Fold a table with the optimizers beside it. It carries no tags: its properties say what tags would."""
    optimizers = entry.satellites(OPTIMIZER, "tableName")
    return LakeTable(
        id=entry.id("LakeTable"),
        urns=(entry.urn, *(each.urn for each in optimizers)),
        data_classes=_told_classes(entry),
        open_format=entry.present("openTableFormatInput.icebergInput"),
        compacted=_kept_up(entry, optimizers, "compaction"),
        history_limited=_kept_up(entry, optimizers, "retention"),
        orphans_removed=_kept_up(entry, optimizers, "orphan_file_deletion"),
        owned=some((entry.present("owner"), entry.present(f"{_PROPERTIES}.owner"))),
        origin_told=entry.present(f"{_PROPERTIES}.origin"),
        classified=entry.present(f"{_PROPERTIES}.{Tag.DATA_CLASS}"),
    )


def workgroup(group: Reading) -> QueryWorkgroup:
    """Fold a workgroup."""
    encryption = f"{_RESULTS}.encryptionConfiguration"
    return QueryWorkgroup(
        id=group.id("QueryWorkgroup"),
        urns=(group.urn,),
        data_classes=group.classes(),
        enforced=group.flag("configuration.enforceWorkgroupConfiguration"),
        results_encrypted=group.present(f"{encryption}.encryptionOption"),
        results_key=_results_key(group, encryption),
        limit_bytes=_limit(group),
        metered=group.flag("configuration.publishCloudwatchMetricsEnabled"),
        engine=group.text("configuration.engineVersion.selectedEngineVersion"),
        results_owner_checked=group.present(f"{_RESULTS}.expectedBucketOwner"),
    )


def discovery_job(job: Reading) -> DiscoveryJob:
    """Fold a job of Macie."""
    return DiscoveryJob(
        id=job.id("DiscoveryJob"),
        urns=(job.urn,),
        data_classes=job.classes(),
        running=_running(job),
        scheduled=_scheduled(job),
        everything=mapped(job.number("samplingPercentage"), lambda percent: percent == 100),
    )


def _open_settings(settings: Reading) -> Leaf[bool]:
    return some(
        _opens(settings, path, "principal")
        for path in ("createDatabaseDefaultPermissions", "createTableDefaultPermissions")
    )


def _open_database(database: Reading) -> Leaf[bool]:
    """What it says itself, else what the settings of the account say."""
    own = database.raw("createTableDefaultPermissions")
    if own not in (MISSING, []):
        return _opens(database, "createTableDefaultPermissions", "principal.dataLakePrincipalIdentifier")
    account = database.links.graph.of(SETTINGS)
    if account:
        return _opens(database.of(account[0]), "createTableDefaultPermissions", "principal")
    return Unknown("not_read", database.origin("createTableDefaultPermissions"))


def _opens(holder: Reading, path: str, principal: str) -> Leaf[bool]:
    """Whether a list of default permissions gives something to whoever IAM lets."""
    given = holder.raw(path)
    if given is MISSING or is_unknown(given):  # type: ignore[arg-type]
        return Unknown("no_default" if given is MISSING else "cloud_decides", holder.origin(path))
    told = [
        every(
            (
                mapped(holder.text(f"{item}.{principal}"), lambda who: who in EVERYBODY),
                holder.present(f"{item}.permissions"),
            )
        )
        for item in holder.items(path)
    ]
    return some([*told, holder.known(path, value=False)])


def _found(database: Reading, bucket: Reading | None, told: list[Leaf[bool]]) -> Leaf[bool]:
    """Whether any of what stands beside the bucket holds; a bucket that is not ours was not looked at."""
    if bucket is None:
        return Unknown("not_read", database.origin("locationUri"))
    return some([*told, bucket.none("(locationUri)")])


def _legible(database: Reading, bucket: Reading | None) -> Leaf[bool]:
    """Macie's own role gets the use of a customer managed key from the key's policy, or not at all."""
    if bucket is None:
        return Unknown("not_read", database.origin("locationUri"))
    beside = bucket.satellite(ENCRYPTION, "bucket")
    rule = "rules.0.applyServerSideEncryptionByDefault"
    if beside is None or beside.raw(f"{rule}.sseAlgorithm") == "AES256":
        return bucket.doubt("(encryption)") or bucket.known("(encryption)", value=True)
    key = beside.target(f"{rule}.kmsMasterKeyId", KEY)
    if key is None:
        return Unknown("not_read", beside.origin(f"{rule}.kmsMasterKeyId"))
    return asked(key, "policy", _admits_search, key.known("policy", value=False))


def _admits_search(found: tuple[Statement, ...]) -> bool:
    return any(
        each.allow and "kms:decrypt" in each.actions and any(who.endswith(SEARCHER) for who in each.principals)
        for each in found
    )


def _bucket(holder: Reading, path: str) -> Reading | None:
    found = holder.links.sole(holder.resource.property_dependencies.get(path, ()), *BUCKETS)
    return holder.of(found) if found else holder.target(path, *BUCKETS)


def _jobs(links: Links) -> Mapping[str, list[Resource]]:
    """Bucket -> the jobs that search it; UNTOLD -> those that may search any."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for job in links.graph.of(JOB):
        for urn in _buckets_of(Reading(job, links)):
            found[urn].append(job)
    return found


def _buckets_of(job: Reading) -> set[str]:
    depends = {*job.resource.property_dependencies.get("s3JobDefinition", ())}
    named: set[str] = set()
    definitions = [f"{each}.buckets" for each in job.items(SEARCHED)] or [SEARCHED]
    for listed in map(job.raw, definitions):
        for bucket in listed if isinstance(listed, list) else [listed]:
            named |= {piece.urn for piece in parts(bucket) or () if isinstance(piece, Ref)}  # type: ignore[arg-type]
            if is_unknown(bucket) and not depends:  # type: ignore[arg-type]
                named.add(UNTOLD)
    return depends | named


def _running(job: Reading) -> Leaf[bool]:
    return mapped(job.text("jobStatus"), lambda status: status == "RUNNING")


def _scheduled(job: Reading) -> Leaf[bool]:
    return mapped(job.text("jobType"), lambda kind: kind == "SCHEDULED")


def _named(permission: Reading) -> Leaf[bool]:
    return mapped(
        permission.link("principal"),
        lambda who: who is not None and who.urn not in EVERYBODY and not _WHOLE_ACCOUNT.fullmatch(who.urn),
    )


def _zones_written(permission: Reading, rights: Leaf[frozenset[str]]) -> Leaf[int]:
    who = permission.link("principal")
    if isinstance(who, Unknown) or isinstance(rights, Unknown):
        return who if isinstance(who, Unknown) else rights  # type: ignore[return-value]  # one of them is unknown
    written = permission.links.derived(_written).get(who.value, frozenset())
    return (
        Unknown("not_read", permission.origin("permissions"))
        if None in written
        else permission.known("permissions", value=len(written))
    )


def _written(links: Links) -> Mapping[Ref | None, frozenset[str | None]]:
    """Principal -> databases that it may write to; None among them: one that cannot be told."""
    found: dict[Ref | None, frozenset[str | None]] = defaultdict(frozenset)
    for each in links.graph.of(PERMISSIONS):
        permission = Reading(each, links)
        who, rights = permission.link("principal"), permission.words("permissions")
        if isinstance(who, Known) and isinstance(rights, Known) and rights.value & WRITES:
            found[who.value] |= {_database_of(permission)}
    return found


def _database_of(permission: Reading) -> str | None:
    for path in ("table.databaseName", "tableWithColumns.databaseName", "database.name"):
        if permission.raw(path) is not MISSING:
            name = permission.text(path)
            return name.value if isinstance(name, Known) else None
    return None


def _told_classes(entry: Reading) -> Leaf[frozenset[DataClass]]:
    path = f"{_PROPERTIES}.{Tag.DATA_CLASS}"
    text = entry.text(path)
    found = readable(text.value) if isinstance(text, Known) else None
    return Unknown("untagged", entry.origin(path)) if found is None else entry.known(path, found)


def _kept_up(entry: Reading, optimizers: tuple[Reading, ...], kind: str) -> Leaf[bool]:
    told = [each.flag("configuration.enabled") for each in optimizers if each.raw("type") == kind]
    return some([*told, entry.none(f"(CatalogTableOptimizer.{kind})")])


def _results_key(group: Reading, encryption: str) -> Leaf[Ref | None]:
    """Much of the configuration may come from elsewhere: what only the cloud knows is a key only if it comes from one.

    A key that stands beside the option to use the service's own is not used.
    """
    path = f"{encryption}.kmsKeyArn"
    if group.raw(f"{encryption}.encryptionOption") == "SSE_S3":
        return group.known(f"{encryption}.encryptionOption", None)
    if not is_unknown(group.raw(path)):  # type: ignore[arg-type]
        return group.link(path)
    key = group.target(path, KEY)
    found = key is not None and key.resource.type == KEY
    return (
        group.known(path, Ref(urn=key.urn, property=""))
        if key and found
        else Unknown("cloud_decides", group.origin(path))
    )


def _limit(group: Reading) -> Leaf[int | None]:
    path = "configuration.bytesScannedCutoffPerQuery"
    if group.raw(path) is MISSING:
        return mapped(group.absent("bytesScannedCutoffPerQuery"), lambda _: None)
    return mapped(group.number(path), lambda number: number)


ADAPTERS = (
    Adapter("aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings", catalogue),
    Adapter(SETTINGS, lake_settings),
    Adapter(LOCATION, location),
    Adapter(DATABASE, zone),
    Adapter(PERMISSIONS, grant),
    Adapter("aws:glue/catalogTable:CatalogTable", table),
    Adapter("aws:athena/workgroup:Workgroup", workgroup),
    Adapter(JOB, discovery_job),
)
