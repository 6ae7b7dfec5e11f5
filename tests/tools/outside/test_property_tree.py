"""Names of scanners, found in the SDK's types."""

import pytest

from tools.outside.property_tree import terraform_type, tree_of


@pytest.mark.parametrize(
    ("token", "path", "ours"),
    [
        ("aws:s3/bucketVersioning:BucketVersioning", "versioning_configuration/status", "versioningConfiguration.status"),
        ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rule/status", "rules.*.status"),
        ("aws:ec2/securityGroup:SecurityGroup", "ingress/cidr_blocks", "ingress.*.cidrBlocks"),
        ("aws:iam/role:Role", "assume_role_policy/Statement/Effect", "assumeRolePolicy"),
        ("aws:lambda/function:Function", "tracing_config/mode", "tracingConfig.mode"),
        ("kubernetes:apps/v1:Deployment", "spec/template/spec/containers/resources/limits/cpu",
         "spec.template.spec.containers.*.resources.limits.cpu"),
        ("aws:lb/loadBalancer:LoadBalancer", "no_such_thing", None),
        ("aws:wafv2/webAcl:WebAcl", "rules", None),
    ],
)  # fmt: skip
def test_a_path_is_that_of_pulumi_or_none(token: str, path: str, ours: str | None) -> None:
    tree = tree_of(token)
    assert tree is not None
    assert tree.find(tuple(path.split("/"))) == ours


def test_a_type_is_named_by_rule_or_by_exception() -> None:
    assert terraform_type("aws:ec2/launchTemplate:LaunchTemplate") == "aws_launch_template"
    assert terraform_type("aws:kms/key:Key") == "aws_kms_key"
    assert terraform_type("aws:cloudtrail/trail:Trail") == "aws_cloudtrail"


def test_a_kind_that_the_sdk_does_not_have_has_no_tree() -> None:
    assert tree_of("kubernetes:keda.sh/v1alpha1:ScaledObject") is None
