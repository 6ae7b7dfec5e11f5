"""Databases and users inside an Aurora cluster, made by a job that may run again and again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
from components.data.aurora import MASTER, PORT
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.hardened import (
    Peer,
    container_security,
    env,
    mounted_secrets,
    network_policy,
    object_name,
    pod_security,
    resources,
    scratch,
    secrets_volume,
)
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, NetworkPort, WorkloadIdentity
    from blueprint.types import Noun
    from components.data.aurora import Aurora
    from components.foundation.admission import Statement

core, meta, batch = kubernetes.core.v1, kubernetes.meta.v1, kubernetes.batch.v1

WORKLOAD = "databases"
"""Name of the workload that a component with databases declares."""
PROGRAM = "databases.sh"
FOLDER = "/etc/databases"
MASTER_FILE = "master"
EVERY_TEN_MINUTES = "*/10 * * * *"
POSTGRES_USER = 999


@dataclass(frozen=True)
class Database:
    """One database and the user that owns what is in it."""

    name: str
    user: str
    extensions: tuple[str, ...] = ()
    password_arn: pulumi.Input[str] | None = None
    """Secret with the user's password; None: the user signs in by IAM."""
    statements: str = ""
    """Idempotent SQL that the user runs in the database."""
    readers: tuple[str, ...] = ()
    """Further users, who sign in by IAM and may only read what the user makes."""


def signs_in(aurora: Aurora, user: str) -> Statement:
    """What a role needs to connect as a user that signs in by IAM."""
    return {"Effect": "Allow", "Action": "rds-db:connect", "Resource": aurora.sign_in_arn(user)}


class Databases(Component):
    """Creates the job, and, where a user has a password, the schedule by which a renewed one reaches the database.

    The master's password is mounted into this job's pod and nowhere else. A password crosses to the server as the verifier
    that the client computes (psql's own command for it), since statements that change roles are written to the log.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        cluster: ClusterPort,
        who: WorkloadIdentity,
        space: pulumi.Input[str],
        aurora: Aurora,
        wanted: Sequence[Database],
        secrets_key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`who` is the identity of the component's own workload `databases`; `space` its namespace as the cluster made it."""
        super().__init__(noun, platform=platform, opts=opts)
        self._who, self._space, self._aurora, self._wanted = who, space, aurora, tuple(wanted)
        self._objects = self.within(provider=cluster.provider_resource)
        self._passwords = {
            f"password-{each.user}": each.password_arn for each in wanted if each.password_arn is not None
        }
        self._grant(secrets_key_arn)
        network_policy(
            self, "way", namespace=space, selects=who.labels, opts=self._objects,
            egress=[(Peer(cidr=network.vpc_cidr), [PORT])],
        )  # fmt: skip
        content = _content(self._wanted)
        digest = hashlib.sha256(
            json.dumps({**content, "image": image("postgres").tag}, sort_keys=True).encode()
        ).hexdigest()[:10]
        self._script = kubernetes.core.v1.ConfigMap(
            self.named("script"), metadata=self._meta(f"{self.named('script')}-{digest}"), data=content, immutable=True,
            opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip
        self._secrets = self._mounted()
        self.job = batch.Job(
            self.named("job"), metadata=self._meta(f"{self.named()}-{digest}"), spec=self._work(),
            opts=self.within(provider=cluster.provider_resource, depends_on=[*aurora.instances]),
        )  # fmt: skip
        if self._passwords:
            self._renew(cluster)
        self.finish()

    def _grant(self, key: pulumi.Input[str]) -> None:
        statements: list[Statement] = [self._aurora.reads_master(), decrypts_secrets(self.platform, key)]
        if self._passwords:
            statements.append(reads_secrets(list(self._passwords.values())))
        aws.iam.RolePolicy(
            self.named("reads"), role=self._who.role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}), opts=self.inside,
        )  # fmt: skip

    def _mounted(self) -> pulumi.Output[str]:
        found = mounted_secrets(
            self, "secrets", namespace=self._space, files=self._passwords, opts=self._objects,
            fields={MASTER_FILE: (self._aurora.master_secret_arn, "password")},
        )  # fmt: skip
        return object_name(found)

    def _renew(self, cluster: ClusterPort) -> None:
        batch.CronJob(
            self.named("renewal"), metadata=self._meta(self.named("renewal")),
            spec=batch.CronJobSpecArgs(
                schedule=EVERY_TEN_MINUTES, concurrency_policy="Forbid", successful_jobs_history_limit=1,
                failed_jobs_history_limit=3, job_template=batch.JobTemplateSpecArgs(spec=self._work()),
            ),
            opts=self.within(provider=cluster.provider_resource, depends_on=[self.job]),
        )  # fmt: skip

    def _work(self) -> batch.JobSpecArgs:
        told: dict[str, pulumi.Input[str]] = {
            "PGHOST": self._aurora.cluster.endpoint, "PGPORT": str(PORT), "PGSSLMODE": "require", "PGUSER": MASTER,
            "HOME": "/tmp",  # noqa: S108  an empty volume of the pod
        }  # fmt: skip
        container = core.ContainerArgs(
            name=WORKLOAD, image=image("postgres").at(self.platform), command=["sh", f"{FOLDER}/{PROGRAM}"], env=env(told),
            security_context=container_security(POSTGRES_USER), resources=resources("50m", "128Mi", cpu_limit="500m"),
            volume_mounts=[
                core.VolumeMountArgs(name="script", mount_path=FOLDER, read_only=True),
                core.VolumeMountArgs(name="secrets", mount_path="/run/databases", read_only=True),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
            ],
        )  # fmt: skip
        pod = core.PodSpecArgs(
            containers=[container], restart_policy="Never", service_account_name=self._who.service_account,
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(POSTGRES_USER),
            volumes=[
                core.VolumeArgs(name="script", config_map=core.ConfigMapVolumeSourceArgs(name=self._script)),
                secrets_volume("secrets", self._secrets), scratch("tmp", "16Mi"),
            ],
        )  # fmt: skip
        labels = {**self.labels(), **self._who.labels}
        template = core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels=labels), spec=pod)
        return batch.JobSpecArgs(backoff_limit=4, active_deadline_seconds=900, template=template)

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels={**self.labels(), **self._who.labels})


