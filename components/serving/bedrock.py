"""A model that Amazon Bedrock runs, behind a guardrail and reached through the VPC's own endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.foundation.admission import Admission, ToNetwork
from components.serving.guardrail import Filters, guardrail
from components.serving.invocation_log import InvocationLog
from components.serving.route import publish, route_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, IdentityPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from blueprint.wiring import Edge
    from components.serving.bedrock_spec import BedrockSpec

INVOKE = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]


class Bedrock(Component):
    """Creates an inference profile in the stack's own region, a guardrail with a fixed version, and a route for each consumer.

    The account's record of calls is made by the first Bedrock model of the stack that owns the account. Not created: a
    profile across regions.
    """

    LAYER: ClassVar[Layer] = Layer.SERVING

    def __init__(
        self,
        noun: Noun,
        spec: BedrockSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        identity: IdentityPort,
        cluster: ClusterPort | None = None,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._network, self._keys = spec, network, keys
        posture, classes = platform.posture, platform.classes(noun)
        allowed = posture.card_data_in_prompts_allowed(classes)
        self._source = f"arn:{platform.partition}:bedrock:{platform.region}::foundation-model/{spec.model}"
        self._profile = aws.bedrock.InferenceProfile(
            self.named("profile"), name=f"{platform.label}-{self.named()}", description=f"{spec.model} for {platform.label}",
            model_source={"copy_from": self._source}, tags=self.tags(more=_standing(spec)), opts=self.inside,
        )  # fmt: skip
        filters = Filters(
            redacts=bool(posture.pii_phi_redaction(classes) if spec.redaction is None else spec.redaction),
            card_data_allowed=bool(allowed if spec.card_data_allowed is None else spec.card_data_allowed),
        )
        self._guardrail = guardrail(self, filters, key_arn=keys.arns[KeyPurpose.OBJECTS])
        self._fixed = aws.bedrock.GuardrailVersion(
            self.named("guardrail-version"), guardrail_arn=self._guardrail.guardrail_arn, skip_destroy=True,
            description=f"Filters {filters.digest}", opts=self.inside,
        )  # fmt: skip
        if platform.account_owner and noun == first_bedrock(platform):
            level = spec.prompt_logging or posture.prompt_logging(classes)
            InvocationLog(platform=platform, keys=keys, level=level, opts=self.inside)
        if cluster is not None:
            for edge in platform.wiring.to(noun):
                self._admit(edge, identity, cluster)
        self.ports = {"model-route": route_port(self, spec.name)}
        self.finish(profile=self._profile.arn)

    def _admit(self, edge: Edge, identity: IdentityPort, cluster: ClusterPort) -> None:
        held = {"StringEquals": {"bedrock:GuardrailIdentifier": self._guardrail_at_version()}}
        via_profile = {"StringEquals": {"bedrock:InferenceProfileArn": self._profile.arn}}
        through = {"kms:ViaService": f"bedrock.{self.platform.region}.amazonaws.com"}
        Admission(
            edge, platform=self.platform, consumer=identity.workloads[edge.consumer, edge.workload], cluster=cluster,
            allow=[
                {"Effect": "Allow", "Action": INVOKE, "Resource": self._profile.arn, "Condition": held},
                {"Effect": "Allow", "Action": INVOKE, "Resource": self._source, "Condition": via_profile},
                {"Effect": "Allow", "Action": "bedrock:ApplyGuardrail", "Resource": self._guardrail.guardrail_arn},
                {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": self._keys.arns[KeyPurpose.OBJECTS],
                 "Condition": {"StringEquals": through}},
            ],
            way=ToNetwork(self._network.endpoint_subnet_cidrs), opts=self.inside,
        )  # fmt: skip
        publish(
            self, edge, cluster, self._spec.name,
            {
                "model": f"bedrock/converse/{self._spec.model}",
                "model_id": self._profile.arn,
                "aws_region_name": self.platform.region,
                "guardrailConfig": pulumi.Output.all(
                    guardrailIdentifier=self._guardrail.guardrail_id, guardrailVersion=self._fixed.version, trace="disabled"
                ),
            },
        )  # fmt: skip

    def _guardrail_at_version(self) -> pulumi.Output[str]:
        return pulumi.Output.concat(self._guardrail.guardrail_arn, ":", self._fixed.version)


def _standing(spec: BedrockSpec) -> dict[Tag, str]:
    """Who answers for the model and who approved it, as tags: AWS keeps the model, so there is no entry beside weights."""
    stated = {
        Tag.MODEL: spec.name, Tag.ENDPOINT: spec.name, Tag.CUSTOMER: spec.customer, Tag.MODEL_OWNER: spec.owner, Tag.RISK_CLASS: spec.risk_class,
        Tag.APPROVED_BY: spec.approved_by, Tag.APPROVED_ON: spec.approved_on,
    }  # fmt: skip
    return {tag: text for tag, text in stated.items() if text is not None}


def first_bedrock(platform: PlatformContext) -> Noun | None:
    """The entry of `serving` that makes what exists once an account: the first that calls Bedrock."""
    callers = (noun for noun, needs in platform.wiring.needs.items() if "bedrock-runtime" in needs.services)
    return min((noun for noun in callers if noun.startswith("serving/")), default=None)
