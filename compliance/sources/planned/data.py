"""Databases and caches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from blueprint.graph import Resource
from compliance.facts.base import Known, Leaf, Ref, Unknown
from compliance.facts.data import Cache, DatabaseCluster
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.reading import MISSING, Reading

INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
Version: TypeAlias = Literal["1.0", "1.1", "1.2", "1.3"]
CURRENT = frozenset({"rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"})
"""Authorities of RDS that have not expired, 2026-11-20."""
VERSIONS: Mapping[str, Version] = {"TLSv1": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3"}
_CHANGES = frozenset({"ddl", "mod", "all"})
"""Values of log_statement that record changes of structure and rights."""


def database(reading: Reading) -> DatabaseCluster:
    """Fold an Aurora cluster with its instances and its parameter group."""
    instances = reading.satellites(INSTANCE, "clusterIdentifier")
    group = _group(reading)
    return DatabaseCluster(
        id=reading.id("DatabaseCluster"),
        urns=(reading.urn, *(each.urn for each in instances), *((group.urn,) if group else ())),
        data_classes=reading.classes(),
        encrypted=reading.flag("storageEncrypted"),
        key=reading.link("kmsKeyId"),
        tls_forced=mapped(_parameter(reading, group, "rds.force_ssl"), lambda text: text in {"1", "on"}),
        tls_min_version=_version(_parameter(reading, group, "ssl_min_protocol_version")),
        deletion_protected=reading.flag("deletionProtection"),
        backup_days=reading.number("backupRetentionPeriod"),
        multi_az=_several(reading, instances),
        iam_auth=reading.flag("iamDatabaseAuthenticationEnabled"),
        logs_exported=reading.words("enabledCloudwatchLogsExports"),
        statements_logged=_changes_logged(reading, group),
        connections_logged=mapped(_parameter(reading, group, "log_connections"), lambda text: text not in {"0", "off", ""}),
        public=_of_instances(reading, instances, "publiclyAccessible", any_of_them=True),
        master_secret_managed=reading.flag("manageMasterUserPassword"),
        minor_upgrades=_of_instances(reading, instances, "autoMinorVersionUpgrade", any_of_them=False),
        tags_on_snapshots=reading.flag("copyTagsToSnapshot"),
        final_snapshot=inverted(reading.flag("skipFinalSnapshot")),
        monitored=every((_monitored(reading, instances), _insights(reading, instances))),
        insights_key=_insights_key(reading, instances),
        authority=_authority(reading, instances),
    )  # fmt: skip


def replication_group(reading: Reading) -> Cache:
    """Fold a replication group."""
    return Cache(
        id=reading.id("Cache"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        at_rest=_at_rest(reading),
        key=reading.link("kmsKeyId"),
        in_transit=every(
            (
                reading.flag("transitEncryptionEnabled"),
                mapped(reading.text("transitEncryptionMode"), lambda mode: mode == "required"),
            )
        ),
        authenticated=some((_token(reading), reading.present("userGroupIds"))),
        multi_az=reading.flag("multiAzEnabled"),
        failover=reading.flag("automaticFailoverEnabled"),
        snapshot_days=reading.number("snapshotRetentionLimit"),
        logs=reading.present("logDeliveryConfigurations"),
        minor_upgrades=reading.flag("autoMinorVersionUpgrade"),
    )


def serverless_cache(reading: Reading) -> Cache:
    """Fold a serverless cache; what AWS gives all of them is in the table."""
    return Cache(
        id=reading.id("Cache"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        at_rest=reading.absent_flag("encryption at rest"),
        key=reading.link("kmsKeyId"),
        in_transit=reading.absent_flag("encryption in transit"),
        authenticated=reading.present("userGroupId"),
        multi_az=reading.absent_flag("several zones"),
        failover=reading.absent_flag("several zones"),
        snapshot_days=reading.number("snapshotRetentionLimit"),
        logs=reading.absent_flag("log delivery"),
        minor_upgrades=reading.absent_flag("minor upgrades"),
    )


def _at_rest(reading: Reading) -> Leaf[bool]:
    """Where it is left out, Valkey encrypts and Redis does not."""
    if reading.raw("atRestEncryptionEnabled") is MISSING and reading.raw("engine") == "valkey":
        return reading.absent_flag("encryption at rest of valkey")
    return reading.flag("atRestEncryptionEnabled")


def _group(reading: Reading) -> Reading | None:
    """The parameter group: by reference, or by its name, which is known before it is made."""
    name = reading.raw("dbClusterParameterGroupName")
    by_name = reading.links.derived(_groups).get(name) if isinstance(name, str) else None
    return reading.target("dbClusterParameterGroupName") or (reading.of(by_name) if by_name else None)


def _groups(links: Links) -> Mapping[str, Resource]:
    found = links.graph.of("aws:rds/clusterParameterGroup:ClusterParameterGroup")
    return {name: each for each in found if isinstance(name := each.inputs.get("name"), str)}


def _parameter(reading: Reading, group: Reading | None, name: str) -> Leaf[str]:
    """A parameter of the group; one that it does not name is the engine's, from the table."""
    if group is not None:
        for item in group.items("parameters"):
            if group.raw(f"{item}.name") == name:
                return mapped(group.read(f"{item}.value", str), str)
    elif reading.raw("dbClusterParameterGroupName") is not MISSING:
        return Unknown("not_read", reading.origin("dbClusterParameterGroupName"))
    return mapped(reading.absent(name), lambda value: "" if value is None else str(value))


