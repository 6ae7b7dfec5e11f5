"""Topics and queues."""

from __future__ import annotations

from compliance.facts.base import Leaf
from compliance.facts.leaf import some
from compliance.facts.messages import Queue, Topic
from compliance.facts.policy import open_to_anybody, tls_only
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import Reading


def topic(held: Reading) -> Topic:
    """Fold a topic with its policy and subscriptions."""
    policy = held.satellite("aws:sns/topicPolicy:TopicPolicy", "arn") or held
    subscriptions = held.satellites("aws:sns/topicSubscription:TopicSubscription", "topic")
    return Topic(
        id=held.id("Topic"),
        urns=(held.urn, *((policy.urn,) if policy is not held else ())),
        data_classes=held.classes(),
        key=held.link("kmsMasterKeyId"),
        open_policy=asked(policy, "policy", open_to_anybody, held.absent_flag("open policy")),
        tls_only=asked(policy, "policy", tls_only, held.absent_flag("tls only")),
        subscribed=_subscribed(held, subscriptions),
    )


def queue(held: Reading) -> Queue:
    """Fold a queue with its policy."""
    policy = held.satellite("aws:sqs/queuePolicy:QueuePolicy", "queueUrl") or held
    return Queue(
        id=held.id("Queue"),
        urns=(held.urn, *((policy.urn,) if policy is not held else ())),
        data_classes=held.classes(),
        key=held.link("kmsMasterKeyId"),
        open_policy=asked(policy, "policy", open_to_anybody, held.absent_flag("open policy")),
        tls_only=asked(policy, "policy", tls_only, held.absent_flag("tls only")),
    )


def _subscribed(held: Reading, subscriptions: tuple[Reading, ...]) -> Leaf[bool]:
    return some([*(each.present("endpoint") for each in subscriptions), held.absent_flag("topicSubscription")])


ADAPTERS = (Adapter("aws:sns/topic:Topic", topic), Adapter("aws:sqs/queue:Queue", queue))
