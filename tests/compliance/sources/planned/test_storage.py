"""Buckets, with what S3 keeps beside them."""

import json
from typing import Any

import pytest

from blueprint.graph import Resource, ResourceGraph
from compliance.facts.storage import Bucket
from compliance.sources.planned.source import subjects
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, origin, text, value

STORE = drawn("aws:s3/bucket:Bucket", "store", bucket="claims-store")
KEY = drawn("aws:kms/key:Key", "objects")
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
DENY: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def policy(*statements: Any) -> Any:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def beside(kind: str, **inputs: Any) -> Resource:
    token = f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"
    return drawn(token, f"store-{kind}", **{"bucket": link(STORE, "bucket"), **inputs})


def test_a_bucket_alone_is_what_the_provider_makes_of_it() -> None:
    bucket = only(Bucket, STORE)
    assert (bucket.id, bucket.urns) == ("Bucket/store", (STORE.urn,))
    assert {
        "public_access_blocked": value(bucket.public_access_blocked), "versioning": value(bucket.versioning),
        "key": value(bucket.key), "tls_only": value(bucket.tls_only), "lock_mode": value(bucket.lock_mode),
        "lock_days": value(bucket.lock_days), "access_logged": value(bucket.access_logged),
        "open_policy": value(bucket.open_policy), "lifecycle_days": value(bucket.lifecycle_days),
        "searchable_days": value(bucket.searchable_days), "takes_access_logs": value(bucket.takes_access_logs),
    } == {
        "public_access_blocked": False, "versioning": False, "key": None, "tls_only": False, "lock_mode": "none",
        "lock_days": 0, "access_logged": False, "open_policy": False, "lifecycle_days": None,
        "searchable_days": "forever", "takes_access_logs": False,
    }  # fmt: skip
    assert origin(bucket.versioning) == ("store", "(bucketVersioning)", "default")


@pytest.mark.parametrize("by", [link(STORE, "bucket"), link(STORE, "id"), "claims-store"])
def test_a_satellite_is_found_by_reference_or_by_name(by: Any) -> None:
    versions = beside("BucketVersioning", bucket=by, versioningConfiguration={"status": "Enabled"})
    bucket = only(Bucket, STORE, versions)
    assert (value(bucket.versioning), value(bucket.lock_mode)) == (True, "versioned")
    assert origin(bucket.versioning) == ("store-BucketVersioning", "versioningConfiguration.status", "set")


def test_a_satellite_of_another_bucket_says_nothing_here() -> None:
    versions = beside("BucketVersioning", bucket="other", versioningConfiguration={"status": "Enabled"})
    assert value(only(Bucket, STORE, versions).versioning) is False


@pytest.mark.parametrize("weak", BLOCKS)
def test_public_access_is_blocked_only_in_all_four_ways(weak: str) -> None:
    blocked = dict.fromkeys(BLOCKS, True)
    assert value(only(Bucket, STORE, beside("BucketPublicAccessBlock", **blocked)).public_access_blocked) is True
    assert (
        value(only(Bucket, STORE, beside("BucketPublicAccessBlock", **{**blocked, weak: False})).public_access_blocked)
        is False
    )
    left_out = {name: on for name, on in blocked.items() if name != weak}
    assert value(only(Bucket, STORE, beside("BucketPublicAccessBlock", **left_out)).public_access_blocked) is False
    hidden = beside("BucketPublicAccessBlock", **{**blocked, weak: UNKNOWN})
    assert value(only(Bucket, STORE, hidden).public_access_blocked) == "<cloud_decides>"


def encryption(**by_default: Any) -> Resource:
    return beside("BucketServerSideEncryptionConfiguration", rules=[{"applyServerSideEncryptionByDefault": by_default}])


def test_a_key_of_ours_is_a_link_and_the_services_own_key_is_none() -> None:
    ours = only(Bucket, STORE, KEY, encryption(sseAlgorithm="aws:kms", kmsMasterKeyId=link(KEY)))
    assert getattr(value(ours.key), "urn", None) == KEY.urn
    assert value(only(Bucket, STORE, encryption(sseAlgorithm="AES256")).key) is None
    assert value(only(Bucket, STORE, encryption(sseAlgorithm="aws:kms")).key) is None


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([text(link(STORE, "arn"), "/*"), link(STORE, "arn")], True),
        (["*"], True),
        ([text(link(STORE, "arn"), "/*")], False),
        ([link(STORE, "arn")], False),
    ],
)
def test_tls_is_asked_of_the_bucket_and_of_its_objects(resources: list[Any], expected: bool) -> None:
    held = beside("BucketPolicy", policy={"Statement": [{**DENY, "Resource": resources}]})
    assert value(only(Bucket, STORE, held).tls_only) is expected


