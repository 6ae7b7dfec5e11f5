"""What holds for every resource of every stack, whoever makes it."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from jsonschema import Draft202012Validator, ValidationError
from kubernetes_validate import SchemaNotFoundError
from pydantic import JsonValue

from blueprint.declared import _class
from blueprint.graph import Resource, as_ref, is_unknown
from blueprint.tags import REQUIRED, Tag
from components.compute.cluster_spec import ClusterSpec
from tests.components.manifests import PINNED, hold
from tests.conftest import ROOT, STACKS, graph_of, plan_of

pytestmark = pytest.mark.xdist_group("stacks")

every_stack = pytest.mark.parametrize("stack", STACKS)

ABROAD = {
    "brownfield": {"home"},
    "dev": {"home"},
    "prod": {"home", "log-archive"},
    "regulated": {"home", "log-archive", "backup"},
    "seed": {"home"},
    "staging": {"home", "log-archive"},
}
"""Stack -> its AWS providers: one for its own account, one for each other account that its document names."""

FOREIGN_IN_BROWNFIELD = {
    "aws:cloudtrail/trail:Trail": 1,
    "aws:ec2/securityGroup:SecurityGroup": 1,
    "aws:ec2/subnet:Subnet": 9,
    "aws:ec2/vpc:Vpc": 1,
    "aws:ec2/vpcEndpoint:VpcEndpoint": 2,
    "aws:s3/bucket:Bucket": 2,
    "aws:sns/topic:Topic": 1,
}
"""What the landing zone owns: read, never made."""

NEVER_IN_BROWNFIELD = re.compile(
    r"^aws:(ec2/(.*vpc(Endpoint)?:|.*subnet|.*route|.*gateway|.*networkAcl|flowLog)|ec2transitgateway/|networkfirewall/|cloudtrail/)",
    re.IGNORECASE,
)

NAMED_INSIDE_ANOTHER = {"aws:cloudwatch/logStream:LogStream"}
"""Types whose name is their own within a resource of theirs, not within the account."""

CONTENT = {"authToken", "masterPassword", "password", "privateKey", "secretBinary", "secretKey", "secretString"}
"""Properties of AWS resources that take a secret itself."""

SHAPES_OF_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bA(KIA|SIA)[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9]{20,}|\bgh[pousr]_\w{30,}"
)

NAMED_LIKE_A_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|API_KEY|MASTER_KEY|CREDENTIAL")


@every_stack
def test_every_resource_stands_under_a_component(stack: str) -> None:
    graph = graph_of(stack)
    (root,) = graph.of("pulumi:pulumi:Stack")
    assert graph.children[None] == (root,)
    top = graph.children[root.urn]
    providers = {each.name for each in top if each.type == "pulumi:providers:aws"}
    assert providers == ABROAD[stack]
    orphans = [each.urn for each in top if not each.type.startswith(("blueprint:", "pulumi:providers:"))]
    assert not orphans
    assert not [each.urn for each in graph.resources if each.custom and each.urn in graph.children and each != root]


@every_stack
def test_every_resource_names_the_line_of_ours_that_made_it(stack: str) -> None:
    """The synth shows the SDK a few frames only; were they too few, the line would be missing or the SDK's."""
    ours = re.compile(rf"{re.escape(str(ROOT))}/(blueprint|components)/[\w/]+\.py:[1-9]\d*")
    made = (each for each in graph_of(stack).resources if not each.external and not each.type.startswith("pulumi:"))
    assert {each.urn: each.source for each in made if not ours.fullmatch(each.source or "")} == {}


@every_stack
def test_every_aws_resource_names_its_provider(stack: str) -> None:
    """The default provider would deploy into whatever account the caller's credentials belong to."""
    assert not [each.urn for each in ours(stack, "aws:") if each.provider is None]


@every_stack
def test_every_resource_of_kubernetes_names_its_provider(stack: str) -> None:
    assert not [each.urn for each in ours(stack, "kubernetes:") if each.provider is None]


@every_stack
def test_everything_that_can_be_tagged_carries_the_required_tags(stack: str) -> None:
    found = [each for each in ours(stack, "aws:") if taggable(each.type)]
    assert len(found) > 100
    assert not {each.urn: lacking for each in found if (lacking := lacking_tags(each))}


@every_stack
def test_tags_say_who_owns_and_pays_for_the_stack(stack: str) -> None:
    document = plan_of(stack).document
    said = {
        Tag.PLATFORM: document.name, Tag.ENVIRONMENT: document.environment,
        Tag.OWNER: document.owner, Tag.COST_CENTRE: document.cost_centre,
    }  # fmt: skip
    for each in ours(stack, "aws:"):
        if taggable(each.type):
            assert {key: tags(each)[key.value] for key in said} == said, each.urn


