"""blueprint.state: what is deployed looks to rules like what is planned, and no secret passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from blueprint.errors import FileUnreadable
from blueprint.graph import Ref, ResourceGraph, embedded_json
from blueprint.placement import Place
from blueprint.state import read_state

HOME = Place(account="111122223333", region="us-east-1")
URN = "urn:pulumi:prod::claims::"
STACK = f"{URN}pulumi:pulumi:Stack::claims-prod"
DEFAULT = f"{URN}pulumi:providers:aws::default_7_51_1"
ELSEWHERE = f"{URN}pulumi:providers:aws::elsewhere"
BUCKET = f"{URN}aws:s3/bucket:Bucket::archive"
POLICY = f"{URN}aws:s3/bucketPolicy:BucketPolicy::archive"
KEY = f"{URN}aws:kms/key:Key::archive"
SECRET = f"{URN}kubernetes:core/v1:Secret::token"
NETWORK = f"{URN}aws:ec2/vpc:Vpc::landing-zone"
SUBNET = f"{URN}aws:ec2/subnet:Subnet::private"
SIGNATURE = "4dabf18193072939515e22adb298388d"
WITHHELD = "1b47061264138c4ac30d75fd1eb44270"
ARN = "arn:aws:s3:::archive-0a1b2c3"


def row(urn: str, provider: str = f"{DEFAULT}::0", **more: Any) -> dict[str, Any]:
    kind = urn.split("::")[2]
    return {"urn": urn, "type": kind, "custom": True, "parent": STACK, "provider": provider, **more}


RESOURCES: list[dict[str, Any]] = [
    {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False},
    {"urn": DEFAULT, "type": "pulumi:providers:aws", "custom": True, "id": "0",
     "inputs": {"region": "us-west-2", "version": "7.51.1", "__internal": {}}},
    {"urn": ELSEWHERE, "type": "pulumi:providers:aws", "custom": True, "id": "1",
     "inputs": {"region": "eu-west-1", "assumeRoles": '[{"roleArn": "arn:aws:iam::444455556666:role/deployer"}]'}},
    row(BUCKET, id="archive-0a1b2c3", protect=True, retainOnDelete=True, ignoreChanges=["tags"],
        inputs={"forceDestroy": False, "__defaults": ["bucket"]},
        outputs={"arn": ARN, "bucket": "archive-0a1b2c3", "region": "us-west-2", "forceDestroy": False}),
    row(POLICY, id="archive-0a1b2c3", dependencies=[BUCKET], aliases=[f"{URN}aws:s3/bucketPolicy:BucketPolicy::old"],
        inputs={"bucket": "archive-0a1b2c3", "policy": json.dumps({"Resource": [ARN, f"{ARN}/*"]})},
        outputs={"bucket": "archive-0a1b2c3", "region": "us-west-2"},
        propertyDependencies={"bucket": [BUCKET], "policy": [BUCKET]}, sourcePosition="project:///stacks/main.py#12"),
    row(KEY, f"{ELSEWHERE}::1", id="0000-1111", inputs={"description": "archive-0a1b2c3", "policy": f"allow {ARN}"}),
    row(SECRET, inputs={"stringData": {SIGNATURE: WITHHELD, "ciphertext": "v1:abc"}},
        outputs={"stringData": {SIGNATURE: WITHHELD, "plaintext": '"hunter2"'}}),
    row(NETWORK, id="vpc-0123456789abcdef0", external=True, outputs={"cidrBlock": "10.0.0.0/16"}),
    row(SUBNET, id="subnet-1", inputs={"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"},
        propertyDependencies={"vpcId": [NETWORK], "cidrBlock": []}),
    row(f"{URN}aws:sqs/queue:Queue::replaced", id="q-1", delete=True),
]  # fmt: skip


def exported(resources: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {}, "resources": resources, **more}}


@pytest.fixture
def file(tmp_path: Path) -> Callable[[object], Path]:
    def written(content: object) -> Path:
        path = tmp_path / "state.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return written


def test_an_export_and_a_backends_file_give_the_same_graph(file: Callable[[object], Path]) -> None:
    graph = read_state(file(exported(RESOURCES)), HOME)
    kept = {"version": 3, "checkpoint": {"stack": "organization/claims/prod", "latest": {"resources": RESOURCES}}}
    assert read_state(file(kept), HOME) == graph
    assert graph.stack == "prod"
    assert graph.incomplete is None


def test_resources_on_their_way_out_and_the_engines_own_providers_are_left_out(file: Callable[[object], Path]) -> None:
    graph = read_state(file(exported(RESOURCES)), HOME)
    assert [one.urn for one in graph.resources] == sorted(
        [SUBNET, NETWORK, KEY, BUCKET, POLICY, SECRET, ELSEWHERE, STACK]
    )
    assert graph.by_urn[BUCKET].provider is None


def test_values_that_another_resource_gave_are_references(file: Callable[[object], Path]) -> None:
    graph = read_state(file(exported(RESOURCES)), HOME)
    policy = graph.by_urn[POLICY]
    arn = Ref(urn=BUCKET, property="arn").value()
    assert policy.inputs["bucket"] == Ref(urn=BUCKET, property="id").value()
    assert embedded_json(policy.inputs["policy"]) == {"Resource": [arn, {"$text": [arn, "/*"]}]}
    assert graph.by_urn[SUBNET].inputs == {"vpcId": Ref(urn=NETWORK, property="id").value(), "cidrBlock": "10.0.0.0/24"}


def test_an_equal_value_without_a_dependency_stays_text(file: Callable[[object], Path]) -> None:
    key = read_state(file(exported(RESOURCES)), HOME).by_urn[KEY]
    assert key.inputs == {"description": "archive-0a1b2c3", "policy": f"allow {ARN}"}


def test_secrets_are_marked_whether_encrypted_or_shown(file: Callable[[object], Path]) -> None:
    graph = read_state(file(exported(RESOURCES)), HOME)
    assert graph.by_urn[SECRET].inputs == {"stringData": {"$secret": True}}
    assert "hunter2" not in graph.to_json()
    assert "v1:abc" not in graph.to_json()


def test_what_the_engine_keeps_for_itself_is_left_out(file: Callable[[object], Path]) -> None:
    bucket = read_state(file(exported(RESOURCES)), HOME).by_urn[BUCKET]
    assert bucket.inputs == {"forceDestroy": False}
    assert (bucket.protect, bucket.retain_on_delete, bucket.ignore_changes) == (True, True, ("tags",))


def test_place_comes_from_the_provider_and_account_from_the_document(file: Callable[[object], Path]) -> None:
    graph = read_state(file(exported(RESOURCES)), HOME)
    assert (graph.by_urn[BUCKET].region, graph.by_urn[BUCKET].account) == ("us-west-2", "111122223333")
    assert (graph.by_urn[KEY].region, graph.by_urn[KEY].account) == ("eu-west-1", "444455556666")
    alone = read_state(file(exported(RESOURCES)))
    assert (alone.by_urn[BUCKET].region, alone.by_urn[BUCKET].account) == ("us-west-2", None)


def test_where_a_resource_was_made_is_relative_to_the_project(file: Callable[[object], Path]) -> None:
    assert read_state(file(exported(RESOURCES)), HOME).by_urn[POLICY].source == "stacks/main.py:12"


def test_interrupted_operations_make_the_graph_incomplete(file: Callable[[object], Path]) -> None:
    graph = read_state(file(exported(RESOURCES, pending_operations=[{"type": "creating", "resource": {}}])), HOME)
    assert graph.incomplete == "operations that were interrupted: 1; resources may exist that the state does not know"


@pytest.mark.parametrize(
    "empty", [exported([]), {"version": 3, "checkpoint": {"stack": "organization/claims/prod", "latest": None}}]
)
def test_a_stack_that_holds_nothing_is_an_empty_graph(file: Callable[[object], Path], empty: object) -> None:
    assert read_state(file(empty), HOME).resources == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no object"),
        ('"text"', "holds no object"),
        ("{}", "is no state: it has neither `deployment`"),
        ('{"steps": []}', "is a preview, not a state; read it with --preview"),
        ('{"schema": "blueprint.graph/1"}', "is a blueprint.graph/1, not a state; read a graph with --graph"),
        ('{"deployment": {"resources": 7}}', "deployment.resources: Input should be a valid list"),
        ('{"deployment": {"resources": [{"urn": "x"}]}}', "deployment.resources[0].urn: String should match pattern"),
        ("[" * 100_000, "nested too deeply"),
        (json.dumps(exported([RESOURCES[3], RESOURCES[3]])), "registered twice under one URN"),
    ],
)
def test_a_file_that_is_no_state_is_refused_with_the_reason(
    file: Callable[[object], Path], content: str, says: str
) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read_state(file(content), HOME)
    assert says in str(refused.value)
    assert "state.json" in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_a_shell_wrote_in_its_own_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(exported(RESOURCES)), encoding=encoding)
    assert read_state(path, HOME).by_urn[BUCKET].id == "archive-0a1b2c3"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(FileUnreadable, match=r"state\.json: is not JSON"):
        read_state(path, HOME)


anything: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(BUCKET),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["urn", "inputs", SIGNATURE]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    where=st.integers(0, len(RESOURCES) - 1),
    name=st.sampled_from(sorted({key for one in RESOURCES for key in one})),
    value=anything,
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(where: int, name: str, value: JsonValue) -> None:
    damaged = [{**one, name: value} if place == where else one for place, one in enumerate(RESOURCES)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "state.json"
        path.write_text(json.dumps(exported(damaged)))
        try:
            graph = read_state(path, HOME)
        except FileUnreadable:
            return
    assert ResourceGraph.from_json(graph.to_json()) == graph


def test_every_problem_of_a_file_is_told_at_once(file: Callable[[object], Path]) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read_state(file(exported([{"urn": BUCKET}, {"urn": KEY, "type": 1}])), HOME)
    assert [line.split(": ")[1] for line in str(refused.value).splitlines()] == [
        "deployment.resources[0].type",
        "deployment.resources[1].type",
    ]
