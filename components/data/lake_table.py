"""One Iceberg table of the lakehouse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag, data_class_text
from blueprint.types import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blueprint.context import PlatformContext
    from blueprint.types import DataClass, Noun
    from components.data.lakehouse_spec import Dataset

glue = aws.glue
Iceberg = glue.CatalogTableOpenTableFormatInputIcebergInputArgs
Table = glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputArgs
Schema = glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputSchemaArgs
Field = glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputSchemaFieldArgs
PartitionSpec = glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputPartitionSpecArgs
PartitionField = glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputPartitionSpecFieldArgs
Optimizer = glue.CatalogTableOptimizerConfigurationArgs
Compaction = glue.CatalogTableOptimizerConfigurationCompactionConfigurationArgs
CompactionOf = glue.CatalogTableOptimizerConfigurationCompactionConfigurationIcebergConfigurationArgs
History = glue.CatalogTableOptimizerConfigurationRetentionConfigurationArgs
HistoryOf = glue.CatalogTableOptimizerConfigurationRetentionConfigurationIcebergConfigurationArgs
Orphans = glue.CatalogTableOptimizerConfigurationOrphanFileDeletionConfigurationArgs
OrphansOf = glue.CatalogTableOptimizerConfigurationOrphanFileDeletionConfigurationIcebergConfigurationArgs

FORMAT = "2"
"""Version of the table format: the newest that Athena, Spark and Trino all write, 2026-11."""
ORPHAN_DAYS = 3
"""A file that no state of the table names may belong to a commit under way for as long."""
CHANGED_BY_ENGINES = ["openTableFormatInput", "parameters", "storageDescriptor", "tableType"]
"""Each commit writes a new pointer here; setting it back would undo commits."""
OWNER, ORIGIN, CLASSES = "owner", "origin", Tag.DATA_CLASS.value
"""Properties of the table that say who answers for it, where it comes from, and what it may hold. It has no tags."""


class LakeTable(Component):
    """Creates a table with its first schema, and what compacts it, forgets old states and removes stray files.

    Engines change the schema later on, and the stack leaves that alone.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        dataset: Dataset,
        *,
        platform: PlatformContext,
        database: pulumi.Input[str],
        bucket: pulumi.Input[str],
        role_arn: pulumi.Input[str],
        classes: frozenset[DataClass],
        tag_key: pulumi.Input[str],
        keep: bool,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`after` are the permissions without which Lake Formation refuses the table and its upkeep."""
        super().__init__(noun, platform=platform, opts=opts)
        location = pulumi.Output.concat("s3://", bucket, "/", dataset.name)
        table = glue.CatalogTable(
            self.named("table"), name=dataset.name, database_name=database, catalog_id=platform.account,
            table_type="EXTERNAL_TABLE", owner=dataset.owner, description=f"Records from {dataset.origin}",
            open_table_format_input=glue.CatalogTableOpenTableFormatInputArgs(
                iceberg_input=Iceberg(
                    metadata_operation="CREATE", version=FORMAT,
                    iceberg_table_input=Table(
                        location=location, schema=_schema(dataset), partition_spec=_partitions(dataset),
                        properties={
                            Tag.DATASET.value: dataset.name, OWNER: dataset.owner, ORIGIN: dataset.origin,
                            CLASSES: data_class_text(classes), "write.format.default": "parquet",
                        },
                    ),
                )
            ),
            opts=self.within(
                protect=keep, retain_on_delete=keep, depends_on=list(after), ignore_changes=CHANGED_BY_ENGINES
            ),
        )  # fmt: skip
        aws.lakeformation.ResourceLfTags(
            self.named("tags"), catalog_id=platform.account,
            table=aws.lakeformation.ResourceLfTagsTableArgs(database_name=database, name=table.name),
            lf_tags=[aws.lakeformation.ResourceLfTagsLfTagArgs(key=tag_key, value=data_class_text(classes))],
            opts=self.inside,
        )  # fmt: skip
        for kind, configuration in _upkeep(dataset, location, role_arn).items():
            glue.CatalogTableOptimizer(
                self.named(kind.replace("_", "-")), catalog_id=platform.account, database_name=database,
                table_name=table.name, type=kind, configuration=configuration, opts=self.within(depends_on=list(after)),
            )  # fmt: skip
        self.finish(name=table.name)


def _upkeep(
    dataset: Dataset, location: pulumi.Input[str], role_arn: pulumi.Input[str]
) -> dict[str, glue.CatalogTableOptimizerConfigurationArgs]:
    return {
        "compaction": Optimizer(
            enabled=True, role_arn=role_arn,
            compaction_configuration=Compaction(iceberg_configuration=CompactionOf(strategy="binpack")),
        ),
        "retention": Optimizer(
            enabled=True, role_arn=role_arn,
            retention_configuration=History(
                iceberg_configuration=HistoryOf(
                    snapshot_retention_period_in_days=dataset.history_days, number_of_snapshots_to_retain=1,
                    clean_expired_files=True,
                )
            ),
        ),
        "orphan_file_deletion": Optimizer(
            enabled=True, role_arn=role_arn,
            orphan_file_deletion_configuration=Orphans(
                iceberg_configuration=OrphansOf(orphan_file_retention_period_in_days=ORPHAN_DAYS, location=location)
            ),
        ),
    }  # fmt: skip


def _schema(dataset: Dataset) -> glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputSchemaArgs:
    """Types are JSON documents, so a primitive one stands in quotes."""
    return Schema(
        schema_id=0, type="struct",
        fields=[
            Field(id=number, name=column.name, type=json.dumps(column.type), required=column.required)
            for number, column in enumerate(dataset.columns, 1)
        ],
    )  # fmt: skip


def _partitions(
    dataset: Dataset,
) -> glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputPartitionSpecArgs | None:
    if not dataset.partitions:
        return None
    numbers = {column.name: number for number, column in enumerate(dataset.columns, 1)}
    return PartitionSpec(
        spec_id=0,
        fields=[
            PartitionField(name=_field_name(part.column, part.transform), source_id=numbers[part.column], transform=part.transform)
            for part in dataset.partitions
        ],
    )  # fmt: skip


def _field_name(column: str, transform: str) -> str:
    """As Spark names it: a field of the same value has the column's name, every other one says what it is."""
    return column if transform == "identity" else f"{column}_{transform.partition('[')[0]}"