@every_stack
def test_every_object_of_kubernetes_is_valid_for_the_pinned_version(stack: str) -> None:
    """Those of operators too: one of a kind without a schema raises."""
    cluster = plan_of(stack).specs["cluster"][1]
    assert isinstance(cluster, ClusterSpec)
    objects = manifests(stack)
    for each in objects:
        hold(each.inputs, cluster.version)
    assert len(objects) > 60


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("apps/v1", "Deployment"),
        ("elbv2.k8s.aws/v1beta1", "TargetGroupBinding"),
        ("keda.sh/v1alpha1", "ScaledObject"),
        ("policies.kyverno.io/v1", "ImageValidatingPolicy"),
        ("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass"),
    ],
)
def test_a_misspelt_or_misplaced_field_of_an_object_is_found(api_version: str, kind: str) -> None:
    found = next(
        each for stack in STACKS for each in manifests(stack)
        if (each.inputs["apiVersion"], each.inputs["kind"]) == (api_version, kind)
    )  # fmt: skip
    hold(found.inputs)
    spec = found.inputs["spec"]
    assert isinstance(spec, dict)
    first = min(spec)
    misspelt: JsonValue = {f"{first}s" if name == first else name: value for name, value in spec.items()}
    for wrong in ({**found.inputs, "spec": misspelt}, {**found.inputs, first: spec[first]}):
        with pytest.raises(ValidationError, match=first):
            hold(wrong)


def test_an_object_of_a_kind_that_nobody_describes_is_refused() -> None:
    with pytest.raises(SchemaNotFoundError):
        hold({"apiVersion": "example.com/v1", "kind": "Surprise", "metadata": {"name": "a"}})