def _content(wanted: Sequence[Database]) -> dict[str, str]:
    """The program, and for each database what to make outside of it and what inside."""
    program = files("components.data.programs").joinpath(PROGRAM).read_text(encoding="utf-8")
    made = {f"{number}-{each.name}.outside.sql": outside(each) for number, each in enumerate(wanted)}
    inner = {f"{number}-{each.name}.inside.sql": inside(each) for number, each in enumerate(wanted)}
    order = "".join(
        f"{number}-{each.name} {each.name} {each.user} {'password' if each.password_arn is not None else 'iam'}\n"
        for number, each in enumerate(wanted)
    )
    return {PROGRAM: program, "order": order, **made, **inner}


def outside(database: Database) -> str:
    """Users, and the database itself; run as the master in the database that is always there."""
    roles = "".join(_role(name) for name in (database.user, *database.readers))
    signing = "".join(
        f'GRANT rds_iam TO "{name}";\n'
        for name in (*(() if database.password_arn is not None else (database.user,)), *database.readers)
    )
    connecting = "".join(
        f'GRANT CONNECT ON DATABASE "{database.name}" TO "{name}";\n' for name in (database.user, *database.readers)
    )
    missing = f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database.name}')"
    made = f"SELECT 'CREATE DATABASE \"{database.name}\"' {missing} \\gexec\n"
    return f'{roles}{signing}{made}REVOKE CONNECT ON DATABASE "{database.name}" FROM PUBLIC;\n{connecting}'


def inside(database: Database) -> str:
    """Extensions and rights, as the master; then, as the user, what belongs to the user."""
    extensions = "".join(f'CREATE EXTENSION IF NOT EXISTS "{name}";\n' for name in database.extensions)
    rights = (
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
        f'GRANT USAGE, CREATE ON SCHEMA public TO "{database.user}";\n'
        f'GRANT "{database.user}" TO CURRENT_USER;\n'
    )
    reading = "".join(
        f'GRANT USAGE ON SCHEMA public TO "{name}";\n'
        f'ALTER DEFAULT PRIVILEGES FOR ROLE "{database.user}" IN SCHEMA public GRANT SELECT ON TABLES TO "{name}";\n'
        for name in database.readers
    )
    own = f'SET ROLE "{database.user}";\n{database.statements}\nRESET ROLE;\n' if database.statements else ""
    return f"{extensions}{rights}{reading}{own}"


def _role(name: str) -> str:
    missing = f"WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')"
    return f"SELECT 'CREATE ROLE \"{name}\" LOGIN' {missing} \\gexec\n"
