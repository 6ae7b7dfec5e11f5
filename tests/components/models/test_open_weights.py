from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blueprint.types import DataClass, Dialect
from blueprint.wiring import Needs, Want
from components.models.open_weights import OpenWeights
from components.models.open_weights_spec import OpenWeightsSpec
from tests.components import builders
from tests.components.builders import types
from tests.components.manifests import only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

REVISION = "9216db5781bf21249d130ec9da846c4624c16137"
DIGEST = f"sha256:{'ab' * 32}"


def spec(**more: object) -> OpenWeightsSpec:
    known = {
        "name": "qwen3-32b", "source": "Qwen/Qwen3-32B", "revision": REVISION, "licence": "Apache-2.0",
        "owner": "ml-platform@example.org", "risk_class": "limited",
    }  # fmt: skip
    return OpenWeightsSpec.model_validate({**known, **more})


def graph(entry: OpenWeightsSpec, *, served: bool = True) -> ResourceGraph:
    noun = f"models/{entry.name}"
    vllm = Needs(
        workloads=frozenset({"vllm"}), wants=(Want(name="weights", dialect=Dialect.WEIGHTS, of=noun),) if served else ()
    )
    context = builders.platform({noun: entry.needs(), "serving/chat": vllm})

    def program() -> None:
        OpenWeights(
            noun, entry, platform=context, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            identity=builders.identity(context), cluster=builders.cluster(context),
        )  # fmt: skip

    return builders.graph(program)


def test_the_catalogue_says_what_a_model_is_and_who_answers_for_it() -> None:
    entry = only(graph(spec(digest=DIGEST)), "aws:s3/bucketObjectv2:BucketObjectv2").inputs
    assert entry["key"] == f"{REVISION}/manifest.json"
    assert json.loads(entry["content"]) == {
        "schema": "blueprint.model/1", "name": "qwen3-32b", "source": "Qwen/Qwen3-32B", "revision": REVISION,
        "licence": "Apache-2.0", "owner": "ml-platform@example.org", "risk_class": "limited", "digest": DIGEST,
        "approved_by": None, "approved_on": None,
    }  # fmt: skip


def test_weights_lie_in_a_private_bucket_of_their_own_under_a_key_of_ours() -> None:
    found = graph(spec())
    bucket = only(found, "aws:s3/bucket:Bucket")
    assert bucket.protect
    assert bucket.retain_on_delete
    assert bucket.inputs["tags"]["model"] == "qwen3-32b"
    assert bucket.inputs["tags"]["data-class"] == "none"
    encryption = only(
        found, "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ).inputs
    assert encryption["rules"][0]["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"].endswith("key/objects")


def test_a_server_may_read_one_revision_and_nothing_else() -> None:
    grant = only(graph(spec()), "aws:iam/rolePolicy:RolePolicy").inputs
    assert grant["role"] == "serving-chat-vllm"
    text = json.dumps(grant["policy"])
    assert f"/{REVISION}/*" in text
    assert "s3:GetObject" in text
    assert "s3:ListBucket" not in text
    assert "s3.us-east-1.amazonaws.com" in text


def test_without_a_server_nobody_may_read_the_weights() -> None:
    assert not types(graph(spec(), served=False)) & {
        "aws:iam/rolePolicy:RolePolicy", "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    }  # fmt: skip


def test_weights_hold_no_data_of_anybody() -> None:
    assert spec().needs().data_classes == frozenset[DataClass]()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"revision": "main"}, "pattern"),
        ({"digest": "sha256:abc"}, "pattern"),
        ({"source": "qwen3"}, "pattern"),
        ({"risk_class": "harmless"}, "minimal"),
        ({"approved_by": "ml-platform@example.org", "approved_on": "2026-11-20"}, "somebody else must approve"),
        ({"approved_by": "risk@example.org"}, "give both or neither"),
    ],
)
def test_an_entry_that_does_not_pin_or_approves_itself_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        spec(**change)


def test_it_brings_an_entry_of_the_register_with_the_digest_that_is_meant() -> None:
    said = spec(digest=DIGEST, approved_by="risk@example.org", approved_on="2026-11-02")
    (entry,) = said.needs().registers
    assert (entry.kind, entry.name, entry.owner) == ("model", "qwen3-32b", "ml-platform@example.org")
    assert (entry.risk_class, entry.digest, entry.approved) == ("limited", DIGEST, True)
    assert entry.about == {"licence": "Apache-2.0", "source": f"Qwen/Qwen3-32B@{REVISION}"}
    assert spec().needs().registers[0].approved is False
