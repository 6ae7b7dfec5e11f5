"""blueprint.synth: the same bytes everywhere, links kept, secrets withheld, nothing left behind."""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest
from pulumi._utils import ContextProperty
from pulumi.runtime.settings import Settings
from pydantic import JsonValue

from blueprint.errors import ProgramError
from blueprint.graph import Ref, Resource, ResourceGraph, embedded_json
from blueprint.placement import Place
from blueprint.synth import synthesize

HOME = Place(account="111122223333", region="us-east-1", zones=("us-east-1a", "us-east-1b"))
URN = "urn:pulumi:prod::claims::"
GOLDEN_URNS = [
    f"{URN}aws:ec2/subnet:Subnet::private",
    f"{URN}aws:ec2/vpc:Vpc::landing-zone",
    f"{URN}blueprint:data:Archive$aws:s3/bucket:Bucket::archive",
    f"{URN}blueprint:data:Archive$aws:s3/bucketPolicy:BucketPolicy::archive",
    f"{URN}blueprint:data:Archive$blueprint:keys:Keys$aws:kms/key:Key::archive",
    f"{URN}blueprint:data:Archive$blueprint:keys:Keys::archive",
    f"{URN}blueprint:data:Archive::archive",
    f"{URN}kubernetes:core/v1:ConfigMap::where",
    f"{URN}kubernetes:core/v1:Secret::token",
    f"{URN}pulumi:providers:aws::elsewhere",
    f"{URN}pulumi:pulumi:Stack::claims-prod",
]
POOL = f"{URN}blueprint:data:Archive$blueprint:keys:Keys$aws:kms/key:Key::archive"
BUCKET = f"{URN}blueprint:data:Archive$aws:s3/bucket:Bucket::archive"


class Keys(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("blueprint:keys:Keys", name, None, opts)
        self.key = aws.kms.Key(name, enable_key_rotation=True, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


class Archive(pulumi.ComponentResource):
    def __init__(self, name: str, provider: aws.Provider) -> None:
        super().__init__("blueprint:data:Archive", name, None, pulumi.ResourceOptions(providers=[provider]))
        self.inside = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True, ignore_changes=["tags"])
        self.keys = Keys(name, self.inside)
        self.bucket = aws.s3.Bucket(name, force_destroy=False, opts=kept)
        aws.s3.BucketPolicy(
            name,
            bucket=self.bucket.id,
            policy=pulumi.Output.json_dumps(
                {
                    "Resource": [self.bucket.arn, pulumi.Output.concat(self.bucket.arn, "/*")],
                    "Condition": {"StringEquals": {"kms:key": self.keys.key.arn}},
                }
            ),
            opts=self.inside,
        )
        self.register_outputs({})


def program() -> None:
    elsewhere = aws.Provider(
        "elsewhere",
        region="eu-west-1",
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn="arn:aws:iam::444455556666:role/deployer")],
    )
    archive = Archive("archive", elsewhere)
    network = aws.ec2.Vpc.get("landing-zone", "vpc-0123456789abcdef0")
    aws.ec2.Subnet("private", vpc_id=network.id, cidr_block="10.0.0.0/24", availability_zone=zones()[1])
    kubernetes.core.v1.ConfigMap(
        "where",
        metadata={"name": "where"},
        data={
            "bucket": archive.bucket.id,
            "url": pulumi.Output.concat("s3://", archive.bucket.bucket, "/x"),
            "cut": archive.bucket.arn.apply(lambda arn: arn[:9]),
        },
    )
    kubernetes.core.v1.Secret("token", string_data={"token": pulumi.Output.secret("top-secret-value")})
    pulumi.export("password", pulumi.Output.secret("top-secret-value"))


def zones() -> list[str]:
    return list(aws.get_availability_zones().names)


def synth(symbolic: bool = True) -> ResourceGraph:
    return synthesize(program, project="claims", stack="prod", place=HOME, symbolic=symbolic)


@pytest.fixture(scope="module")
def graph() -> ResourceGraph:
    return synth()


