"""What an agent remembers, in three tiers, none of which is a store for retrieval."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.agents.langgraph_spec import CHECKPOINTS, DATABASES, MEMORY_STORE
from components.data.aurora import PORT as POSTGRES
from components.data.aurora import Aurora
from components.data.databases import Database, Databases
from components.data.valkey import PORT as REDIS
from components.data.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import BackupPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, SecretsPort
    from blueprint.types import Noun
    from components.agents.langgraph_spec import LangGraphSpec
    from components.foundation.admission import Statement

YEAR = 365
DIMENSIONS = 1024
"""Of the vectors by which long-term memory is searched."""

STORE = """\
CREATE TABLE IF NOT EXISTS memories (
  subject text NOT NULL, name text NOT NULL, content jsonb NOT NULL, embedding vector({dimensions}),
  written timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (subject, name)
);
CREATE INDEX IF NOT EXISTS memories_written ON memories (written);
CREATE INDEX IF NOT EXISTS memories_near ON memories USING hnsw (embedding vector_cosine_ops);
DELETE FROM memories WHERE written < now() - interval '{days} days';
"""
"""Run by the job that makes databases, as often as it looks for a renewed password: what is too old is gone within minutes."""


class AgentMemory(Component):
    """Creates checkpoints and long-term memory in a database cluster of the agent's own, and working memory in a cache.

    Checkpoints are what a run resumes from; long-term memory, in a second database with a user of its own, is what is known of
    a subject, and ends after `memory_days`; working memory is what a run has at hand, and drops what expires first.
    """

    LAYER: ClassVar[Layer] = Layer.AGENTS

    def __init__(
        self,
        noun: Noun,
        agent: Noun,
        spec: LangGraphSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        backup: BackupPort,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        classes, size = platform.classes(agent), spec.database
        self._aurora = Aurora(
            f"{agent}/database", platform=platform, network=network, keys=keys, backup=backup, classes=classes,
            database=CHECKPOINTS, units=(size.min_units, size.max_units), instances=size.instances,
            admits=cluster.security_group_id, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        self._cache = Valkey(
            f"{agent}/cache", platform=platform, network=network, keys=keys, classes=classes, node=spec.cache.node,
            replicas=spec.cache.replicas, admits=cluster.security_group_id, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        days = spec.memory_days or platform.posture.data_retention_max_days(classes) or YEAR
        wanted = [
            Database(CHECKPOINTS, CHECKPOINTS, password_arn=secrets.arns[f"{agent}/{CHECKPOINTS}-password"]),
            Database(
                MEMORY_STORE, MEMORY_STORE, extensions=("vector",), statements=STORE.format(days=days, dimensions=DIMENSIONS),
                password_arn=secrets.arns[f"{agent}/{MEMORY_STORE}-password"],
            ),
        ]  # fmt: skip
        self.ready = Databases(
            f"{agent}/databases", platform=platform, network=network, cluster=cluster, aurora=self._aurora, wanted=wanted,
            who=identity.workloads[agent, DATABASES], space=cluster.namespaces[agent],
            secrets_key_arn=keys.arns[KeyPurpose.SECRETS], opts=self.inside,
        ).job  # fmt: skip
        self.finish()

    @property
    def told(self) -> Mapping[str, pulumi.Input[str]]:
        """What the agent's own container is told; passwords are files."""
        databases = {
            f"{name.upper()}_{key}": value
            for name in (CHECKPOINTS, MEMORY_STORE)
            for key, value in (
                ("DATABASE", name), ("USER", name), ("PASSWORD_FILE", f"/etc/secrets/{name}-password"),
            )
        }  # fmt: skip
        return {
            **databases, "DATABASE_HOST": self._aurora.cluster.endpoint, "DATABASE_PORT": str(POSTGRES), "PGSSLMODE": "require",
            "REDIS_URI": f"redis://127.0.0.1:{REDIS}",
        }  # fmt: skip

    @property
    def told_to_door(self) -> Mapping[str, pulumi.Input[str]]:
        """What the container is told that signs in to the cache for it."""
        return {
            "AWS_REGION": self.platform.region, "CACHE_HOST": self._cache.group.primary_endpoint_address,
            "CACHE_NAME": self._cache.identifier, "CACHE_PORT": str(REDIS), "CACHE_USER": self._cache.user.user_name,
            "DOOR_PORT": str(REDIS),
        }  # fmt: skip

    @property
    def connects(self) -> Statement:
        """What a part's role may do with the cache."""
        return {"Effect": "Allow", "Action": "elasticache:Connect", "Resource": self._cache.connect_arns}
