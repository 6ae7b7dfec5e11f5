"""One topic of the streaming cluster, and the alarm of those that hold what could not be processed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer
from components.data.stream_alarm import BY_TOPIC, alarm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blueprint.context import PlatformContext
    from blueprint.types import DataClass, Noun

DAY = 24 * 60 * 60 * 1000
"""Milliseconds."""


class Brokers(NamedTuple):
    """The cluster that topics are made in."""

    name: str
    arn: pulumi.Input[str]
    uuid: pulumi.Input[str]
    replicas: int
    in_sync: int


def settings(days: int | Literal["forever"], in_sync: int) -> str:
    """What a topic says of itself: how long it keeps records, and how many copies a write waits for."""
    kept = -1 if days == "forever" else days * DAY
    wanted = {
        "cleanup.policy": "delete", "min.insync.replicas": str(in_sync), "retention.ms": str(kept),
        "unclean.leader.election.enable": "false",
    }  # fmt: skip
    return json.dumps(wanted, sort_keys=True)


def topic(
    component: Component,
    name: str,
    *,
    brokers: Brokers,
    partitions: int,
    days: int | Literal["forever"],
    keep: bool,
    after: Sequence[pulumi.Resource] = (),
) -> aws.msk.Topic:
    """A topic, as every one of the platform is."""
    return aws.msk.Topic(
        component.named("topic", name), name=name, cluster_arn=brokers.arn, partition_count=partitions,
        replication_factor=brokers.replicas, configs=settings(days, brokers.in_sync),
        opts=component.within(protect=keep, retain_on_delete=keep, depends_on=list(after)),
    )  # fmt: skip


class DeadLetters(Component):
    """Creates a topic for what one reader could not process, and an alarm that any record in it raises.

    It keeps records as long as the posture lets data be kept: nobody loses what was not looked at.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        name: str,
        *,
        platform: PlatformContext,
        brokers: Brokers,
        topic_arn: pulumi.Input[str],
        classes: frozenset[DataClass],
        keep: bool,
        opts: pulumi.ResourceOptions,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """`topic_arn` is where the alarm is announced."""
        super().__init__(noun, platform=platform, opts=opts)
        self.name = name
        limit = platform.posture.data_retention_max_days(classes)
        topic(
            self, name, brokers=brokers, partitions=1, days="forever" if limit is None else limit, keep=keep, after=after
        )  # fmt: skip
        alarm(
            self, "alarm", measure="SUM(MessagesInPerSec)", dimensions=BY_TOPIC, above=0, topic_arn=topic_arn,
            where={"Cluster Name": brokers.name, "Topic": name},
            meaning=f"A record could not be processed and lies in {name}",
        )  # fmt: skip
        self.finish(topic=name)
