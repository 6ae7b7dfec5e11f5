"""The private way in for applications and people: an API that only the VPC reaches and only a fresh token opens."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.errors import DocumentError, Problem
from blueprint.ports import AgentPort
from blueprint.types import KeyPurpose, Layer
from components.application.agent_routes import route_agents
from components.application.feedback import RECORD, SCHEMA, Feedback
from components.application.guarded_method import guard
from components.application.sign_in import SignIn
from components.foundation.log_group import log_group
from components.foundation.web_acl import web_acl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, IngressPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from components.application.private_api_spec import PrivateApiSpec

ENTRY = "execute-api"
STAGE = "v1"
TLS_POLICIES: Mapping[tuple[str, bool], str] = {
    ("1.2", False): "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
    ("1.2", True): "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09",
    ("1.3", False): "SecurityPolicy_TLS13_1_3_2025_09",
    ("1.3", True): "SecurityPolicy_TLS13_1_3_FIPS_2025_09",
}
"""(Oldest version, validated cryptography) -> policy of API Gateway; all offer 1.3 and forward secrecy."""
RECORDED = (
    "requestId", "extendedRequestId", "requestTime", "httpMethod", "resourcePath", "status", "protocol", "responseLength",
    "identity.sourceIp", "identity.vpceId", "authorizer.claims.sub", "tlsVersion", "cipherSuite", "error.message",
)  # fmt: skip
"""Who, what, when, from where and with what outcome; never a body."""
WRITES_LOGS = (
    "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
    "logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents",
)  # fmt: skip
"""All that API Gateway wants to see in a role before it takes it."""


class PrivateApi(Component):
    """Creates a private REST API with sign-in, a firewall, logs and limits, a way to each agent, and POST /feedback.

    Not created: a public endpoint, an API key, a client secret. The stack that owns the account also makes the one role with
    which API Gateway writes logs.
    """

    LAYER: ClassVar[Layer] = Layer.APPLICATION

    def __init__(
        self,
        noun: Noun,
        spec: PrivateApiSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        ingress: IngressPort,
        ports: Mapping[str, Port],
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._log_key = spec, keys.arns[KeyPurpose.LOGS]
        api = self._api(network)
        sign_in = SignIn(
            f"{noun}/sign-in", spec, platform=platform, network=network, log_key_arn=self._log_key, opts=self.inside
        )
        guarded = guard(self, api, pool_arn=sign_in.pool_arn, audience=sign_in.audience)
        agents = {name: port for name in spec.agents if isinstance(port := ports[f"agent-{name}"], AgentPort)}
        routes = route_agents(self, api, guarded, agents, network=network, ingress=ingress)
        feedback = Feedback(
            f"{noun}/feedback", of=noun, platform=platform, keys=keys, audit=audit, api=api, guard=guarded, keep=spec.keep,
            opts=self.inside,
        )  # fmt: skip
        stage = self._stage(api, [*routes, *feedback.made, self._door(api, network)])
        self._limits(api, stage)
        self._guard(stage, sign_in)
        self._alarm(api, stage, audit)
        self.finish(url=stage.invoke_url)

    def _api(self, network: NetworkPort) -> aws.apigateway.RestApi:
        posture, classes = self.platform.posture, self.platform.classes(self.noun)
        oldest = self._spec.tls_min_version or max(posture.tls_min_version(classes), "1.2")
        validated = posture.fips_validated_crypto(classes) != "off"
        return aws.apigateway.RestApi(
            self.named("api"), name=f"{self.platform.label}-entry", description="Private way in for applications and people",
            endpoint_configuration=aws.apigateway.RestApiEndpointConfigurationArgs(
                types="PRIVATE", vpc_endpoint_ids=[_endpoint(network)], ip_address_type="dualstack"
            ),
            security_policy=TLS_POLICIES[oldest, validated], endpoint_access_mode="STRICT", tags=self.tags(),
            opts=self.within(protect=self._spec.keep),
        )  # fmt: skip

    def _door(self, api: aws.apigateway.RestApi, network: NetworkPort) -> aws.apigateway.RestApiPolicy:
        """Through the VPC's own endpoint and through no other; who comes in is for each method to say."""
        invoke = {
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": pulumi.Output.concat(api.execution_arn, "/*"),
        }
        endpoint = {"aws:SourceVpce": _endpoint(network)}
        return aws.apigateway.RestApiPolicy(
            self.named("door"), rest_api_id=api.id,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Sid": "OwnEndpoint", "Effect": "Allow", **invoke, "Condition": {"StringEquals": endpoint}},
                {"Sid": "NoOther", "Effect": "Deny", **invoke, "Condition": {"StringNotEquals": endpoint}},
            ]}),
            opts=self.inside,
        )  # fmt: skip

    def _stage(self, api: aws.apigateway.RestApi, made: Sequence[pulumi.Resource]) -> aws.apigateway.Stage:
        label, writer = self.platform.label, self._log_writer()
        access = self._log("access-log", f"/aws/apigateway/{label}-entry/access")
        self._log("execution-log", pulumi.Output.concat("API-Gateway-Execution-Logs_", api.id, f"/{STAGE}"))
        deployment = aws.apigateway.Deployment(
            self.named("deployment"), rest_api=api.id, description="What the document says", triggers={"shape": self._shape()},
            opts=self.within(depends_on=[*made]),
        )  # fmt: skip
        fields = {name: f"$context.{name}" for name in RECORDED}
        return aws.apigateway.Stage(
            self.named("stage"), rest_api=api.id, deployment=deployment.id, stage_name=STAGE, xray_tracing_enabled=True,
            access_log_settings=aws.apigateway.StageAccessLogSettingsArgs(
                destination_arn=access.arn, format=json.dumps(fields, sort_keys=True)
            ),
            tags=self.tags(), opts=self.within(depends_on=[writer] if writer else []),
        )  # fmt: skip

    def _shape(self) -> str:
        """Changes with whatever changes methods, so that they are deployed."""
        said = [self._spec.model_dump_json(), RECORD, SCHEMA]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()

    def _log(self, part: str, name: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
        days = self.platform.posture.audit_log_retention_days(self.platform.classes(self.noun))
        return log_group(self, part, name=name, key_arn=self._log_key, days=days, keep=self._spec.keep)

    def _limits(self, api: aws.apigateway.RestApi, stage: aws.apigateway.Stage) -> None:
        """Of every method; what was asked and answered stays out of the execution log."""
        aws.apigateway.MethodSettings(
            self.named("settings"), rest_api=api.id, stage_name=stage.stage_name, method_path="*/*",
            settings=aws.apigateway.MethodSettingsSettingsArgs(
                logging_level="INFO", data_trace_enabled=False, metrics_enabled=True, caching_enabled=False,
                throttling_rate_limit=self._spec.requests_per_second, throttling_burst_limit=2 * self._spec.requests_per_second,
            ),
            opts=self.inside,
        )  # fmt: skip

    def _guard(self, stage: aws.apigateway.Stage, sign_in: SignIn) -> None:
        """Before the API, and before the page where people sign in, which is the one part that the internet reaches."""
        acl = web_acl(
            self, "entry", requests_per_five_minutes=self._spec.requests_per_five_minutes, key_arn=self._log_key,
            keep=self._spec.keep,
        )  # fmt: skip
        for part, arn in (("guarded", stage.arn), ("sign-in-guarded", sign_in.pool_arn)):
            aws.wafv2.WebAclAssociation(self.named(part), resource_arn=arn, web_acl_arn=acl.arn, opts=self.inside)

    def _alarm(self, api: aws.apigateway.RestApi, stage: aws.apigateway.Stage, audit: AuditPort) -> None:
        """A caller whose feedback was not taken knows it; so must we."""
        aws.cloudwatch.MetricAlarm(
            self.named("feedback-refused"), name=f"{self.platform.label}-{self.named('feedback-refused')}",
            alarm_description="Feedback was answered with an error and is not on record", namespace="AWS/ApiGateway",
            metric_name="5XXError", statistic="Sum", period=300, evaluation_periods=1, threshold=0,
            comparison_operator="GreaterThanThreshold", treat_missing_data="notBreaching",
            dimensions={"ApiName": api.name, "Stage": stage.stage_name, "Resource": "/feedback", "Method": "POST"},
            alarm_actions=[audit.alert_topic_arn], tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _log_writer(self) -> aws.apigateway.Account | None:
        """Once an account and region; a stack that does not own the account finds it made."""
        platform = self.platform
        if not platform.account_owner:
            return None
        role = aws.iam.Role(
            self.named("log-role"), name=f"{platform.label}-api-logs"[-64:].lstrip("-"), path="/blueprint/",
            description="API Gateway writes logs",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"},
            ]}),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        groups = f"arn:{platform.partition}:logs:{platform.region}:{platform.account}:log-group:*"
        rights = aws.iam.RolePolicy(
            self.named("log-rights"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": list(WRITES_LOGS), "Resource": groups},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return aws.apigateway.Account(
            self.named("logging"), cloudwatch_role_arn=role.arn, opts=self.within(depends_on=[rights])
        )


def _endpoint(network: NetworkPort) -> pulumi.Input[str]:
    """The VPC's endpoint of private APIs. Raises DocumentError for a network that exists already and does not name one."""
    found = network.vpc_endpoint_ids.get(ENTRY)
    if found is not None:
        return found
    raise DocumentError([
        Problem(
            what=f"has no endpoint of {ENTRY}", path=(network.provider, "endpoints"), value=ENTRY,
            allowed=", ".join(sorted(network.vpc_endpoint_ids)) or "none is named",
            why="a private API is reached through an interface endpoint of its VPC and in no other way",
            fix=f"make one in the network that exists and name it: endpoints: {{{ENTRY}: vpce-…}}",
        )
    ])  # fmt: skip
