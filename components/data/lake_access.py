"""What one consumer may do in the lakehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer
from components.data.lake_zone import CHANGES
from components.data.lakehouse_spec import ZONES
from components.data.named import refuse_unknown
from components.foundation.admission import Admission, ToNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, NetworkPort, WorkloadIdentity
    from blueprint.wiring import Edge
    from components.data.lake_zone import LakeZone
    from components.foundation.admission import Statement

UNSAID = {"read": ("curated",), "write": ("raw",), "own": ZONES}
"""Zones of a consumer that names none: whoever reads gets what is meant for use, whoever writes brings data in."""
OF_TABLES = {"read": ("DESCRIBE", "SELECT"), "write": CHANGES, "own": tuple(sorted({*CHANGES, "DROP"}))}
OF_DATABASES = {"read": ("DESCRIBE",), "write": ("DESCRIBE",), "own": ("CREATE_TABLE", "DESCRIBE")}
OF_CATALOGUE = {
    "read": ("GetDatabase", "GetPartitions", "GetTable", "GetTables"),
    "write": ("GetDatabase", "GetPartitions", "GetTable", "GetTables", "UpdateTable"),
    "own": ("CreateTable", "DeleteTable", "GetDatabase", "GetPartitions", "GetTable", "GetTables", "UpdateTable"),
}
OF_QUERIES = ("GetQueryExecution", "GetQueryResults", "GetWorkGroup", "StartQueryExecution", "StopQueryExecution")
LANDING = "landing"
"""Prefix of the raw zone for files that are no table yet."""


class Queries(NamedTuple):
    """Where queries run and where their results lie."""

    workgroup_arn: pulumi.Input[str]
    results_arn: pulumi.Input[str]


class LakeAccess(Component):
    """Creates the permissions of one edge: in Lake Formation on tables, in IAM on the services in between.

    A consumer gets no right on the objects of tables: Lake Formation hands out what a query may read, for as long as it
    lasts. One that writes to the raw zone may also put files under `landing/`, and not read them back.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        edge: Edge,
        *,
        platform: PlatformContext,
        zones: Mapping[str, LakeZone],
        known: Sequence[str],
        consumer: WorkloadIdentity,
        cluster: ClusterPort,
        network: NetworkPort,
        queries: Queries,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`known` are the tables that may be named, as zone/table. Raises DocumentError for a name that is none."""
        super().__init__(f"{edge.provider}/opens-{edge.id}", platform=platform, opts=opts)
        self._edge, self._zones, self._role = edge, zones, consumer.role_arn
        self._allowed = _allowed(edge, known)
        for zone, tables in self._allowed.items():
            self._grant(zone, tables)
        Admission(
            edge, platform=platform, consumer=consumer, cluster=cluster, allow=self._statements(queries, key_arn),
            way=ToNetwork(network.endpoint_subnet_cidrs), opts=self.inside,
        )  # fmt: skip
        self.finish()

    def _grant(self, zone: str, tables: Sequence[str]) -> None:
        database, access = self._zones[zone].database.name, self._edge.want.access
        aws.lakeformation.Permissions(
            self.named(zone), principal=self._role, permissions=list(OF_DATABASES[access]),
            database=aws.lakeformation.PermissionsDatabaseArgs(name=database), opts=self.inside,
        )  # fmt: skip
        for table in tables or ("",):
            aws.lakeformation.Permissions(
                self.named(zone, table or "tables"), principal=self._role, permissions=list(OF_TABLES[access]),
                table=aws.lakeformation.PermissionsTableArgs(database_name=database, name=table)
                if table else aws.lakeformation.PermissionsTableArgs(database_name=database, wildcard=True),
                opts=self.inside,
            )  # fmt: skip

    def _statements(self, queries: Queries, key_arn: pulumi.Input[str]) -> list[Statement]:
        platform, access = self.platform, self._edge.want.access
        through = [f"{service}.{platform.region}.amazonaws.com" for service in ("glue", "s3")]
        results = pulumi.Output.concat(queries.results_arn, "/*")
        statements: list[Statement] = [
            {"Effect": "Allow", "Action": "lakeformation:GetDataAccess", "Resource": "*"},
            {"Effect": "Allow", "Action": [f"glue:{name}" for name in OF_CATALOGUE[access]], "Resource": self._catalogue()},
            {"Effect": "Allow", "Action": [f"athena:{name}" for name in OF_QUERIES], "Resource": queries.workgroup_arn},
            {"Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], "Resource": results},
            {"Effect": "Allow", "Action": ["s3:GetBucketLocation", "s3:ListBucket"], "Resource": queries.results_arn},
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key_arn,
             "Condition": {"StringEquals": {"kms:ViaService": through}}},
        ]  # fmt: skip
        if access != "read" and self._allowed.get("raw") == ():
            landing = pulumi.Output.concat(self._zones["raw"].bucket_arn, f"/{LANDING}/*")
            statements.append(
                {"Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:PutObject"], "Resource": landing}
            )
        return statements

    def _catalogue(self) -> list[str]:
        platform = self.platform
        place = f"arn:{platform.partition}:glue:{platform.region}:{platform.account}"
        found = [f"{place}:catalog"]
        for zone, tables in self._allowed.items():
            database = self._zones[zone].database_name
            found += [
                f"{place}:database/{database}",
                *(f"{place}:table/{database}/{name}" for name in tables or ("*",)),
            ]
        return found


def _allowed(edge: Edge, known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Zone -> the tables that are meant; none named: all of the zone, now and later."""
    names = sorted(edge.want.allows or UNSAID[edge.want.access])
    refuse_unknown(edge, names, {*ZONES, *known}, "zone or table")
    whole = {name for name in names if name in ZONES}
    return {
        zone: () if zone in whole else tuple(name.partition("/")[2] for name in names if name.startswith(f"{zone}/"))
        for zone in ZONES
        if zone in whole or any(name.startswith(f"{zone}/") for name in names)
    }
