"""A store of documents in OpenSearch, as it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.ports import OpenSearchPort
from components.retrieval.opensearch_domain import LOGS, _short
from tests.components.builders import names, only
from tests.components.retrieval.conftest import made, spec
from tests.components.retrieval.test_document_store import POLICY, statements

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

DOMAIN = "aws:opensearch/domain:Domain"
LINKED = "aws:iam/serviceLinkedRole:ServiceLinkedRole"


def test_the_domain_is_encrypted_private_and_administered_by_one_role(opensearch: ResourceGraph) -> None:
    told = only(opensearch, DOMAIN).inputs
    assert told["encryptAtRest"] == {"enabled": True, "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/databases"}
    assert told["nodeToNodeEncryption"] == {"enabled": True}
    assert told["domainEndpointOptions"] == {
        "enforceHttps": True,
        "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
    }
    assert told["advancedSecurityOptions"] == {
        "enabled": True, "internalUserDatabaseEnabled": False, "anonymousAuthEnabled": False,
        "masterUserOptions": {"masterUserArn": "arn:aws:iam::111122223333:role/vector-stores-knowledge-setup"},
    }  # fmt: skip
    assert len(told["vpcOptions"]["subnetIds"]) == 3
    assert "accessPolicies" not in told


def test_three_zones_have_one_that_stands_by_and_two_have_none(opensearch: ResourceGraph) -> None:
    nodes = only(opensearch, DOMAIN).inputs["clusterConfig"]
    assert (nodes["instanceCount"], nodes["dedicatedMasterCount"], nodes["multiAzWithStandbyEnabled"]) == (3, 3, True)
    two = only(made(spec("opensearch"), zones=2)[0], DOMAIN).inputs
    assert two["clusterConfig"]["multiAzWithStandbyEnabled"] is False
    assert two["clusterConfig"]["zoneAwarenessConfig"] == {"availabilityZoneCount": 2}
    assert len(two["vpcOptions"]["subnetIds"]) == two["clusterConfig"]["instanceCount"] == 2


def test_every_log_goes_to_a_group_that_the_service_may_write_to(opensearch: ResourceGraph) -> None:
    options = only(opensearch, DOMAIN).inputs["logPublishingOptions"]
    assert {each["logType"] for each in options} == set(LOGS.values())
    assert len(names(opensearch, "aws:cloudwatch/logGroup:LogGroup")) == 4
    policy = str(only(opensearch, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy").inputs["policyDocument"])
    assert "es.amazonaws.com" in policy
    assert "aws:SourceAccount" in policy


def test_the_server_may_ask_and_not_change(opensearch: ResourceGraph) -> None:
    actions = {
        name: [action for each in statements(only(opensearch, POLICY, name)) for action in each["Action"]]
        for name in ("vector-stores-knowledge-server-searches",
                     "vector-stores-knowledge-admits-pipelines-loader-documents-grant")
    }  # fmt: skip
    assert list(actions.values()) == [
        ["es:ESHttpGet", "es:ESHttpPost"],
        ["es:ESHttpDelete", "es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut"],
    ]


def test_the_job_gives_roles_their_rights_and_follows_the_wiring(opensearch: ResourceGraph) -> None:
    def told(graph: ResourceGraph) -> dict[str, str]:
        spec_ = only(graph, "kubernetes:batch/v1:Job").inputs["spec"]["template"]["spec"]
        return {each["name"]: each.get("value") for each in spec_["containers"][0]["env"]}

    assert told(opensearch)["WRITERS"] == '["arn:aws:iam::111122223333:role/pipelines-loader"]'
    assert told(made(spec("opensearch"), native=False)[0])["WRITERS"] == "[]"
    assert told(opensearch)["REPLICAS"] == "2"
    readers = told(opensearch)["READERS"]
    assert "vector-stores-knowledge-server" in readers
    assert "vector-stores-knowledge-freshness" in readers


def test_the_role_of_the_vpc_is_made_once_by_the_stack_that_owns_the_account(opensearch: ResourceGraph) -> None:
    assert names(opensearch, LINKED) == ["vector-stores-knowledge-domain-linked-role"]
    assert only(opensearch, LINKED).retain_on_delete
    assert names(made(spec("opensearch"), account_owner=False)[0], LINKED) == []


def test_a_long_name_is_cut_and_stays_its_own() -> None:
    one, other = (_short(f"claims-prod-vector-stores-{name}-domain") for name in ("knowledge", "knowhow"))
    assert len(one) <= 28
    assert one != other
    assert _short("short-name") == "short-name"


def test_its_port_is_an_index_that_signed_requests_reach() -> None:
    port = made(spec("opensearch"))[1]["native"]
    assert isinstance(port, OpenSearchPort)
    assert port.index == "documents"


def test_no_password_and_no_public_address_is_made(opensearch: ResourceGraph) -> None:
    assert names(opensearch, "aws:opensearch/domainPolicy:DomainPolicy") == []
    assert "masterUserPassword" not in str(only(opensearch, DOMAIN).inputs)