def resource(graph: ResourceGraph, urn: str) -> Resource:
    return graph.by_urn[urn]


# The record


def test_a_urn_has_the_types_of_all_its_components_and_not_the_stack(graph: ResourceGraph) -> None:
    assert [one.urn for one in graph.resources] == GOLDEN_URNS


def test_a_link_is_a_reference_and_its_dependency_is_kept(graph: ResourceGraph) -> None:
    policy = resource(graph, f"{URN}blueprint:data:Archive$aws:s3/bucketPolicy:BucketPolicy::archive")
    assert policy.inputs["bucket"] == Ref(urn=BUCKET, property="id").value()
    assert policy.dependencies == (BUCKET, POOL)
    assert policy.property_dependencies == {"bucket": (BUCKET,), "policy": (BUCKET, POOL)}


def test_a_policy_built_from_outputs_can_be_read(graph: ResourceGraph) -> None:
    policy = resource(graph, f"{URN}blueprint:data:Archive$aws:s3/bucketPolicy:BucketPolicy::archive")
    arn: JsonValue = Ref(urn=BUCKET, property="arn").value()
    assert embedded_json(policy.inputs["policy"]) == {
        "Resource": [arn, {"$text": [arn, "/*"]}],
        "Condition": {"StringEquals": {"kms:key": Ref(urn=POOL, property="arn").value()}},
    }


def test_text_around_a_reference_stays_and_a_cut_symbol_is_unknown(graph: ResourceGraph) -> None:
    data = resource(graph, f"{URN}kubernetes:core/v1:ConfigMap::where").inputs["data"]
    assert data == {
        "bucket": Ref(urn=BUCKET, property="id").value(),
        "cut": {"$unknown": True},
        "url": {"$text": ["s3://", Ref(urn=BUCKET, property="bucket").value(), "/x"]},
    }


def test_options_of_a_resource_are_recorded(graph: ResourceGraph) -> None:
    bucket = resource(graph, BUCKET)
    assert (bucket.protect, bucket.retain_on_delete, bucket.ignore_changes) == (True, True, ("tags",))
    assert bucket.aliases == (f"{URN}blueprint:data:Archive$aws:s3/bucketV2:BucketV2::archive",)
    assert bucket.parent == f"{URN}blueprint:data:Archive::archive"


def test_region_and_account_are_those_of_the_provider_else_of_the_stack(graph: ResourceGraph) -> None:
    placed = {one.name: (one.region, one.account) for one in graph.of("aws:kms/key:Key", "aws:ec2/subnet:Subnet")}
    assert placed == {"archive": ("eu-west-1", "444455556666"), "private": ("us-east-1", "111122223333")}
    assert resource(graph, BUCKET).provider == f"{URN}pulumi:providers:aws::elsewhere"


def test_what_exists_already_is_external_and_linked_by_its_identifier(graph: ResourceGraph) -> None:
    network = f"{URN}aws:ec2/vpc:Vpc::landing-zone"
    assert (resource(graph, network).external, resource(graph, network).id) == (True, "vpc-0123456789abcdef0")
    subnet = resource(graph, f"{URN}aws:ec2/subnet:Subnet::private")
    assert subnet.inputs["vpcId"] == Ref(urn=network, property="id").value()
    assert subnet.inputs["availabilityZone"] == "us-east-1b"


def test_secrets_are_marked_and_their_content_is_nowhere(graph: ResourceGraph) -> None:
    assert resource(graph, f"{URN}kubernetes:core/v1:Secret::token").inputs["stringData"] == {"$secret": True}
    assert "top-secret-value" not in graph.to_json()


def test_the_line_of_the_program_is_known_and_not_written(graph: ResourceGraph) -> None:
    source = resource(graph, BUCKET).source
    assert source is not None
    assert Path(source.rpartition(":")[0]).name == Path(__file__).name
    assert Path(__file__).name not in graph.to_json()


