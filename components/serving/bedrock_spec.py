"""What a stack document may say about a model that Amazon Bedrock runs."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from blueprint.errors import nearest
from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, Email, KeyPurpose, Name
from blueprint.wiring import Needs, Offer, Registration
from components.models.open_weights_spec import IsoDate, RiskClass

Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]

PROVIDERS: dict[str, str] = {
    "ai21": "AI21 Labs", "amazon": "Amazon", "anthropic": "Anthropic", "cohere": "Cohere", "deepseek": "DeepSeek",
    "google": "Google", "luma": "Luma AI", "meta": "Meta", "minimax": "MiniMax", "mistral": "Mistral AI",
    "moonshot": "Moonshot AI", "nvidia": "NVIDIA", "openai": "OpenAI", "qwen": "Qwen", "stability": "Stability AI",
    "twelvelabs": "TwelveLabs", "writer": "Writer",
}  # fmt: skip
"""First part of a model id -> who made the model. On Bedrock a maker does not see requests; AWS is the processor."""

GEOGRAPHIES = frozenset({"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"})
"""Prefixes of inference profiles that send a request to another region than the stack's own."""


class BedrockSpec(Spec):
    """One managed model behind a guardrail, called through the VPC's own endpoint."""

    kind: Literal["bedrock"] = "bedrock"
    name: Name = Field(description="Name of the entry")
    model: str = Field(
        pattern=r"^[a-z0-9-]+\.[a-z0-9][a-z0-9.-]*(:\d+)?$",
        description="Bedrock model id in the stack's own region, such as anthropic.claude-sonnet-4-5-20250929-v1:0",
    )
    redaction: Annotated[bool | None, Tightens("pii_phi_redaction")] = Field(
        None, description="Whether personal data is masked in prompts and answers; left out: the posture's value"
    )
    card_data_allowed: Annotated[bool | None, Tightens("card_data_in_prompts_allowed")] = Field(
        None, description="Whether a prompt with a card number is let through; left out: the posture's value"
    )
    prompt_logging: Annotated[Level | None, Tightens("prompt_logging")] = Field(
        None, description="How much of prompts and answers the account records; left out: the posture's value"
    )
    customer: Name | None = Field(
        None,
        description="Team that alone calls this entry, so that AWS tells its spending apart; left out: many share it, and the "
        "gateway alone knows who spent what",
    )
    owner: Email | None = Field(
        None, description="Who answers for its use here; left out: nobody does, and the rule on the register fails"
    )
    risk_class: RiskClass | None = Field(
        None,
        description="Your own classification of what can go wrong with it; left out: none, and the same rule fails",
    )
    approved_by: Email | None = Field(
        None,
        description="Who approved it, somebody else than the owner; left out: not approved, and its rule fails where a "
        "framework asks for approval",
    )
    approved_on: IsoDate | None = Field(
        None, description='Day of the approval, quoted: "2026-11-20"; left out: unknown'
    )

    @model_validator(mode="after")
    def _approval_is_whole(self) -> Self:
        if (self.approved_by is None) != (self.approved_on is None):
            raise ValueError("approved_by and approved_on belong together: give both or neither")
        if self.approved_by is not None and self.owner is None:
            raise ValueError("approved_by without owner: nobody can tell that somebody else approved; name the owner")
        if self.approved_by is not None and self.owner is not None and self.approved_by.lower() == self.owner.lower():
            raise ValueError(f"approved_by is {self.approved_by}, who is the owner; somebody else must approve")
        return self

    @field_validator("model")
    @classmethod
    def _maker_is_known(cls, model: str) -> str:
        maker = model.partition(".")[0]
        if maker in GEOGRAPHIES:
            raise ValueError(
                f"{model} is an inference profile across regions: requests would leave the stack's region; "
                f"name the model itself: {model.partition('.')[2]}"
            )
        if maker not in PROVIDERS:
            raise ValueError(f"{maker!r} makes no model on Bedrock that is known here; {nearest(maker, PROVIDERS)}")
        return model

    def needs(self) -> Needs:
        """Private endpoints of Bedrock and a key for the guardrail and the record of calls. The data stays with AWS."""
        return Needs(
            offers=(Offer(name="model-route", dialect=Dialect.MODEL_ROUTE),),
            services=frozenset({"bedrock-runtime", "kms", "logs", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.OBJECTS}),
            registers=(
                Registration(
                    kind="model", name=self.name, owner=self.owner or "", risk_class=self.risk_class or "",
                    approved_by=self.approved_by, approved_on=self.approved_on, about={"source": self.model},
                ),
            ),
        )  # fmt: skip