def test_every_schema_of_an_operator_is_in_use_and_says_where_and_when_it_was_read() -> None:
    used = {
        f"{str(each.inputs['apiVersion']).partition('/')[0]}_{each.inputs['kind']}.json"
        for stack in STACKS
        for each in manifests(stack)
    }
    files = sorted(PINNED.iterdir())
    assert {file.name for file in files} <= used
    for file in files:
        schema = json.loads(file.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        assert re.search(r" of \S+/\S+ (v[\d.]+|at [0-9a-f]{40}).* read .*2026-", schema["$comment"]), file.name


@every_stack
def test_no_two_objects_of_kubernetes_have_one_name(stack: str) -> None:
    names = Counter(name_in_cluster(each) for each in manifests(stack))
    assert not [name for name, times in names.items() if times > 1]


@every_stack
def test_no_object_of_kubernetes_is_named_by_chance(stack: str) -> None:
    """Without metadata.name Pulumi adds random letters, and no policy can name the object."""
    assert not [each.urn for each in manifests(stack) if not isinstance(metadata(each).get("name"), str | dict)]


@every_stack
def test_no_two_resources_of_one_type_have_one_name_in_an_account(stack: str) -> None:
    names = Counter(
        (each.type, each.account, each.region, each.inputs["name"])
        for each in ours(stack, "aws:")
        if isinstance(each.inputs.get("name"), str) and each.type not in NAMED_INSIDE_ANOTHER
    )  # fmt: skip
    assert not [name for name, times in names.items() if times > 1]


@every_stack
def test_no_secret_content_is_in_the_graph(stack: str) -> None:
    graph = graph_of(stack)
    assert not SHAPES_OF_SECRETS.findall(graph.to_json())
    assert not [each.urn for each in ours(stack, "aws:") for name in CONTENT & each.inputs.keys()]
    assert not [each.urn for each in manifests(stack) if each.inputs["kind"] == "Secret"]
    assert not [each.urn for each in manifests(stack) for name in clear_text(dict(each.inputs))]


@every_stack
def test_every_log_group_is_kept_for_a_time_and_encrypted_with_a_key_of_ours(stack: str) -> None:
    graph = graph_of(stack)
    groups = graph.of("aws:cloudwatch/logGroup:LogGroup")
    assert groups
    for each in groups:
        assert each.inputs.get("retentionInDays"), each.urn
        key = graph.target(each.inputs.get("kmsKeyId"))
        assert key is not None, each.urn
        assert key.type == "aws:kms/key:Key", each.urn


def test_brownfield_makes_nothing_of_the_network_or_of_the_trail() -> None:
    graph = graph_of("brownfield")
    made = Counter(each.type for each in ours("brownfield", "aws:"))
    assert not {token for token in made if NEVER_IN_BROWNFIELD.match(token)}
    assert Counter(each.type for each in graph.resources if each.external) == FOREIGN_IN_BROWNFIELD


def test_what_brownfield_does_not_make_others_do() -> None:
    """The pattern above finds what it is meant to find."""
    made = {each.type for each in ours("regulated", "aws:") if NEVER_IN_BROWNFIELD.match(each.type)}
    assert {
        "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/routeTable:RouteTable", "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:cloudtrail/trail:Trail", "aws:ec2/flowLog:FlowLog",
    } <= made  # fmt: skip
    assert NEVER_IN_BROWNFIELD.match("aws:ec2/internetGateway:InternetGateway")
    assert NEVER_IN_BROWNFIELD.match("aws:ec2/natGateway:NatGateway")
    assert NEVER_IN_BROWNFIELD.match("aws:ec2/route:Route")


@pytest.mark.parametrize("stack", [stack for stack in STACKS if stack != "brownfield"])
def test_no_other_stack_rests_on_what_somebody_else_made(stack: str) -> None:
    assert not [each.urn for each in graph_of(stack).resources if each.external]


@pytest.mark.parametrize("stack", ["seed", "brownfield"])
def test_without_a_model_of_its_own_a_stack_has_no_accelerators(stack: str) -> None:
    graph = graph_of(stack)
    nouns = {each.type for each in graph.resources if each.type.startswith("blueprint:")}
    assert not nouns & {"blueprint:compute:GpuPool", "blueprint:serving:Vllm", "blueprint:models:OpenWeights"}
    assert "nvidia.com/gpu" not in graph.to_json()


def test_a_stack_with_a_model_of_its_own_has_accelerators() -> None:
    assert "nvidia.com/gpu" in graph_of("regulated").to_json()


@every_stack
def test_nothing_reaches_the_internet_unless_a_component_names_a_host(stack: str) -> None:
    ways = {"aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"}
    open_ways = {each.type for each in ours(stack, "aws:")} & ways
    assert bool(open_ways) == bool(plan_of(stack).wiring.egress)


def test_importing_every_component_registers_nothing() -> None:
    """Without a running program a registration raises; a module-level resource would break this import."""
    program = (
        "import pkgutil, importlib, components, pulumi\n"
        "names = [m.name for m in pkgutil.walk_packages(components.__path__, 'components.')]\n"
        "found = [importlib.import_module(n) for n in names if '.programs.' not in n and '.rotator.' not in n]\n"
        "held = [f'{m.__name__}.{k}' for m in found for k, v in vars(m).items()"
        " if isinstance(v, (pulumi.Resource, pulumi.Output, pulumi.ResourceOptions))]\n"
        "print(len(found), held)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    count, _, held = ran.stdout.strip().partition(" ")
    assert held == "[]"
    assert int(count) > 60


@cache
def ours(stack: str, package: str) -> tuple[Resource, ...]:
    return tuple(each for each in graph_of(stack).resources if each.type.startswith(package) and not each.external)


@cache
def taggable(token: str) -> bool:
    found = _class(token)
    assert found is not None, token
    return "tags" in inspect.signature(found._internal_init).parameters  # type: ignore[attr-defined]


def tags(resource: Resource) -> dict[str, JsonValue]:
    found = resource.inputs.get("tags")
    return found if isinstance(found, dict) else {}


def lacking_tags(resource: Resource) -> list[str]:
    return [key.value for key in REQUIRED if not isinstance(tags(resource).get(key.value), str)]


def manifests(stack: str) -> tuple[Resource, ...]:
    """Objects that we write ourselves; a chart's release is not one."""
    return tuple(each for each in ours(stack, "kubernetes:") if "apiVersion" in each.inputs)


def metadata(resource: Resource) -> dict[str, JsonValue]:
    found = resource.inputs["metadata"]
    assert isinstance(found, dict)
    return found


def name_in_cluster(resource: Resource) -> str:
    about = metadata(resource)
    return json.dumps([resource.inputs["kind"], about.get("namespace"), about.get("name")], sort_keys=True)


def clear_text(node: JsonValue) -> Iterator[str]:
    """Environment variables named like a secret that carry a literal value."""
    match node:
        case {"name": str(name), "value": value} if NAMED_LIKE_A_SECRET.search(name):
            if as_ref(value) is None and not is_unknown(value) and not _is_no_secret(value):
                yield name
        case dict():
            for item in node.values():
                yield from clear_text(item)
        case list():
            for item in node:
                yield from clear_text(item)


def _is_no_secret(value: JsonValue) -> bool:
    """A file, an ARN or an address says where a secret is, not what it is; a switch and a number say nothing."""
    return isinstance(value, str) and (
        value.startswith(("/", "arn:", "https://")) or value.lower() in {"true", "false"} or value.isdigit()
    )
