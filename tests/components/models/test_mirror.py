"""What fetches weights through the proxy, as it is registered, and that it is there only when asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blueprint.ports import HttpProxyPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, fold
from components.models.open_weights import OpenWeights
from components.models.open_weights_spec import OpenWeightsSpec
from tests.components import builders
from tests.components.builders import CLASSES, types
from tests.components.manifests import check, only
from tests.components.models.test_open_weights import REVISION, spec

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

NOUN = "models/qwen3-32b"
PROXY = Needs(offers=(Offer(name="http-proxy", dialect=Dialect.HTTP_PROXY),))
JOB = "kubernetes:batch/v1:Job"


def graph(entry: OpenWeightsSpec) -> ResourceGraph:
    context = builders.platform({NOUN: entry.needs(), "egress": PROXY})
    proxy = HttpProxyPort(
        provider="egress", url="http://egress-proxy.egress.svc.cluster.local:3128",
        secret_arn=builders.arn("secretsmanager", "secret:claims-prod/egress/credentials"),
    )  # fmt: skip

    def program() -> None:
        OpenWeights(
            NOUN, entry, platform=context, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            identity=builders.identity(context), cluster=builders.cluster(context),
            ports={"http-proxy": proxy} if entry.mirror else {},
        )  # fmt: skip

    return builders.graph(program)


@pytest.fixture(scope="module")
def mirrored() -> ResourceGraph:
    return graph(spec(mirror={}))


def test_a_document_that_asks_for_a_mirror_opens_its_names_and_an_edge_to_the_proxy() -> None:
    needs = spec(mirror={}).needs()
    assert needs.egress == {"huggingface.co", "*.hf.co"}
    wiring, problems = fold({NOUN: needs, "egress": PROXY}, CLASSES)
    assert problems == ()
    (edge,) = wiring.of(NOUN)
    assert (edge.workload, edge.provider, edge.want.dialect) == ("mirror", "egress", Dialect.HTTP_PROXY)
    assert wiring.egress == {"huggingface.co", "*.hf.co"}


def test_without_one_there_is_no_name_no_edge_no_workload_and_no_job() -> None:
    needs = spec().needs()
    assert (needs.egress, needs.wants, needs.workloads) == (frozenset(), (), frozenset())
    assert not types(graph(spec())) & {JOB, "aws:iam/rolePolicy:RolePolicy", "kubernetes:core/v1:ConfigMap"}


def test_a_mirror_without_a_proxy_is_refused_before_anything_is_made() -> None:
    _, problems = fold({NOUN: spec(mirror={}).needs()}, CLASSES)
    assert [each.what for each in problems] == ["needs http-proxy, and nobody offers it"]


def test_a_hub_of_ones_own_is_the_only_name_that_is_opened() -> None:
    assert spec(mirror={"hub": "models.example.org", "redirects": []}).needs().egress == {"models.example.org"}
    with pytest.raises(ValidationError):
        spec(mirror={"hub": "https://models.example.org"})


def test_the_job_goes_through_the_proxy_with_a_mounted_secret(mirrored: ResourceGraph) -> None:
    job = only(mirrored, JOB).inputs
    assert job["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    assert told["PROXY_URL"] == "http://egress-proxy.egress.svc.cluster.local:3128"
    assert (told["HUB"], told["MODEL"], told["REVISION"]) == ("huggingface.co", "Qwen/Qwen3-32B", REVISION)
    assert pod["automountServiceAccountToken"] is False
    provider = only(mirrored, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass").inputs["spec"]
    assert "secret:claims-prod/egress/credentials" in json.dumps(provider["parameters"]["objects"])


def test_the_job_writes_one_revision_and_may_neither_read_nor_delete_weights(mirrored: ResourceGraph) -> None:
    grant = only(mirrored, "aws:iam/rolePolicy:RolePolicy", "models-qwen3-32b-mirror-writes").inputs
    assert grant["role"] == "models-qwen3-32b-mirror"
    text = json.dumps(grant["policy"])
    assert f"/{REVISION}/*" in text
    assert "s3:PutObject" in text
    assert "s3:GetObject" not in text
    assert "s3:DeleteObject" not in text


def test_another_revision_is_another_job(mirrored: ResourceGraph) -> None:
    other = graph(spec(mirror={}, revision="b" * 40))
    names = {only(each, JOB).inputs["metadata"]["name"] for each in (mirrored, other)}
    assert len(names) == 2


def test_kubernetes_takes_every_object(mirrored: ResourceGraph) -> None:
    assert {"models-qwen3-32b-mirror-job", "models-qwen3-32b-mirror-program"} <= set(check(mirrored))
