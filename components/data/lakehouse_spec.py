"""What a stack document may say about the lakehouse."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args

from pydantic import Field, StringConstraints, model_validator

from blueprint.errors import nearest
from blueprint.spec import Spec, Tightens
from blueprint.types import DataClass, Dialect, Email, Frozen, KeyPurpose
from blueprint.wiring import Needs, Offer

if TYPE_CHECKING:
    from collections.abc import Iterable

Zone: TypeAlias = Literal["raw", "validated", "curated"]
ZONES: tuple[Zone, ...] = get_args(Zone)
"""As it arrived, as it was found to be sound, as it is meant to be used."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,126}$")]
"""What the catalogue takes for a table and a column, and every query engine without quotes."""
ColumnType = Annotated[
    str,
    StringConstraints(
        pattern=r"^(boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary"
        r"|fixed\[[1-9]\d{0,3}\]|decimal\(([1-9]|[12]\d|3[0-8]),([0-9]|[12]\d|3[0-8])\))$"
    ),
]
"""A primitive type of Iceberg."""
Transform = Annotated[
    str, StringConstraints(pattern=r"^(identity|year|month|day|hour|(bucket|truncate)\[[1-9]\d{0,5}\])$")
]
Origin = Annotated[str, StringConstraints(pattern=r"^\S[^\r\n]{0,199}$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
Days = Annotated[int, Field(ge=1, le=36500)]


class Column(Frozen):
    """One column of a dataset."""

    name: Identifier = Field(description="Name of the column")
    type: ColumnType = Field(description="Type as Iceberg writes it: long, string, timestamptz, decimal(12,2)")
    required: bool = Field(default=False, description="Whether every record has a value; left out: no")


class Partition(Frozen):
    """One field by which a table's files are kept apart; Iceberg hides it from queries."""

    column: Identifier = Field(description="Column that it is made from")
    transform: Transform = Field(
        "identity", description="How: day, month, bucket[16], truncate[4]; left out: identity, the value itself"
    )


class Dataset(Frozen):
    """One Iceberg table that the platform makes, describes and keeps in order."""

    name: Identifier = Field(description="Name of the table")
    zone: Identifier = Field(description="Zone that it lives in: raw, validated or curated")
    owner: Email = Field(description="Who answers for its content")
    origin: Origin = Field(description="Where its records come from: a system, another dataset, a supplier")
    columns: tuple[Column, ...] = Field(min_length=1, description="Columns of its first version; engines may add more")
    partitions: tuple[Partition, ...] = Field((), description="How its files are kept apart; left out: they are not")
    data_classes: frozenset[DataClass] | None = Field(
        None, description="Data classes that it may hold; left out: all of the platform's"
    )
    history_days: int = Field(
        7, ge=1, le=365, description="Days that an earlier state can be read, and deleted rows live on; left out: 7"
    )


class ZoneSettings(Frozen):
    """How long the objects of one zone are kept."""

    retention_days: Annotated[Days | None, Tightens("data_retention_max_days")] = Field(
        None,
        description="Days after which any object is removed; left out: the posture's maximum, or never if it has none",
    )
    noncurrent_days: Days = Field(
        30, description="Days that an overwritten or deleted object can be brought back; left out: 30"
    )


class LakehouseSpec(Spec):
    """Three zones of tables in object storage, one catalogue, and nobody who may read without being named."""

    kind: Literal["iceberg"] = "iceberg"
    administrators: tuple[RoleArn, ...] = Field(
        min_length=1, description="Roles that may grant access to data; the one that deploys must be among them"
    )
    datasets: tuple[Dataset, ...] = Field((), description="Tables that the platform makes; left out: none")
    raw: ZoneSettings = Field(ZoneSettings(), description="Data as it arrived; left out: see ZoneSettings")
    validated: ZoneSettings = Field(ZoneSettings(), description="Data found to be sound; left out: see ZoneSettings")
    curated: ZoneSettings = Field(ZoneSettings(), description="Data as it is used; left out: see ZoneSettings")
    query_limit_gib: int = Field(
        100, ge=1, le=1_000_000, description="Gibibytes that one query may read before it is stopped; left out: 100"
    )
    results_days: int = Field(7, ge=1, le=90, description="Days that results of queries are kept; left out: 7")
    keep: bool = Field(
        default=True, description="Whether buckets and tables outlive the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> LakehouseSpec:
        problems = (*_repeated(self), *_unknown(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def settings(self, zone: Zone) -> ZoneSettings:
        """What the document says about one zone."""
        found: ZoneSettings = getattr(self, zone)
        return found

    def within(self, zone: Zone) -> tuple[Dataset, ...]:
        """Datasets of one zone, by name."""
        return tuple(sorted((each for each in self.datasets if each.zone == zone), key=lambda each: each.name))

    def needs(self) -> Needs:
        """Endpoints of catalogue, permissions, queries and objects; consumers bring the workloads."""
        return Needs(
            offers=(Offer(name="iceberg", dialect=Dialect.ICEBERG),),
            services=frozenset({"athena", "glue", "lakeformation", "s3", "sts"}),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.OBJECTS}),
        )


def _repeated(spec: LakehouseSpec) -> Iterable[str]:
    tables = _twice(f"{each.zone}.{each.name}" for each in spec.datasets)
    yield from (f"dataset {name} is named twice" for name in tables)
    yield from (f"administrator {arn} is named twice" for arn in _twice(spec.administrators))
    for each in spec.datasets:
        columns = _twice(column.name for column in each.columns)
        yield from (f"dataset {each.name!r} names column {name!r} twice" for name in columns)
        fields = _twice(f"{part.transform.partition('[')[0]} of {part.column}" for part in each.partitions)
        yield from (f"dataset {each.name!r} is partitioned by {field} twice" for field in fields)


def _unknown(spec: LakehouseSpec) -> Iterable[str]:
    for each in spec.datasets:
        if each.zone not in ZONES:
            yield f"dataset {each.name!r} is in zone {each.zone!r}, which is none of raw, validated, curated; {nearest(each.zone, ZONES)}"
        columns = [column.name for column in each.columns]
        for part in each.partitions:
            if part.column not in columns:
                yield (
                    f"dataset {each.name!r} is partitioned by {part.column!r}, which is no column; "
                    f"{nearest(part.column, columns)}"
                )


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
