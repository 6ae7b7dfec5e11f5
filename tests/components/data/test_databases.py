"""The job that makes databases and users, read as what it sends to the server."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pulumi
import pytest

from blueprint.graph import embedded_json
from blueprint.wiring import Needs
from components.data.aurora import Aurora
from components.data.databases import Database, Databases, inside, outside
from tests.components import builders, manifests
from tests.components.builders import graph, names, only, types

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

IAM = Database(
    name="documents", user="index", extensions=("vector",), readers=("search",), statements="CREATE TABLE t();"
)
BY_PASSWORD = Database(name="temporal", user="temporal", password_arn=builders.arn("secretsmanager", "secret:temporal"))


def made(*wanted: Database) -> ResourceGraph:
    def program() -> None:
        context = builders.platform({"store": Needs(workloads=frozenset({"databases"}))})
        cluster = builders.cluster(context)
        aurora = Aurora(
            "store/database", platform=context, network=builders.network(), keys=builders.keys(), backup=builders.backup(),
            classes=frozenset(), database="postgres", units=(0.5, 4), instances=2, admits="sg-pods", keep=True,
            opts=pulumi.ResourceOptions(),
        )  # fmt: skip
        Databases(
            "store/databases", platform=context, network=builders.network(), cluster=cluster, aurora=aurora, wanted=wanted,
            who=builders.identity(context).workloads["store", "databases"], space="store",
            secrets_key_arn=builders.arn("kms", "key/secrets"), opts=pulumi.ResourceOptions(),
        )  # fmt: skip

    return graph(program)


@pytest.fixture(scope="module")
def both() -> ResourceGraph:
    return made(IAM, BY_PASSWORD)


def test_the_objects_are_what_kubernetes_takes(both: ResourceGraph) -> None:
    assert {"store-databases-job", "store-databases-renewal", "store-databases-script"} <= set(manifests.check(both))


def test_a_user_signs_in_by_iam_or_by_password_never_both() -> None:
    assert 'GRANT rds_iam TO "index"' in outside(IAM)
    assert 'GRANT rds_iam TO "search"' in outside(IAM)
    assert "rds_iam" not in outside(BY_PASSWORD)


def test_nobody_but_the_named_users_may_connect() -> None:
    lines = outside(IAM).splitlines()
    assert 'REVOKE CONNECT ON DATABASE "documents" FROM PUBLIC;' in lines
    assert [line for line in lines if line.startswith("GRANT CONNECT")] == [
        'GRANT CONNECT ON DATABASE "documents" TO "index";', 'GRANT CONNECT ON DATABASE "documents" TO "search";',
    ]  # fmt: skip


def test_a_reader_reads_and_owns_nothing() -> None:
    written = [line for line in inside(IAM).splitlines() if '"search"' in line]
    assert all("SELECT" in line or "USAGE ON SCHEMA" in line for line in written)
    assert 'SET ROLE "index";\nCREATE TABLE t();\nRESET ROLE;' in inside(IAM)


def test_the_job_reads_the_masters_password_and_the_passwords_it_sets(both: ResourceGraph) -> None:
    policy = embedded_json(only(both, "aws:iam/rolePolicy:RolePolicy", "store-databases-reads").inputs["policy"])
    assert isinstance(policy, dict)
    statements = policy["Statement"]
    assert isinstance(statements, list)
    read = [
        each["Resource"] for each in statements if isinstance(each, dict) and "secretsmanager" in str(each["Action"])
    ]
    assert read == [["arn:aws:secretsmanager:us-east-1:111122223333:secret:rds!cluster-*"], [BY_PASSWORD.password_arn]]


def test_no_password_stands_in_the_environment_or_in_the_script(both: ResourceGraph) -> None:
    job = only(both, "kubernetes:batch/v1:Job").inputs["spec"]["template"]["spec"]["containers"][0]
    assert {each["name"] for each in job["env"]} == {"HOME", "PGHOST", "PGPORT", "PGSSLMODE", "PGUSER"}
    files = only(both, "kubernetes:core/v1:ConfigMap", "store-databases-script").inputs["data"]
    assert files["order"] == "0-documents documents index iam\n1-temporal temporal temporal password\n"
    assert not any("PASSWORD '" in text for text in files.values())


def test_without_passwords_nothing_runs_on_a_schedule() -> None:
    found = made(IAM)
    assert "kubernetes:batch/v1:CronJob" not in types(found)
    assert names(found, "kubernetes:batch/v1:Job") == ["store-databases-job"]


def test_another_statement_is_another_job(both: ResourceGraph) -> None:
    other = made(IAM)
    called = {only(each, "kubernetes:batch/v1:Job").inputs["metadata"]["name"] for each in (both, other)}
    assert len(called) == 2


def test_the_program_is_a_shell_program(both: ResourceGraph) -> None:
    text = only(both, "kubernetes:core/v1:ConfigMap", "store-databases-script").inputs["data"]["databases.sh"]
    shell = shutil.which("sh")
    assert shell is not None
    subprocess.run([shell, "-n"], input=text.encode(), check=True)
