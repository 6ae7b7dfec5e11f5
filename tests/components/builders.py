"""A platform with the strictest posture, ports of neighbours that are not there, and the way to synthesise a component.

Neighbours are plain text values, so that a test of one component registers that component and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi_kubernetes as kubernetes

from blueprint.context import PlatformContext
from blueprint.naming import labels, namespace, service_account
from blueprint.placement import Place
from blueprint.ports import (
    AuditPort,
    BackupPort,
    ClusterPort,
    IdentityPort,
    IngressPort,
    KeysPort,
    NetworkPort,
    SecretsPort,
    WorkloadIdentity,
)
from blueprint.synth import synthesize
from blueprint.types import DataClass, KeyPurpose, Partition
from blueprint.wiring import Needs, fold, slug
from tests.components.strictest import FRAMEWORKS, strictest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pulumi

    from blueprint.graph import ResourceGraph
    from blueprint.types import Noun

ACCOUNT = "111122223333"
REGION = "us-east-1"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
VPC_CIDR = "10.40.0.0/16"
CLASSES = frozenset({DataClass.PHI, DataClass.CARDHOLDER})


def platform(
    needs: Mapping[Noun, Needs] | None = None,
    *,
    accounts: Mapping[str, str] | None = None,
    account_owner: bool = True,
    zones: tuple[str, ...] = ZONES,
    region: str = REGION,
    partition: Partition = Partition.AWS,
    providers: Mapping[str, pulumi.ProviderResource] | None = None,
    frameworks: tuple[str, ...] = FRAMEWORKS,
    classes: frozenset[DataClass] = CLASSES,
) -> PlatformContext:
    """A platform of three frameworks whose components have these needs; wants must find their offers among them."""
    wiring, problems = fold(needs or {}, classes)
    assert problems == (), "\n".join(str(problem) for problem in problems)
    return PlatformContext(
        name="claims", environment="prod", owner="ml-platform@example.org", cost_centre="4711", region=region,
        partition=partition, account=ACCOUNT, accounts=accounts or {}, account_owner=account_owner, zones=zones,
        posture=strictest(classes, frameworks), wiring=wiring, providers=providers or {},
    )  # fmt: skip


def graph(program: Callable[[], object], *, zones: tuple[str, ...] = ZONES) -> ResourceGraph:
    """What a program registers."""
    place = Place(account=ACCOUNT, region=REGION, partition=Partition.AWS, zones=zones)

    def run() -> None:
        program()

    return synthesize(run, project="blueprint", stack="test", place=place)


def only(found: ResourceGraph, token: str, name: str | None = None) -> Any:
    """The one resource of a type, or of a type and logical name; untyped, so that a test reads its inputs directly."""
    matches = [each for each in found.of(token) if name in {None, each.name}]
    assert len(matches) == 1, f"{token} {name or ''}: {[each.name for each in found.of(token)]}"
    return matches[0]


def names(found: ResourceGraph, token: str) -> list[str]:
    """Logical names of the resources of a type, sorted."""
    return sorted(each.name for each in found.of(token))


def types(found: ResourceGraph) -> set[str]:
    """Every type token that was registered."""
    return set(found.by_type)


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN of the documentation's example account."""
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def keys() -> KeysPort:
    """A key for every purpose."""
    return KeysPort(provider="keys", arns={purpose: arn("kms", f"key/{purpose}") for purpose in KeyPurpose})


def audit() -> AuditPort:
    """Where audit records would go."""
    return AuditPort(
        provider="audit", trail_arn=arn("cloudtrail", "trail/claims-prod"), log_archive_bucket="claims-log-archive",
        access_log_bucket="claims-access-logs", alert_topic_arn=arn("sns", "claims-alerts"),
    )  # fmt: skip


def network() -> NetworkPort:
    """Three zones of a VPC with its endpoints."""
    return NetworkPort(
        provider="network", vpc_id="vpc-0123456789abcdef0", vpc_cidr=VPC_CIDR,
        workload_subnet_ids=_subnets("a"), data_subnet_ids=_subnets("b"),
        endpoint_subnet_cidrs=("10.40.192.0/21", "10.40.200.0/21", "10.40.208.0/21"),
        endpoint_security_group_id="sg-0123456789abcdef0",
        vpc_endpoint_ids={
            "s3": "vpce-0123456789abcdef0", "secretsmanager": "vpce-0123456789abcdef1", "execute-api": "vpce-0123456789abcdef2",
        },
    )  # fmt: skip


def identity(context: PlatformContext) -> IdentityPort:
    """An identity for every workload of the wiring."""
    return IdentityPort(
        provider="identity", permissions_boundary_arn=arn("iam", "policy/claims-prod-boundary", region=""),
        workloads={
            (noun, workload): WorkloadIdentity(
                role_name=f"{slug(noun)}-{workload}", role_arn=arn("iam", f"role/{slug(noun)}-{workload}", region=""),
                namespace=namespace(noun), service_account=service_account(workload), labels=labels(noun, workload),
            )
            for noun, workload in context.wiring.workloads
        },
    )  # fmt: skip


def cluster(context: PlatformContext) -> ClusterPort:
    """A cluster with a namespace for every component that has workloads; call it inside the program."""
    provider = kubernetes.Provider("cluster-access", kubeconfig="{}")
    nouns = {noun for noun, _ in context.wiring.workloads}
    return ClusterPort(
        provider="cluster", name="claims-prod", endpoint="https://cluster.example.org", service_address="172.20.0.1",
        security_group_id="sg-0123456789abcdef1", provider_resource=provider,
        namespaces={noun: namespace(noun) for noun in sorted(nouns)},
    )  # fmt: skip


def secrets(context: PlatformContext) -> SecretsPort:
    """Every secret that the wiring names."""
    return SecretsPort(
        provider="secrets",
        arns={
            f"{noun}/{name}": arn("secretsmanager", f"secret:claims-prod/{noun}/{name}")
            for noun, asked in context.wiring.needs.items()
            for name in sorted(asked.secrets)
        },
    )


def backup() -> BackupPort:
    """A vault and the tag that its plan selects."""
    return BackupPort(
        provider="backup", vault_arn=arn("backup", "backup-vault:claims-prod"), tag=("backup", "claims-prod")
    )


def ingress() -> IngressPort:
    """A private load balancer."""
    return IngressPort(
        provider="ingress", balancer_arn=arn("elasticloadbalancing", "loadbalancer/app/claims-prod/0123456789abcdef"),
        listener_arn=arn("elasticloadbalancing", "listener/app/claims-prod/0123456789abcdef/0123456789abcdef"),
        security_group_id="sg-0123456789abcdef2", host="ai.example.org",
        inner_listener_arn=arn("elasticloadbalancing", "listener/app/claims-prod/0123456789abcdef/fedcba9876543210"),
    )  # fmt: skip


def _subnets(tier: str) -> tuple[str, ...]:
    return tuple(f"subnet-{tier}{number:016d}" for number in range(len(ZONES)))