def _version(text: Leaf[str]) -> Leaf[Version]:
    if isinstance(text, Unknown):
        return text
    known = VERSIONS.get(text.value)
    return Known(known, text.origin) if known else Unknown("not_read", text.origin)


def _changes_logged(reading: Reading, group: Reading | None) -> Leaf[bool]:
    statements = mapped(_parameter(reading, group, "log_statement"), lambda text: text in _CHANGES)
    audited = mapped(
        _parameter(reading, group, "pgaudit.log"), lambda text: bool({"ddl", "role", "all"} & set(text.split(",")))
    )
    return some((statements, audited))


def _several(reading: Reading, instances: tuple[Reading, ...]) -> Leaf[bool]:
    """Aurora puts the instances of a cluster into different zones of its subnets."""
    if reading.raw("dbClusterInstanceClass") is not MISSING:
        return reading.known("dbClusterInstanceClass", value=True)
    if len(instances) > 1:
        return reading.known("(ClusterInstance)", value=True)
    if reading.resource.external:
        return Unknown("not_read", reading.origin("(ClusterInstance)"))
    return reading.none("(ClusterInstance)")


def _of_instances(reading: Reading, instances: tuple[Reading, ...], path: str, *, any_of_them: bool) -> Leaf[bool]:
    if not instances:
        return reading.absent_flag(f"ClusterInstance.{path}")
    missing = reading.doubt(f"(ClusterInstance.{path})")
    told = [*(each.flag(path) for each in instances), *([missing] if missing else [])]
    return some(told) if any_of_them else every(told)


def _monitored(reading: Reading, instances: tuple[Reading, ...]) -> Leaf[bool]:
    doubt = reading.doubt("(ClusterInstance)")
    if doubt:
        return doubt
    places = (reading, *instances)
    told = [mapped(each.number("monitoringInterval"), lambda seconds: seconds > 0) for each in places]
    return some((told[0], every(told[1:]))) if instances else told[0]


def _insights(reading: Reading, instances: tuple[Reading, ...]) -> Leaf[bool]:
    told = every(each.flag("performanceInsightsEnabled") for each in instances or (reading,))
    return reading.doubt("(ClusterInstance)") or told


def _insights_key(reading: Reading, instances: tuple[Reading, ...]) -> Leaf[Ref | None]:
    """The first instance without a key of ours speaks for all."""
    keys = [each.link("performanceInsightsKmsKeyId") for each in instances or (reading,)]
    return reading.doubt("(ClusterInstance)") or next(
        (key for key in keys if isinstance(key, Unknown) or key.value is None), keys[0]
    )


def _authority(reading: Reading, instances: tuple[Reading, ...]) -> Leaf[str]:
    """The first instance whose authority is another one than the rest, else that of all."""
    told = [each.text("caCertIdentifier") for each in instances] or [reading.text("caCertificateIdentifier")]
    return reading.doubt("(ClusterInstance)") or next(
        (leaf for leaf in told if isinstance(leaf, Unknown) or leaf.value not in CURRENT), told[0]
    )


def _token(reading: Reading) -> Leaf[bool]:
    """A token is a secret; that there is one is not."""
    return some((reading.present("authToken"), reading.present("authTokenWoVersion")))


ADAPTERS = (
    Adapter("aws:rds/cluster:Cluster", database),
    Adapter("aws:elasticache/replicationGroup:ReplicationGroup", replication_group),
    Adapter("aws:elasticache/serverlessCache:ServerlessCache", serverless_cache),
)
