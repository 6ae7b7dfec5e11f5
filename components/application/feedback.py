"""What people say about answers: kept in a bucket of its own, and never lost in silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.foundation.delivery import Delivery, Destination
from components.foundation.private_bucket import Ageing, PrivateBucket

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort
    from blueprint.types import Noun
    from components.application.guarded_method import Guard

NONCURRENT_DAYS = 30
TAKEN, NOT_TAKEN = "202", "502"
SCHEMA = json.dumps({
    "$schema": "http://json-schema.org/draft-04/schema#", "title": "Feedback", "type": "object",
    "additionalProperties": False, "required": ["answer", "rating"],
    "properties": {
        "answer": {"type": "string", "minLength": 1, "maxLength": 128},
        "rating": {"type": "integer", "minimum": -1, "maximum": 1},
        "comment": {"type": "string", "maxLength": 4000},
    },
})  # fmt: skip
"""An answer by the id of its trace, whether it helped, and in what way. Draft 4 is the one that API Gateway reads."""

RECORD = """#set($q = '"')
#set($said = $input.json('$'))
#set($line = "{${q}id${q}:${q}$context.requestId${q},${q}at${q}:$context.requestTimeEpoch,${q}caller${q}:${q}$context.authorizer.claims.sub${q},${q}feedback${q}:$said}
")
{"DeliveryStreamName": "<stream>", "Record": {"Data": "$util.base64Encode($line)"}}"""
"""One line of JSON for each feedback, with who gave it as the token says."""


class Feedback(Component):
    """Creates the bucket, the delivery into it, and POST /feedback, which answers 202 only when the record was taken over.

    A record that Firehose refuses is answered with 502 and raises an alarm; one that it cannot deliver lands below
    `application/errors`, raises an alarm after a quarter of an hour, and is tried again for a day.
    """

    LAYER: ClassVar[Layer] = Layer.APPLICATION

    def __init__(
        self,
        noun: Noun,
        *,
        of: Noun,
        platform: PlatformContext,
        keys: KeysPort,
        audit: AuditPort,
        api: aws.apigateway.RestApi,
        guard: Guard,
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._keys, self._audit, self._api, self._guard = keys, audit, api, guard
        bucket = PrivateBucket(
            f"{noun}/store", platform=platform, key_arn=keys.arns[KeyPurpose.OBJECTS],
            access_log_bucket=audit.access_log_bucket, ageing=Ageing(expire_after_days=self._days(), noncurrent_days=NONCURRENT_DAYS),
            more={Tag.AUDIT_RELEVANT: "false", Tag.DATASET: "feedback"}, keep=keep, opts=self.inside,
        )  # fmt: skip
        delivery = Delivery(
            f"{noun}/delivery", of=of, platform=platform, key_arn=keys.arns[KeyPurpose.STREAMS],
            destination=Destination(bucket.arn, keys.arns[KeyPurpose.OBJECTS]),
            log_key_arn=keys.arns[KeyPurpose.LOGS], alert_topic_arn=audit.alert_topic_arn, opts=self.inside,
        )  # fmt: skip
        self.made = self._method(delivery)
        self.finish(bucket=bucket.name)

    def _days(self) -> int | None:
        """As prompts are, for people repeat them in what they say; None: for good."""
        posture, classes = self.platform.posture, self.platform.classes(self.noun)
        kept, most = posture.prompt_log_retention_days(classes), posture.data_retention_max_days(classes)
        days = None if kept == "forever" else kept
        return min(days, most) if days is not None and most is not None else days or most

    def _role(self, delivery: Delivery) -> aws.iam.Role:
        role = aws.iam.Role(
            self.named("role"), name=f"{self.platform.label}-feedback"[-64:].lstrip("-"), path="/blueprint/",
            description="API Gateway hands feedback to its delivery stream",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"},
            ]}),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.iam.RolePolicy(
            self.named("rights"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "firehose:PutRecord", "Resource": delivery.arn},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return role

    def _method(self, delivery: Delivery) -> list[pulumi.Resource]:
        platform, api = self.platform, self._api
        resource = aws.apigateway.Resource(
            self.named("path"), rest_api=api.id, parent_id=api.root_resource_id, path_part="feedback", opts=self.inside
        )
        model = aws.apigateway.Model(
            self.named("model"), rest_api=api.id, name="Feedback", content_type="application/json", schema=SCHEMA,
            description="An answer, whether it helped, and in what way", opts=self.inside,
        )  # fmt: skip
        method = self._guard.method(
            self, self.named("post"), api, resource, "POST", "feedback", models={"application/json": model.name}
        )
        integration = aws.apigateway.Integration(
            self.named("to-delivery"), rest_api=api.id, resource_id=resource.id, http_method=method.http_method, type="AWS",
            integration_http_method="POST", credentials=self._role(delivery).arn, passthrough_behavior="NEVER",
            uri=f"arn:{platform.partition}:apigateway:{platform.region}:firehose:action/PutRecord",
            request_parameters={"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"},
            request_templates={"application/json": _record(delivery)}, opts=self.inside,
        )  # fmt: skip
        answers = [
            answer for code in (TAKEN, NOT_TAKEN) for answer in self._answer(resource, method, integration, code)
        ]
        return [method, integration, *answers]

    def _answer(
        self,
        resource: aws.apigateway.Resource,
        method: aws.apigateway.Method,
        integration: aws.apigateway.Integration,
        code: str,
    ) -> list[pulumi.Resource]:
        """202 for what was taken over, 502 for whatever else Firehose answers."""
        taken = code == TAKEN
        said = '{"taken": true}' if taken else '{"taken": false, "do": "send it again"}'
        response = aws.apigateway.MethodResponse(
            self.named("answer", code), rest_api=self._api.id, resource_id=resource.id, http_method=method.http_method,
            status_code=code, response_models={"application/json": "Empty"}, opts=self.inside,
        )  # fmt: skip
        return [
            response,
            aws.apigateway.IntegrationResponse(
                self.named("answers", code), rest_api=self._api.id, resource_id=resource.id, http_method=method.http_method,
                status_code=code, selection_pattern="" if taken else r"[45]\d{2}", response_templates={"application/json": said},
                opts=self.within(depends_on=[integration, response]),
            ),
        ]  # fmt: skip


def _record(delivery: Delivery) -> pulumi.Output[str]:
    before, _, after = RECORD.partition("<stream>")
    return pulumi.Output.concat(before, delivery.name, after)
