"""A store of documents in Qdrant, as it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from blueprint.ports import QdrantPort
from tests.components.builders import names, only
from tests.components.retrieval.conftest import made, spec
from tests.components.retrieval.test_document_store import POLICY, server, statements

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

STORE = "vector-stores-knowledge-store"


def members(graph: ResourceGraph) -> Any:
    return only(graph, "kubernetes:apps/v1:StatefulSet").inputs["spec"]


def aliases(graph: ResourceGraph, part: str) -> list[str]:
    found = only(
        graph, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass", f"vector-stores-knowledge-{part}-secrets"
    )
    return [
        each.split('"')[0] for each in str(found.inputs["spec"]["parameters"]["objects"]).split('objectAlias": "')[1:]
    ]


def test_three_members_stand_behind_a_door_that_speaks_tls(qdrant: ResourceGraph) -> None:
    told = members(qdrant)
    pod = told["template"]["spec"]
    assert told["replicas"] == 3
    assert [each["name"] for each in pod["initContainers"]] == ["certificate", "qdrant-peers"]
    assert [each["name"] for each in pod["containers"]] == ["qdrant", "door", "audit-log"]
    doors = {each["name"]: each["readinessProbe"]["httpGet"] for each in pod["containers"][:2]}
    assert doors == {
        "qdrant": {"path": "/readyz", "port": 6333, "scheme": "HTTP"},
        "door": {"path": "/readyz", "port": 8443, "scheme": "HTTPS"},
    }
    service = only(qdrant, "kubernetes:core/v1:Service", f"{STORE}-service").inputs["spec"]
    assert [(each["port"], each["targetPort"]) for each in service["ports"]] == [(6333, 8443)]


def test_members_encrypt_what_they_tell_each_other_and_nobody_else_reaches_them(qdrant: ResourceGraph) -> None:
    config = yaml.safe_load(
        only(qdrant, "kubernetes:core/v1:ConfigMap", f"{STORE}-config").inputs["data"]["config.yaml"]
    )
    assert config["cluster"]["p2p"] == {"port": 6335, "enable_tls": True}
    assert config["service"]["enable_cors"] is config["service"]["enable_static_content"] is False
    assert list(config)[-1] == "service"
    policy = only(qdrant, "kubernetes:networking.k8s.io/v1:NetworkPolicy", f"{STORE}-ways").inputs["spec"]
    opened = [
        (each["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"], each["ports"][0]["port"])
        for each in policy["ingress"]
    ]
    assert opened == [("store", 6335), ("server", 8443), ("freshness", 8443), ("setup", 8443), ("snapshots", 8443)]


def test_disks_are_encrypted_and_stay(qdrant: ResourceGraph) -> None:
    told = members(qdrant)
    assert told["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "encrypted"
    assert told["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    gone = members(made(spec("qdrant", keep=False))[0])
    assert gone["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"


def test_the_server_holds_the_key_that_reads_and_no_other(qdrant: ResourceGraph) -> None:
    assert aliases(qdrant, "server") == ["mcp-key", "read-only-key"]
    assert aliases(qdrant, "freshness") == ["read-only-key"]
    assert aliases(qdrant, "snapshots") == aliases(qdrant, "setup") == ["api-key"]
    assert aliases(qdrant, "store") == ["api-key", "read-only-key", "peers-key"]
    arns = statements(only(qdrant, POLICY, "vector-stores-knowledge-server-secrets"))[0]["Resource"]
    assert [arn.rpartition("/")[2] for arn in arns] == ["mcp-key", "read-only-key"]


def test_no_key_stands_in_a_config_map_or_an_environment(qdrant: ResourceGraph) -> None:
    told = members(qdrant)["template"]["spec"]
    for container in (*told["containers"], *told["initContainers"], *server(qdrant)["template"]["spec"]["containers"]):
        assert not [each["name"] for each in container["env"] if each["name"].endswith(("KEY", "SECRET", "TOKEN"))]
    assert (
        not only(qdrant, "kubernetes:core/v1:ConfigMap", f"{STORE}-config")
        .inputs["data"]["config.yaml"]
        .count("api_key")
    )


def test_whoever_brings_documents_reads_the_key_that_writes(qdrant: ResourceGraph) -> None:
    port = made(spec("qdrant"))[1]["native"]
    assert isinstance(port, QdrantPort)
    assert port.url == "https://vector-stores-knowledge-store.vector-stores-knowledge.svc:6333"
    assert str(port.secret_arn).endswith("/api-key")
    grant = statements(only(qdrant, POLICY, "vector-stores-knowledge-admits-pipelines-loader-documents-grant"))
    assert grant[0]["Resource"] == [port.secret_arn]


def test_snapshots_go_to_a_bucket_every_night(qdrant: ResourceGraph) -> None:
    job = only(qdrant, "kubernetes:batch/v1:CronJob", "vector-stores-knowledge-qdrant-snapshots").inputs["spec"]
    assert job["schedule"] == "30 1 * * *"
    allowed = statements(only(qdrant, POLICY, "vector-stores-knowledge-snapshots-copies"))
    assert allowed[0]["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert names(qdrant, "aws:s3/bucketVersioning:BucketVersioning") == ["vector-stores-knowledge-snapshots-versions"]


def test_the_name_of_the_pod_is_known_before_what_is_made_of_it(qdrant: ResourceGraph) -> None:
    pod = members(qdrant)["template"]["spec"]
    (peers,) = (each for each in pod["initContainers"] if each["name"] == "qdrant-peers")
    names_ = [each["name"] for each in peers["env"]]
    assert names_.index("POD_NAME") < names_.index("HOST")
    host = next(each["value"] for each in peers["env"] if each["name"] == "HOST")
    assert host == "$(POD_NAME).vector-stores-knowledge-store-peers.vector-stores-knowledge.svc"
