"""Databases, caches, indexes and tables."""

from __future__ import annotations

from components.observability.dashboards.model import CloudWatch, Dashboard, Panel, Query, Section

RDS, CACHE, SEARCH = "AWS/RDS", "AWS/ElastiCache", "AWS/ES"
CLUSTER, GROUP, DOMAIN = ("DBClusterIdentifier",), ("ReplicationGroupId",), ("ClientId", "DomainName")


def stores(label: str, present: frozenset[str]) -> Dashboard:
    """What AWS reports of its stores comes from CloudWatch, whose resources are found by the platform's label in their names."""
    sections = [_aurora(label), _valkey(label)]
    sections += [_opensearch(label)] if "opensearch" in present else []
    sections += [_freshness()] if "vector_stores" in present else []
    return Dashboard("stores", "Stores", tuple(sections), hours=24)


def _aurora(label: str) -> Section:
    return Section("Aurora", (
        Panel("Capacity units", (CloudWatch(RDS, CLUSTER, "ServerlessDatabaseCapacity", label),), "none", width=8),
        Panel("Connections", (CloudWatch(RDS, CLUSTER, "DatabaseConnections", label, "Sum"),), width=8),
        Panel("Commit latency", (CloudWatch(RDS, CLUSTER, "CommitLatency", label),), "ms", width=8),
    ))  # fmt: skip


def _valkey(label: str) -> Section:
    return Section("Valkey", (
        Panel("Memory in use", (
            CloudWatch(CACHE, ("CacheClusterId",), "DatabaseMemoryUsagePercentage", label, "Maximum"),
        ), "percent", width=8, steps=((80, "red"),)),
        Panel("Evictions", (CloudWatch(CACHE, ("CacheClusterId",), "Evictions", label, "Sum"),), width=8),
        Panel("Processor", (
            CloudWatch(CACHE, ("CacheClusterId",), "EngineCPUUtilization", label, "Maximum"),
        ), "percent", width=8),
    ))  # fmt: skip


def _opensearch(label: str) -> Section:
    return Section("OpenSearch", (
        Panel("Search latency", (CloudWatch(SEARCH, DOMAIN, "SearchLatency", label),), "ms", width=8),
        Panel("Shards without any copy", (CloudWatch(SEARCH, DOMAIN, "ClusterStatus.red", label, "Maximum"),), "none", width=8,
              about="1 when there are any", steps=((1, "red"),)),
        Panel("Free space", (CloudWatch(SEARCH, DOMAIN, "FreeStorageSpace", label, "Minimum"),), "mbytes", width=8),
    ))  # fmt: skip


def _freshness() -> Section:
    return Section("Freshness", (
        Panel("Age of the newest document", (
            Query("max by (store) (last_over_time(retrieval_index_age_seconds[15m]))", "{{store}}"),
        ), "s", width=24),
    ))  # fmt: skip