def test_a_short_stack_names_the_same_lines_as_the_whole_one(
    graph: ResourceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blueprint.synth._FRAMES", 1000)
    assert [one.source for one in synth().resources] == [one.source for one in graph.resources]


def test_no_symbol_is_left_in_the_graph(graph: ResourceGraph) -> None:
    assert "~~" not in graph.to_json()


def test_opaque_mode_registers_the_same_resources_with_the_same_dependencies(graph: ResourceGraph) -> None:
    def shape(some: ResourceGraph) -> list[tuple[object, ...]]:
        return [
            (one.urn, one.dependencies, dict(one.property_dependencies), sorted(one.inputs)) for one in some.resources
        ]

    opaque = synth(symbolic=False)
    assert shape(opaque) == shape(graph)
    policy = resource(opaque, f"{URN}blueprint:data:Archive$aws:s3/bucketPolicy:BucketPolicy::archive")
    assert policy.inputs == {"bucket": {"$unknown": True}, "policy": {"$unknown": True}}


def test_objects_that_the_cloud_makes_are_referred_to_by_path() -> None:
    def clustered() -> None:
        inside = aws.eks.ClusterVpcConfigArgs(subnet_ids=["subnet-1"])
        cluster = aws.eks.Cluster("c", role_arn="arn:aws:iam::111122223333:role/c", vpc_config=inside)
        data = {
            "ca": cluster.certificate_authority.data,
            "issuer": cluster.identities[0].oidcs[0].issuer,
            "group": cluster.vpc_config.cluster_security_group_id,
            "public": cluster.vpc_config.endpoint_public_access.apply(str),
        }
        kubernetes.core.v1.ConfigMap("m", metadata={"name": "m"}, data=data)

    graph = synthesize(clustered, project="claims", stack="prod", place=HOME)
    cluster = f"{URN}aws:eks/cluster:Cluster::c"
    paths = ("certificateAuthority.data", "identities.0.oidcs.0.issuer", "vpcConfig.clusterSecurityGroupId")
    ca, issuer, group = (Ref(urn=cluster, property=path).value() for path in paths)
    (only,) = graph.of("kubernetes:core/v1:ConfigMap")
    assert only.inputs["data"] == {"ca": ca, "issuer": issuer, "group": group, "public": {"$unknown": True}}
    assert graph.by_urn[cluster].inputs["vpcConfig"] == {"subnetIds": ["subnet-1"]}


@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_a_symbol_inside_base64_is_unknown(before: str) -> None:
    def encoded() -> None:
        arn = aws.sqs.Queue("a").arn
        aws.sqs.Queue("b", name=arn.apply(lambda text: b64encode(f"{before}{text}".encode()).decode()))

    graph = synthesize(encoded, project="claims", stack="prod", place=HOME)
    assert graph.by_urn[f"{URN}aws:sqs/queue:Queue::b"].inputs == {"name": {"$unknown": True}}


# The same bytes everywhere


def test_a_synth_leaves_nothing_for_the_next_one(graph: ResourceGraph) -> None:
    def other() -> None:
        aws.sqs.Queue("other")

    first = synthesize(other, project="q", stack="dev", place=HOME)
    assert [one.name for one in first.of("aws:sqs/queue:Queue")] == ["other"]
    assert synth().to_json() == graph.to_json()


async def test_it_runs_inside_a_running_event_loop(graph: ResourceGraph) -> None:
    assert asyncio.get_running_loop().is_running()
    assert synth().to_json() == graph.to_json()


def test_it_runs_in_four_threads_at_once(graph: ResourceGraph) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: synth().to_json(), range(4)))
    assert set(results) == {graph.to_json()}


def test_hash_seeds_do_not_show(graph: ResourceGraph) -> None:
    code = (
        "import importlib.util, sys\n"
        "from blueprint.garbage import leave_garbage\n"
        "leave_garbage()\n"
        f"spec = importlib.util.spec_from_file_location('program', {str(Path(__file__))!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        "sys.stdout.write(module.synth().to_json())\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("0", "1", "4242")
    ]
    assert {process.communicate()[0].decode() for process in running} == {graph.to_json()}