def test_a_narrowed_denial_is_no_demand_of_tls() -> None:
    narrowed = {**DENY, "Resource": "*", "Condition": {**DENY["Condition"], "StringEquals": {"aws:username": "x"}}}
    assert value(only(Bucket, STORE, beside("BucketPolicy", policy=policy(narrowed))).tls_only) is False


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, False),
        ({"Principal": {"Service": "cloudtrail.amazonaws.com"}}, False),
    ],
)
def test_a_policy_is_open_when_everybody_may_do_something(statement: dict[str, Any], expected: bool) -> None:
    held = beside(
        "BucketPolicy", policy=policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement})
    )
    assert value(only(Bucket, STORE, held).open_policy) is expected


def test_a_policy_that_only_the_cloud_completes_is_unknown() -> None:
    bucket = only(Bucket, STORE, beside("BucketPolicy", policy=UNKNOWN))
    assert (value(bucket.open_policy), value(bucket.tls_only)) == ("<cloud_decides>", "<cloud_decides>")
    hidden = {"Statement": [{"Effect": "Allow", "Principal": UNKNOWN, "Action": "s3:*", "Resource": "*"}]}
    assert value(only(Bucket, STORE, beside("BucketPolicy", policy=hidden)).open_policy) == "<cloud_decides>"


@pytest.mark.parametrize(
    ("rule", "mode", "days"),
    [
        ({"mode": "GOVERNANCE", "days": 400}, "governance", 400),
        ({"mode": "COMPLIANCE", "years": 6}, "compliance", 2190),
    ],
)
def test_a_lock_has_its_mode_and_days(rule: Any, mode: str, days: int) -> None:
    bucket = only(Bucket, STORE, beside("BucketObjectLockConfiguration", rule={"defaultRetention": rule}))
    assert (value(bucket.lock_mode), value(bucket.lock_days)) == (mode, days)


def test_ageing_tells_when_objects_are_cold_and_when_they_are_gone() -> None:
    rules: Any = [
        {"status": "Enabled", "transitions": [{"days": 90, "storageClass": "GLACIER"}, {"days": 30, "storageClass": "STANDARD_IA"}],
         "expiration": {"days": 700}},
        {"status": "Disabled", "expiration": {"days": 1}},
    ]  # fmt: skip
    bucket = only(Bucket, STORE, beside("BucketLifecycleConfiguration", rules=rules))
    assert (value(bucket.searchable_days), value(bucket.lifecycle_days)) == (90, 700)


def test_a_bucket_that_others_log_to_says_so() -> None:
    other = drawn("aws:s3/bucket:Bucket", "zz-other")
    logging = drawn(
        "aws:s3/bucketLogging:BucketLogging", "log", bucket=link(other, "bucket"), targetBucket=link(STORE, "bucket")
    )
    store, logged = subjects(ResourceGraph("test", (STORE, other, logging))).all(Bucket)
    assert (value(store.takes_access_logs), value(store.access_logged)) == (True, False)
    assert (value(logged.takes_access_logs), value(logged.access_logged)) == (False, True)


def test_another_account_is_told_by_the_provider() -> None:
    home = drawn("aws:sns/topic:Topic", "home", account="111122223333")
    away = drawn("aws:s3/bucket:Bucket", "store", account="444455556666", provider="urn:provider")
    near = drawn("aws:s3/bucket:Bucket", "store", account="111122223333")
    assert value(only(Bucket, home, away).separate_account) is True
    assert value(only(Bucket, home, near).separate_account) is False
    assert value(only(Bucket, STORE).separate_account) == "<not_read>"


def test_an_existing_bucket_is_unknown_in_everything() -> None:
    bucket = only(Bucket, drawn("aws:s3/bucket:Bucket", "store", external=True))
    assert {value(bucket.versioning), value(bucket.tls_only), value(bucket.lock_days), value(bucket.key)} == {
        "<existing>"
    }


def test_while_resources_may_be_missing_a_satellite_that_is_not_there_proves_nothing() -> None:
    bucket = only(Bucket, STORE, incomplete="a preview leaves out what does not change")
    assert {value(bucket.versioning), value(bucket.public_access_blocked), value(bucket.access_logged)} == {
        "<not_read>"
    }


def test_data_class_and_relevance_are_read_from_tags_and_nothing_else() -> None:
    told = only(
        Bucket, drawn("aws:s3/bucket:Bucket", "store", tags={"data-class": "cardholder.phi", "audit-relevant": "true"})
    )
    assert (value(told.data_classes), value(told.audit_relevant)) == (frozenset({"cardholder", "phi"}), True)
    untold = only(Bucket, drawn("aws:s3/bucket:Bucket", "store", tags={}))
    assert (value(untold.data_classes), value(untold.audit_relevant)) == ("<untagged>", "<untagged>")
    strange = only(Bucket, drawn("aws:s3/bucket:Bucket", "store", tags={"data-class": "secret-sauce"}))
    assert value(strange.data_classes) == "<untagged>"