# Failures


@pytest.fixture
def settled() -> Iterator[None]:
    """Threads and settings of the process are the same before and after."""
    before = threading.active_count(), settings()
    yield
    assert (threading.active_count(), settings()) == before


def settings() -> list[object]:
    properties = [one for one in vars(Settings).values() if isinstance(one, ContextProperty)]
    bare = contextvars.Context()
    return [bare.run(one.fget) for one in properties]


def failing_late() -> None:
    aws.sqs.Queue("before")
    raise ValueError("the document names no pool")


def failing_in_an_apply() -> None:
    def refuse(_arn: str) -> str:
        raise ValueError("no such dialect")

    aws.sqs.Queue("a", name=aws.sqs.Queue("b").arn.apply(refuse))


def failing_on_purpose() -> None:
    raise pulumi.RunError("stop here")


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    ("failing", "error", "message"),
    [
        (failing_late, ValueError, "the document names no pool"),
        (failing_in_an_apply, ValueError, "no such dialect"),
        (failing_on_purpose, pulumi.RunError, "stop here"),
        (lambda: sys.exit(3), ProgramError, "the program ended itself with exit code 3"),
    ],
)
def test_a_failing_program_raises_what_it_said_and_leaves_nothing(
    failing: object, error: type[Exception], message: str, graph: ResourceGraph
) -> None:
    assert callable(failing)
    with pytest.raises(error, match=message):
        synthesize(failing, project="claims", stack="prod", place=HOME)
    assert synth().to_json() == graph.to_json()


@pytest.mark.usefixtures("settled")
def test_a_good_synth_leaves_threads_and_settings_as_they_were() -> None:
    synth()


def test_two_resources_of_one_urn_are_refused_with_both_places() -> None:
    def twice() -> None:
        aws.sqs.Queue("jobs")
        aws.sqs.Queue("jobs")

    with pytest.raises(ProgramError, match=r"'jobs' in the same place: .*Queue::jobs \(first at .*:\d+, again at "):
        synthesize(twice, project="claims", stack="prod", place=HOME)


def test_a_question_to_the_cloud_that_the_document_cannot_answer_is_refused_by_name() -> None:
    def asking() -> None:
        aws.ec2.get_ami(owners=["amazon"])

    with pytest.raises(ProgramError, match="asks aws:ec2/getAmi:getAmi, which nobody answers offline"):
        synthesize(asking, project="claims", stack="prod", place=HOME)


def test_questions_about_oneself_are_answered_for_the_provider_that_is_asked() -> None:
    told: dict[str, object] = {}

    def asking() -> None:
        role = aws.ProviderAssumeRoleArgs(role_arn="arn:aws:iam::444455556666:role/deployer")
        there = pulumi.InvokeOptions(provider=aws.Provider("there", region="eu-west-1", assume_roles=[role]))
        told["here"] = (aws.get_caller_identity().account_id, aws.get_region().region, aws.get_partition().dns_suffix)
        told["there"] = (aws.get_caller_identity(opts=there).account_id, aws.get_region(opts=there).region)

    synthesize(asking, project="claims", stack="prod", place=HOME)
    assert told == {"here": ("111122223333", "us-east-1", "amazonaws.com"), "there": ("444455556666", "eu-west-1")}


def test_a_transform_that_only_the_engine_would_run_is_refused() -> None:
    def transformed() -> None:
        pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult(args.props, args.opts))
        aws.sqs.Queue("jobs")

    with pytest.raises(Exception, match="transform"):
        synthesize(transformed, project="claims", stack="prod", place=HOME)


def test_configuration_comes_from_the_caller_alone() -> None:
    def configured() -> None:
        aws.sqs.Queue("jobs", name=pulumi.Config("claims").require("queue"))

    graph = synthesize(configured, project="claims", stack="prod", place=HOME, config={"claims:queue": "intake"})
    assert [json.loads(json.dumps(dict(one.inputs))) for one in graph.of("aws:sqs/queue:Queue")] == [{"name": "intake"}]
